// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.CaptureTableStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What capture and apply say of one target table; null until the first report. */
public record TableProgress(
        TableName target,
        @Nullable CaptureTableStatus capture,
        @Nullable ApplyTableStatus apply,
        @Nullable Instant modified) {}
