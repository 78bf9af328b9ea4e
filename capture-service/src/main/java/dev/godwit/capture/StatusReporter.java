// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.CaptureTableStatus;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says how one owner stands, on a thread of its own, so that a step that takes long silences
 * nobody: at most every 250 ms when something has changed, at least every second. The summary comes
 * after the tables, so whoever sees it has seen them.
 */
final class StatusReporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StatusReporter.class);
    private static final Duration EVERY = Duration.ofMillis(250);
    private static final Duration AT_LEAST_EVERY = Duration.ofSeconds(1);

    private final CaptureContext context;
    private final String databaseId;
    private final Supplier<OwnerView> owner;
    private final RecordCodec codec;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Map<TableName, CaptureTableStatus> saidOfTables = new HashMap<>();
    private final Thread thread;

    private StatusReporter(CaptureContext context, String databaseId, Supplier<OwnerView> owner) {
        this.context = context;
        this.databaseId = databaseId;
        this.owner = owner;
        this.codec = new RecordCodec(context.book());
        this.thread =
                Thread.ofPlatform().daemon().name("status-" + databaseId).unstarted(this::run);
    }

    static StatusReporter start(
            CaptureContext context, String databaseId, Supplier<OwnerView> owner) {
        var reporter = new StatusReporter(context, databaseId, owner);
        reporter.thread.start();
        return reporter;
    }

    /** Returns when the last word is sent. */
    @Override
    public void close() {
        closing.countDown();
        boolean interrupted = Thread.interrupted();
        try {
            thread.join();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        @Nullable CaptureStatus said = null;
        Instant saidOn = Instant.EPOCH;
        long rows = 0;
        long bytes = 0;
        long changes = -1;
        boolean open = true;
        while (open) {
            open = !awaitClose();
            OwnerView view = owner.get();
            sayTables(StatusRecords.tables(databaseId, view));
            Instant now = context.clock().instant();
            CaptureStatus status = StatusRecords.summary(databaseId, view, now);
            if (said == null
                    || !same(said, status)
                    || Duration.between(saidOn, now).compareTo(AT_LEAST_EVERY) >= 0) {
                say(Topics.captureKey(databaseId), codec.encode(status));
                said = status;
                saidOn = now;
            }
            long rowsNow = view.tables().values().stream().mapToLong(t -> t.rowsRead()).sum();
            long bytesNow = view.tables().values().stream().mapToLong(t -> t.bytesRead()).sum();
            long changesNow = view.progress().map(progress -> progress.changes()).orElse(0L);
            context.meters().loaded(rowsNow - rows, bytesNow - bytes);
            context.meters().changes(changes < 0 ? 0 : changesNow - changes);
            rows = rowsNow;
            bytes = bytesNow;
            changes = changesNow;
        }
    }

    private boolean awaitClose() {
        try {
            return closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static boolean same(CaptureStatus said, CaptureStatus status) {
        return CaptureStatus.newBuilder(status)
                .setReportedOn(said.getReportedOn())
                .build()
                .equals(said);
    }

    private void sayTables(Map<TableName, CaptureTableStatus> now) {
        now.forEach((table, status) -> {
            if (!status.equals(saidOfTables.put(table, status))) {
                say(Topics.captureKey(databaseId, table.toAvro()), codec.encode(status));
            }
        });
    }

    /** What is not sent is said again within a second. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private void say(String key, byte[] value) {
        context.status()
                .send(
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
