// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.source.SourceDatabase;
import dev.godwit.schemas.topic.KafkaSettings;
import java.time.Clock;
import java.util.function.Supplier;

/**
 * What a load works with.
 *
 * @param selection as control wants it now
 */
public record LoadContext(
        SourceDatabase source,
        ChangeLog log,
        KafkaSettings kafka,
        Supplier<Selection> selection,
        LoadSettings settings,
        Grants grants,
        CrashPoints crashPoints,
        Clock clock) {}
