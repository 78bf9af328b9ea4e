// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.Topics;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says how one database migration stands, for as long as its changes partition is ours: at most
 * every 250 ms when something has changed, at least every second. It outlives an owner that fails,
 * and says why it did.
 */
final class StatusReporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StatusReporter.class);
    private static final Duration EVERY = Duration.ofMillis(250);
    private static final Duration AT_LEAST_EVERY = Duration.ofSeconds(1);

    private record Stopped(Failure failure, int retriesSeen) {}

    private final String databaseId;
    private final Producer<String, byte[]> producer;
    private final RecordCodec codec;
    private final Clock clock;
    private final Supplier<Integer> retries;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile Optional<ApplyStatus> last;
    private volatile @Nullable Supplier<Optional<OwnerView>> owner;
    private volatile @Nullable Stopped stopped;
    private volatile int retriesSeen;

    private StatusReporter(
            String databaseId,
            Producer<String, byte[]> producer,
            SchemaBook book,
            Clock clock,
            Supplier<Integer> retries,
            Optional<ApplyStatus> last) {
        this.databaseId = databaseId;
        this.producer = producer;
        this.codec = new RecordCodec(book);
        this.clock = clock;
        this.retries = retries;
        this.last = last;
        this.thread = Thread.ofPlatform().name("status-" + databaseId).unstarted(this::run);
    }

    /**
     * Starts to report.
     *
     * @param retries the operator's retries as they are now
     * @param last what was said last, by anybody
     */
    static StatusReporter start(
            String databaseId,
            Producer<String, byte[]> producer,
            SchemaBook book,
            Clock clock,
            Supplier<Integer> retries,
            Optional<ApplyStatus> last) {
        var reporter = new StatusReporter(databaseId, producer, book, clock, retries, last);
        reporter.thread.start();
        return reporter;
    }

    /** An owner is about to start; it sees the operator's retries as they are now. */
    void starting() {
        retriesSeen = retries.get();
    }

    /** An owner has started; once it gives a view, an earlier failure is over. */
    void owner(Supplier<Optional<OwnerView>> view) {
        owner = view;
    }

    /** The owner has stopped. */
    void failed(MigrationException failure) {
        stopped = new Stopped(failure.toFailure(), retriesSeen);
        owner = null;
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        var tables = new HashMap<TableName, ApplyTableStatus>();
        @Nullable ApplyStatus said = null;
        Instant saidOn = Instant.EPOCH;
        try {
            do {
                Optional<OwnerView> view = view();
                Instant now = clock.instant();
                if (view.isPresent()) {
                    stopped = null;
                }
                // Counters of tables are known with the sync's progress only.
                if (view.filter(known -> known.progress().isPresent()).isPresent()) {
                    sayChanged(StatusRecords.tables(databaseId, view.get()), tables);
                }
                ApplyStatus status = summary(view, now);
                if (said == null
                        || !same(said, status)
                        || Duration.between(saidOn, now).compareTo(AT_LEAST_EVERY) >= 0) {
                    say(Topics.applyKey(databaseId), codec.encode(status));
                    said = status;
                    saidOn = now;
                    last = Optional.of(status);
                }
            } while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<OwnerView> view() {
        Supplier<Optional<OwnerView>> current = owner;
        return current == null ? Optional.empty() : current.get();
    }

    private ApplyStatus summary(Optional<OwnerView> view, Instant now) {
        Stopped failure = stopped;
        return StatusRecords.summary(
                databaseId,
                view,
                last,
                failure == null ? Optional.empty() : Optional.of(failure.failure()),
                failure == null ? retries.get() : failure.retriesSeen(),
                now);
    }

    private static boolean same(ApplyStatus said, ApplyStatus status) {
        return ApplyStatus.newBuilder(status)
                .setReportedOn(said.getReportedOn())
                .build()
                .equals(said);
    }

    private void sayChanged(
            Map<TableName, ApplyTableStatus> now, Map<TableName, ApplyTableStatus> said) {
        now.forEach((table, status) -> {
            if (!status.equals(said.put(table, status))) {
                say(Topics.applyKey(databaseId, table.toAvro()), codec.encode(status));
            }
        });
    }

    private void say(String key, byte[] value) {
        var _ =
                producer.send(
                        new ProducerRecord<>(Topics.STATUS, key, value),
                        (sent, failure) -> {
                            if (failure != null) {
                                LOG.atWarn()
                                        .setCause(failure)
                                        .addKeyValue("topic", Topics.STATUS)
                                        .log("a status was not sent");
                            }
                        });
    }
}
