// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.SourceObjects;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import java.util.Map;
import java.util.Optional;

/**
 * What the former owners committed to {@code godwit.<id>.state}.
 *
 * @param stream empty as long as no stream has begun
 * @param tables captured changes by source table
 * @param loads by target table
 * @param sourceObjects what was made on the source
 * @param changesLost whether a stream has begun, but the changes log was never written
 */
public record Recovered(
        Optional<StreamState> stream,
        Map<TableName, Counters> tables,
        Map<TableName, TableLoad> loads,
        Optional<SourceObjects> sourceObjects,
        boolean changesLost) {
    public Recovered {
        tables = Map.copyOf(tables);
        loads = Map.copyOf(loads);
    }
}
