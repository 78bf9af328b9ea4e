// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class SlotTest {
    private final MigrationException lasting =
            new MigrationException(ErrorCode.LOG_FOREIGN, "the log is another");
    private final Asked workers = new Asked();
    private final Slot slot =
            new Slot(new TopicPartition("godwit.abc.changes", 0), workers, Clock.systemUTC());

    @Test
    void waitsForTheOperatorAfterWhatDoesNotPass() {
        failAndClose();
        slot.tend();
        assertThat(workers.opened).isEqualTo(1);

        workers.retries = 1;
        slot.tend();
        assertThat(workers.opened).isEqualTo(2);
    }

    /** A cancel that arrives while the worker finds the log unreadable must not be lost. */
    @Test
    void triesAgainWhatTheWorkerMayNotHaveSeen() {
        workers.retries = 1;
        failAndClose();

        slot.tend();

        assertThat(workers.opened).isEqualTo(2);
    }

    /** Its worker is closed beside the polling thread; releasing the partition waits for that. */
    private void failAndClose() {
        slot.fail(lasting);
        slot.release().join();
    }

    /** Counts what is asked of it. */
    private static final class Asked implements Workers {
        private int opened;
        private int retries;

        @Override
        public Set<String> topics() {
            return Set.of();
        }

        @Override
        public PartitionWorker open(TopicPartition partition) {
            opened++;
            return new Silent();
        }

        @Override
        public int retries(TopicPartition partition) {
            return retries;
        }

        @Override
        public void failed(TopicPartition partition, MigrationException failure) {}

        @Override
        public void released(TopicPartition partition) {}
    }

    private record Silent() implements PartitionWorker {
        @Override
        public OptionalLong startOffset() {
            return OptionalLong.empty();
        }

        @Override
        public void accept(List<ConsumerRecord<String, byte[]>> records) {}

        @Override
        public boolean full() {
            return false;
        }

        @Override
        public OptionalLong durableOffset() {
            return OptionalLong.empty();
        }

        @Override
        public Optional<MigrationException> failure() {
            return Optional.empty();
        }

        @Override
        public void close() {}
    }
}
