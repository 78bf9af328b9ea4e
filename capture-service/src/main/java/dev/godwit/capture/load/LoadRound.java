// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.source.Snapshot;
import dev.godwit.capture.source.SourceColumn;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableEnd;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads some tables at one snapshot, each by the attempt that is granted for it. A table whose
 * attempt fails is left to the next round; the others go on.
 */
final class LoadRound implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoadRound.class);
    private static final int TID_RANGE_SCANS = 14;

    /** Every table's end stands in this one. */
    private static final int TABLE_END_PARTITION = 0;

    private final LoadContext context;
    private final Selection selection;
    private final Snapshot snapshot;
    private final LoadTopic topic;
    private final Backlog backlog;
    private final RecordCodec codec = new RecordCodec(SchemaBook.ownOnly());
    private final Semaphore wideRows = new Semaphore(1);
    private final Queue<Task> tasks = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<AttemptProgress> settled = new LinkedBlockingQueue<>();
    private final Map<TableName, AttemptProgress> attempts = new ConcurrentHashMap<>();
    private final List<Thread> workers = new ArrayList<>();
    private final Set<Connection> sessions = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private record Task(AttemptProgress attempt, int number, SourceTable table, Chunk chunk) {}

    LoadRound(
            LoadContext context,
            Selection selection,
            Snapshot snapshot,
            LoadTopic topic,
            Backlog backlog) {
        this.context = context;
        this.selection = selection;
        this.snapshot = snapshot;
        this.topic = topic;
        this.backlog = backlog;
    }

    /** The attempts under way. */
    Map<TableName, AttemptProgress> attempts() {
        return Map.copyOf(attempts);
    }

    /** Plans the chunks, the largest tables first. */
    void plan(Connection session, Collection<TableLoad> loads, Map<TableName, SourceTable> catalog)
            throws SQLException {
        boolean byBlocks = ConnectionSettings.version(session).atLeast(TID_RANGE_SCANS);
        var planned = new ArrayList<Task>();
        for (TableLoad load : loads) {
            List<SourceTable> sources =
                    selection.sourcesOf(TableName.of(load.getTarget())).stream()
                            .map(source ->
                                    java.util.Objects.requireNonNull(
                                            catalog.get(source), source::toString))
                            .toList();
            planned.addAll(plan(session, load, sources, byBlocks));
        }
        planned.sort(Comparator.comparingLong((Task task) -> -task.table.bytes()));
        tasks.addAll(planned);
    }

    private List<Task> plan(
            Connection session, TableLoad load, List<SourceTable> sources, boolean byBlocks)
            throws SQLException {
        var chunks = new ArrayList<Map.Entry<SourceTable, Chunk>>();
        for (SourceTable source : sources) {
            cut(session, source, byBlocks).forEach(chunk -> chunks.add(Map.entry(source, chunk)));
        }
        var attempt = new AttemptProgress(load, sources, chunks.size(), settled::add);
        attempts.put(attempt.target(), attempt);
        var planned = new ArrayList<Task>();
        for (int number = 0; number < chunks.size(); number++) {
            planned.add(
                    new Task(
                            attempt,
                            number,
                            chunks.get(number).getKey(),
                            chunks.get(number).getValue()));
        }
        return planned;
    }

    private List<Chunk> cut(Connection session, SourceTable source, boolean byBlocks)
            throws SQLException {
        int workers = context.settings().workers();
        if (source.name().equals(LargeObjects.NAME)) {
            return LargeObjectRows.cut(session, ChunkPlanner.count(source.bytes(), workers));
        }
        return byBlocks
                ? ChunkPlanner.byBlocks(source, workers)
                : ChunkPlanner.byKey(source, bounds(session, source), workers);
    }

    /** The least and the greatest key only place the cuts: the outer chunks are open. */
    private Optional<KeyBounds> bounds(Connection session, SourceTable table) throws SQLException {
        if (table.integerKey().isEmpty()
                || ChunkPlanner.count(table.bytes(), context.settings().workers()) == 1) {
            return Optional.empty();
        }
        String key = Identifiers.quote(table.integerKey().get());
        try (Statement statement = session.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT min(%s), max(%s) FROM ONLY %s"
                                        .formatted(key, key, table.name().quoted()))) {
            row.next();
            long least = row.getLong(1);
            return row.wasNull()
                    ? Optional.empty()
                    : Optional.of(new KeyBounds(least, row.getLong(2)));
        }
    }

    /**
     * Loads what is planned.
     *
     * @return why tables are not loaded, by target table; empty when all are
     */
    Map<TableName, MigrationException> run() throws InterruptedException {
        startWorkers();
        var failures = new HashMap<TableName, MigrationException>();
        int left = attempts.size();
        while (left > 0) {
            var batch = new ArrayList<AttemptProgress>();
            batch.add(settled.take());
            settled.drainTo(batch);
            left -= batch.size();
            end(batch)
                    .forEach((attempt, failure) ->
                            failures.put(attempt.target(), explain(attempt.target(), failure)));
        }
        return failures;
    }

    /** Ends all workers, in the middle of a row if need be. */
    @Override
    public void close() {
        closed = true;
        tasks.clear();
        workers.forEach(Thread::interrupt);
        sessions.forEach(LoadRound::abort);
        boolean interrupted = false;
        for (Thread worker : workers) {
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * All pieces of those that have not failed are acknowledged: says so to apply, then remembers
     * it for later owners, of all of them at once.
     *
     * @return why the others have no end
     */
    private Map<AttemptProgress, Throwable> end(List<AttemptProgress> batch)
            throws InterruptedException {
        var failures = new HashMap<AttemptProgress, Throwable>();
        var whole = new ArrayList<AttemptProgress>();
        for (AttemptProgress attempt : batch) {
            Throwable failure = attempt.failure();
            if (failure == null) {
                whole.add(attempt);
            } else {
                failures.put(attempt, failure);
            }
        }
        if (whole.isEmpty()) {
            return failures;
        }
        context.crashPoints().reach(CrashPoint.BEFORE_TABLE_END);
        var ended = new ArrayList<AttemptProgress>();
        for (SentEnd end : sendEnds(whole)) {
            try {
                end.acknowledged.get();
                ended.add(end.attempt);
            } catch (ExecutionException e) {
                failures.put(end.attempt, e.getCause());
            }
        }
        context.crashPoints().reach(CrashPoint.AFTER_TABLE_END);
        if (!ended.isEmpty()) {
            remember(ended);
        }
        return failures;
    }

    private record SentEnd(AttemptProgress attempt, Future<Boolean> acknowledged) {}

    private List<SentEnd> sendEnds(List<AttemptProgress> whole) throws InterruptedException {
        var sent = new ArrayList<SentEnd>();
        ReentrantLock between = topic.piece(TABLE_END_PARTITION);
        between.lockInterruptibly();
        try {
            for (AttemptProgress attempt : whole) {
                TableLoad load = attempt.load();
                var acknowledged = new CompletableFuture<Boolean>();
                topic.send(
                        TABLE_END_PARTITION,
                        codec.encode(
                                new TableEnd(
                                        load.getTarget(),
                                        load.getAttempt(),
                                        attempt.pieces(),
                                        attempt.rows(),
                                        snapshot.consistentPoint())),
                        (metadata, refused) -> {
                            if (refused == null) {
                                acknowledged.complete(true);
                            } else {
                                acknowledged.completeExceptionally(refused);
                            }
                        });
                sent.add(new SentEnd(attempt, acknowledged));
            }
        } finally {
            between.unlock();
        }
        return sent;
    }

    private void remember(List<AttemptProgress> ended) throws InterruptedException {
        Instant now = context.clock().instant();
        context.log()
                .record(
                        ended.stream()
                                .map(attempt ->
                                        TableLoad.newBuilder(attempt.load())
                                                .setEnded(true)
                                                .setRows(attempt.rows())
                                                .setBytes(attempt.bytes())
                                                .setEndedOn(now)
                                                .build())
                                .toList());
        for (AttemptProgress attempt : ended) {
            TableLoad load = attempt.load();
            load.setRows(attempt.rows());
            load.setBytes(attempt.bytes());
            load.setEndedOn(now);
            load.setEnded(true);
            LOG.atInfo()
                    .addKeyValue("migration", context.source().id())
                    .addKeyValue("table", attempt.target())
                    .addKeyValue("attempt", load.getAttempt().getNumber())
                    .addKeyValue("rows", attempt.rows())
                    .addKeyValue("bytes", attempt.bytes())
                    .log("a table is read");
        }
    }

    private void startWorkers() {
        int count =
                Math.min(
                        Math.min(context.settings().workers(), topic.partitions()),
                        Math.max(1, tasks.size()));
        for (int number = 0; number < count; number++) {
            int partition = number;
            workers.add(
                    Thread.ofPlatform()
                            .daemon()
                            .name("load-" + context.source().id() + "-" + number)
                            .start(() -> work(partition)));
        }
    }

    private void work(int partition) {
        @Nullable Connection session = null;
        var workersCodec = new RecordCodec(SchemaBook.ownOnly());
        for (Task task = tasks.poll(); task != null && !closed; task = tasks.poll()) {
            if (!task.attempt.beginChunk()) {
                continue;
            }
            var writer =
                    new PieceWriter(
                            context.settings(),
                            topic,
                            partition,
                            backlog,
                            workersCodec,
                            task.attempt,
                            task.number,
                            task.table.columns().stream().map(SourceColumn::name).toList(),
                            context.crashPoints());
            try {
                if (session == null) {
                    session = context.source().open("load-" + partition);
                    sessions.add(session);
                }
                if (closed) {
                    throw new InterruptedException("closed");
                }
                new ChunkReader(session, snapshot, context.settings(), wideRows)
                        .read(task.table, task.chunk, writer);
                task.attempt.chunkEnded(task.number, writer.finish());
            } catch (SQLException e) {
                task.attempt.chunkFailed(
                        context.source().failed("reading table " + task.table.name(), e));
                session = discard(session);
            } catch (InterruptedException e) {
                task.attempt.chunkFailed(e);
                break;
            } catch (RuntimeException e) {
                task.attempt.chunkFailed(e);
                session = discard(session);
            } finally {
                writer.abandon();
            }
        }
        discard(session);
    }

    private @Nullable Connection discard(@Nullable Connection session) {
        if (session != null) {
            sessions.remove(session);
            abort(session);
        }
        return null;
    }

    private static void abort(Connection session) {
        try {
            session.abort(Runnable::run);
        } catch (SQLException broken) {
            LOG.atDebug().setCause(broken).log("a broken session of the load is left");
        }
    }

    private static MigrationException explain(TableName target, Throwable failure) {
        return failure instanceof MigrationException known
                ? known
                : new MigrationException(
                        ErrorCode.LOAD_INTERRUPTED,
                        "the load of " + target + " broke: " + failure,
                        failure);
    }
}
