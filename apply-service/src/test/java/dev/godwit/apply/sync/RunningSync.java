// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.awaitility.Awaitility.await;

import dev.godwit.postgres.MigrationException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A worker, and the polling thread that feeds it from a log. */
final class RunningSync implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ChangesWorker worker;
    private final Thread polling;

    RunningSync(ChangesWorker worker, ChangesLog log) {
        this.worker = worker;
        this.polling = Thread.ofPlatform().name("polling").unstarted(() -> poll(log));
        polling.start();
    }

    ChangesWorker worker() {
        return worker;
    }

    private void poll(ChangesLog log) {
        OptionalLong next = OptionalLong.empty();
        while (!Thread.interrupted()) {
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
            if (next.isEmpty()) {
                next = worker.startOffset();
            }
            OptionalLong rewind = worker.rewind();
            next = rewind.isPresent() ? rewind : next;
            if (next.isEmpty() || worker.full()) {
                continue;
            }
            List<ConsumerRecord<String, byte[]>> records = log.from(next.getAsLong());
            records = records.subList(0, Math.min(records.size(), 500));
            worker.accept(records);
            next = OptionalLong.of(next.getAsLong() + records.size());
        }
    }

    /** Until the target durably holds the whole log. */
    RunningSync awaitOffset(long offset) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    worker.failure()
                            .ifPresent(failure -> {
                                throw failure;
                            });
                    return worker.durableOffset().orElse(-1) >= offset;
                });
        return this;
    }

    MigrationException awaitFailure() {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> worker.failure().isPresent());
        return worker.failure().orElseThrow();
    }

    RunningSync awaitHeld(String marker) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    worker.failure()
                            .ifPresent(failure -> {
                                throw failure;
                            });
                    return worker.progress()
                            .held()
                            .filter(held -> held.marker().equals(marker))
                            .isPresent();
                });
        return this;
    }

    @Override
    public void close() {
        polling.interrupt();
        try {
            polling.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        worker.close();
    }
}
