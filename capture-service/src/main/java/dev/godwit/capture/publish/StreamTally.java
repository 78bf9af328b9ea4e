// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The stream's state as the open transaction makes it, beside the one that is committed. One thread
 * at a time writes; {@link #progress()} may be asked by any.
 */
final class StreamTally {
    private final Object committing = new Object();
    private final Map<TableName, Counters> tables = new HashMap<>();
    private final Set<TableName> touched = new HashSet<>();
    private StreamState state;
    private boolean changed;

    /** These two are read and written under {@link #committing}. */
    private final Map<TableName, Counters> committedTables = new HashMap<>();

    private StreamState committed;

    StreamTally(StreamState recovered, Map<TableName, Counters> recoveredTables) {
        state = copy(recovered);
        committed = copy(recovered);
        recoveredTables.forEach((table, counters) -> {
            tables.put(table, copy(counters));
            committedTables.put(table, copy(counters));
        });
    }

    /** A state before any stream: it only remembers the owner. */
    static StreamState blank(long ownerEpoch) {
        return StreamState.newBuilder()
                .setOwnerEpoch(ownerEpoch)
                .setSystemIdentifier("")
                .setTimeline(0)
                .setConsistentPoint(0)
                .setFinalLsn(Position.ORIGIN.finalLsn())
                .setOrdinal(Position.ORIGIN.ordinal())
                .setFlushableLsn(0)
                .setCaptured(new Counters(0L, 0L, 0L, 0L))
                .build();
    }

    void replace(StreamState other) {
        state = copy(other);
        changed = true;
    }

    void count(TableName table, Operation operation) {
        Counters of = touch(table);
        Counters all = state.getCaptured();
        switch (operation) {
            case INSERT -> {
                of.setInserts(of.getInserts() + 1);
                all.setInserts(all.getInserts() + 1);
            }
            case UPDATE -> {
                of.setUpdates(of.getUpdates() + 1);
                all.setUpdates(all.getUpdates() + 1);
            }
            case DELETE -> {
                of.setDeletes(of.getDeletes() + 1);
                all.setDeletes(all.getDeletes() + 1);
            }
        }
    }

    void countTruncate(TableName table) {
        Counters of = touch(table);
        of.setTruncates(of.getTruncates() + 1);
        Counters all = state.getCaptured();
        all.setTruncates(all.getTruncates() + 1);
    }

    private Counters touch(TableName table) {
        touched.add(table);
        return tables.computeIfAbsent(table, t -> new Counters(0L, 0L, 0L, 0L));
    }

    void moveTo(long finalLsn, long ordinal) {
        state.setFinalLsn(finalLsn);
        state.setOrdinal(ordinal);
        changed = true;
    }

    /** Remembers a marker, and returns the row changes before it. */
    long mark(String id) {
        long before = total(state.getCaptured());
        state.setMarker(id);
        state.setChangesAtMarker(before);
        changed = true;
        return before;
    }

    void sequencesFor(String marker) {
        state.setSequencesFor(marker);
        changed = true;
    }

    void flushable(long lsn) {
        if (Long.compareUnsigned(lsn, state.getFlushableLsn()) > 0) {
            state.setFlushableLsn(lsn);
            changed = true;
        }
    }

    boolean changed() {
        return changed;
    }

    StreamState state() {
        return state;
    }

    /** The tables that the open transaction counts changes of. */
    List<TableState> touched() {
        var states = new ArrayList<TableState>(touched.size());
        for (TableName table : touched) {
            states.add(new TableState(table.toAvro(), tables.get(table)));
        }
        return states;
    }

    void commit() {
        synchronized (committing) {
            committed = copy(state);
            for (TableName table : touched) {
                committedTables.put(table, copy(touch(table)));
            }
        }
        touched.clear();
        changed = false;
    }

    void rollBack() {
        synchronized (committing) {
            state = copy(committed);
            for (TableName table : touched) {
                Counters old = committedTables.get(table);
                if (old == null) {
                    tables.remove(table);
                } else {
                    tables.put(table, copy(old));
                }
            }
        }
        touched.clear();
        changed = false;
    }

    StreamState committedState() {
        synchronized (committing) {
            return copy(committed);
        }
    }

    Progress progress() {
        synchronized (committing) {
            var counters = new HashMap<TableName, Counters>();
            committedTables.forEach((table, count) -> counters.put(table, copy(count)));
            return new Progress(
                    new Position(committed.getFinalLsn(), committed.getOrdinal()),
                    committed.getFlushableLsn(),
                    copy(committed.getCaptured()),
                    counters,
                    Optional.ofNullable(committed.getMarker()),
                    committed.getChangesAtMarker(),
                    Optional.ofNullable(committed.getSequencesFor()));
        }
    }

    private static long total(Counters counters) {
        return counters.getInserts()
                + counters.getUpdates()
                + counters.getDeletes()
                + counters.getTruncates();
    }

    private static StreamState copy(StreamState state) {
        return StreamState.newBuilder(state).build();
    }

    private static Counters copy(Counters counters) {
        return new Counters(
                counters.getInserts(),
                counters.getUpdates(),
                counters.getDeletes(),
                counters.getTruncates());
    }
}
