// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.source.Carried;
import dev.godwit.capture.source.SourceDatabase;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.topic.KafkaSettings;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a load works with.
 *
 * @param sources the source tables of each target table; of the large objects, if they travel,
 *     their catalog
 * @param carried of source tables of which not all travels
 */
public record LoadContext(
        SourceDatabase source,
        ChangeLog log,
        KafkaSettings kafka,
        Map<TableName, List<TableName>> sources,
        Map<TableName, Carried> carried,
        LoadSettings settings,
        Grants grants,
        CrashPoints crashPoints,
        Clock clock) {
    public LoadContext {
        sources = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(sources));
        carried = Map.copyOf(carried);
    }

    /** The source tables whose changes are streamed, by target table: all but the large objects. */
    Map<TableName, List<TableName>> streamed() {
        var streamed = new LinkedHashMap<>(sources);
        streamed.remove(LargeObjects.NAME);
        return streamed;
    }
}
