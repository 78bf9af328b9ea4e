// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Operation;
import java.util.concurrent.CountDownLatch;

/** What the reader hands to a lane, in log order. */
sealed interface LaneItem permits RowChange, LaneItem.Settled, LaneItem.Level, LaneItem.Barrier {
    /** Bytes it holds in memory, about. */
    long bytes();

    /** Final LSN of the source transaction that it belongs to; 0: none, a barrier. */
    long transaction();

    /** A change that the table's snapshot holds already: it only counts. */
    record Settled(
            TableName table, Operation operation, Position position, long offset, long commitMicros)
            implements LaneItem {
        @Override
        public long bytes() {
            return 64;
        }

        @Override
        public long transaction() {
            return position.finalLsn();
        }
    }

    /** Nothing for this lane up to here: all records before the offset have been handed out. */
    record Level(Position position, long offset) implements LaneItem {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public long transaction() {
            return position.finalLsn();
        }
    }

    /** The lane commits what it has, counts down, and goes on to what comes next. */
    record Barrier(CountDownLatch reached) implements LaneItem {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public long transaction() {
            return 0;
        }
    }
}
