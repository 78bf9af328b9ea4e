// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class SlotTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final MigrationException lasting =
            new MigrationException(ErrorCode.LOG_FOREIGN, "the log is another");
    private final Asked workers = new Asked();
    private final Slot slot =
            new Slot(new TopicPartition("godwit.abc.changes", 0), workers, Clock.systemUTC());

    @Test
    void waitsForTheOperatorAfterWhatDoesNotPass() throws Exception {
        slot.fail(lasting);
        workers.awaitClosed(1);
        slot.tend();
        assertThat(workers.opened).isEqualTo(1);

        workers.retries = 1;
        tendUntilOpened(2);
    }

    /** A cancel that arrives while the worker finds the log unreadable must not be lost. */
    @Test
    void triesAgainWhatTheWorkerMayNotHaveSeen() throws Exception {
        workers.retries = 1;
        slot.fail(lasting);

        tendUntilOpened(2);
    }

    private void tendUntilOpened(int times) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (workers.opened < times) {
            assertThat(System.nanoTime()).as("another worker is opened").isLessThan(deadline);
            Thread.sleep(5);
            slot.tend();
        }
    }

    /** Counts what is asked of it. */
    private static final class Asked implements Workers {
        private final AtomicInteger closed = new AtomicInteger();
        private int opened;
        private int retries;

        void awaitClosed(int times) throws InterruptedException {
            while (closed.get() < times) {
                Thread.sleep(5);
            }
            // The slot learns of it a moment later.
            Thread.sleep(100);
        }

        @Override
        public Set<String> topics() {
            return Set.of();
        }

        @Override
        public PartitionWorker open(TopicPartition partition) {
            opened++;
            return new Silent(closed::incrementAndGet);
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

    private record Silent(Runnable closing) implements PartitionWorker {
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
        public void close() {
            closing.run();
        }
    }
}
