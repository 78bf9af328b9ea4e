// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Lanes.Tally;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Operation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts the changes of one transaction by table. */
final class Tallies {
    private final Map<TableName, Counters> counters = new HashMap<>();

    void add(TableName table, Operation operation) {
        Counters of = of(table);
        switch (operation) {
            case INSERT -> of.setInserts(of.getInserts() + 1);
            case UPDATE -> of.setUpdates(of.getUpdates() + 1);
            case DELETE -> of.setDeletes(of.getDeletes() + 1);
        }
    }

    void addTruncate(TableName table) {
        Counters of = of(table);
        of.setTruncates(of.getTruncates() + 1);
    }

    private Counters of(TableName table) {
        return counters.computeIfAbsent(table, missing -> new Counters(0L, 0L, 0L, 0L));
    }

    List<Tally> toList() {
        return counters.entrySet().stream()
                .map(each -> new Tally(each.getKey(), each.getValue()))
                .toList();
    }
}
