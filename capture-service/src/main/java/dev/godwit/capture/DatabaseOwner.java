// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.capture.source.SourceControl;
import dev.godwit.capture.source.SourceDatabase;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns one database migration while its partition is this instance's, on a thread of its own: opens
 * the log (which fences every former owner), works, reports, and begins anew after whatever ends
 * it.
 */
final class DatabaseOwner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseOwner.class);
    private static final Duration TICK = Duration.ofMillis(50);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final Duration BACKOFF_LEAST = Duration.ofMillis(500);
    private static final Duration BACKOFF_MOST = Duration.ofSeconds(10);
    private static final Duration SWEEP_EVERY = Duration.ofHours(1);
    private static final Duration SWEEP_FOR = Duration.ofDays(1);
    private static final int KAFKA_SECONDS = 30;

    private final CaptureContext context;
    private final String databaseId;
    private final @Nullable DatabaseOwner former;
    private final Semaphore news = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closing;
    private Instant sweptOn = Instant.EPOCH;

    /**
     * @param former of this instance, closing; this one begins when it has ended
     */
    DatabaseOwner(CaptureContext context, String databaseId, @Nullable DatabaseOwner former) {
        this.context = context;
        this.databaseId = databaseId;
        this.former = former;
        this.thread =
                Thread.ofPlatform().daemon().name("capture-" + databaseId).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Control's wish may have changed. */
    void wake() {
        news.release();
    }

    /** Tells it to end, and returns at once. */
    void leave() {
        closing = true;
        news.release();
        thread.interrupt();
    }

    boolean ended() {
        return !thread.isAlive();
    }

    @Override
    public void close() {
        leave();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        if (former != null) {
            former.close();
        }
        Duration backoff = BACKOFF_LEAST;
        while (!closing) {
            try {
                live();
                backoff = BACKOFF_LEAST;
                await(AGAIN);
            } catch (InterruptedException | org.apache.kafka.common.errors.InterruptException e) {
                if (!closing) {
                    LOG.atWarn()
                            .addKeyValue("migration", databaseId)
                            .log("the owner was interrupted and begins anew");
                }
            } catch (OwnerFencedException e) {
                LOG.atInfo().addKeyValue("migration", databaseId).log("another owner took over");
                backoff = pause(backoff);
            } catch (RuntimeException e) {
                context.meters().failed();
                LOG.atWarn()
                        .setCause(e)
                        .addKeyValue("migration", databaseId)
                        .log("the owner begins anew");
                backoff = pause(backoff);
            }
        }
    }

    private Duration pause(Duration backoff) {
        try {
            await(backoff);
        } catch (InterruptedException e) {
            // Only closing interrupts, and the loop looks at that.
            return backoff;
        }
        Duration next = backoff.multipliedBy(2);
        return next.compareTo(BACKOFF_MOST) < 0 ? next : BACKOFF_MOST;
    }

    /** Returns when there is nothing to do for now. */
    private void live() throws InterruptedException {
        Desired desired = context.migrations().find(databaseId).orElse(null);
        if (desired == null) {
            return;
        }
        switch (desired.phase()) {
            case RUN, CUT_OVER, FINALISE -> {
                if (topicsExist()) {
                    own(desired);
                }
            }
            case RELEASE_SOURCE, RELEASE_TARGET, CANCEL -> {
                if (topicsExist()) {
                    own(desired);
                } else {
                    long epoch = Math.max(1, context.board().captureEpoch(databaseId));
                    work(desired, epoch, null);
                }
            }
            case CANCELLED -> sweep(desired);
            case CHECK, COMPLETED -> {}
        }
    }

    private void own(Desired desired) throws InterruptedException {
        try (ChangeLog log =
                ChangeLog.open(
                        context.kafka(), databaseId, context.book(), context.crashPoints())) {
            LOG.atInfo().addKeyValue("migration", databaseId).log("owning as epoch " + log.epoch());
            work(desired, log.epoch(), log);
        }
    }

    /** Returns when another epoch, or nothing, is to be done. */
    private void work(Desired first, long epoch, @Nullable ChangeLog log)
            throws InterruptedException {
        try (var stream =
                        new OwnedStream(
                                context, databaseId, first.source(context.seal()), epoch, log);
                var attention = new Attention(stream, first)) {
            attention.report();
            while (!closing && attention.step()) {
                await(TICK);
            }
        }
    }

    /** Keeps an eye on one stream: what fails, since when, and whether the operator has retried. */
    private final class Attention implements AutoCloseable {
        private final OwnedStream stream;
        private volatile Desired desired;
        private volatile Optional<MigrationException> stepFailure = Optional.empty();
        private volatile int failedAtRetries = -1;
        private Instant nextTry = Instant.EPOCH;
        private Duration backoff = BACKOFF_LEAST;
        private @Nullable StatusReporter reporter;

        Attention(OwnedStream stream, Desired desired) {
            this.stream = stream;
            this.desired = desired;
        }

        void report() {
            reporter = StatusReporter.start(context, databaseId, this::view);
        }

        /** False when this epoch has ended. */
        boolean step() throws InterruptedException {
            Desired now = context.migrations().find(databaseId).orElse(null);
            if (now == null || !active(now.phase())) {
                return false;
            }
            if (now.phase() != desired.phase()) {
                stepFailure = Optional.empty();
                nextTry = Instant.EPOCH;
            }
            desired = now;
            boolean lasting = failure().filter(Failures::lasting).isPresent();
            if (!lasting) {
                failedAtRetries = -1;
            } else if (failedAtRetries < 0) {
                failedAtRetries = now.database().getRetries();
            } else if (now.database().getRetries() > failedAtRetries) {
                return false;
            }
            if (stepFailure.filter(Failures::lasting).isEmpty()
                    && !context.clock().instant().isBefore(nextTry)) {
                tryToWork(now);
            }
            return true;
        }

        private void tryToWork(Desired now) throws InterruptedException {
            try {
                stream.work(now);
                stepFailure = Optional.empty();
                backoff = BACKOFF_LEAST;
            } catch (OwnerFencedException | org.apache.kafka.common.errors.InterruptException e) {
                throw e;
            } catch (MigrationException e) {
                failed(e);
            } catch (RuntimeException e) {
                failed(new MigrationException(ErrorCode.INTERNAL, "capture: " + e, e));
            }
        }

        private void failed(MigrationException e) {
            context.meters().failed();
            LOG.atLevel(
                            Failures.lasting(e)
                                    ? org.slf4j.event.Level.ERROR
                                    : org.slf4j.event.Level.WARN)
                    .setCause(e)
                    .addKeyValue("migration", databaseId)
                    .addKeyValue("code", e.code())
                    .log("a step failed");
            stepFailure = Optional.of(e);
            nextTry = context.clock().instant().plus(backoff);
            backoff =
                    backoff.multipliedBy(2).compareTo(BACKOFF_MOST) < 0
                            ? backoff.multipliedBy(2)
                            : BACKOFF_MOST;
        }

        private Optional<MigrationException> failure() {
            return Failures.worse(stepFailure, stream.failure());
        }

        private OwnerView view() {
            Desired now = desired;
            int seen = failedAtRetries;
            Optional<MigrationException> failure = failure();
            return stream.view(now, failure, seen < 0 ? now.database().getRetries() : seen);
        }

        @Override
        public void close() {
            if (reporter != null) {
                reporter.close();
            }
        }
    }

    private static boolean active(WantedPhase phase) {
        return switch (phase) {
            case RUN, CUT_OVER, FINALISE, RELEASE_SOURCE, RELEASE_TARGET, CANCEL -> true;
            case CHECK, COMPLETED, CANCELLED -> false;
        };
    }

    /** Whether something that came late may still be found on a cancelled migration's source. */
    static boolean sweeps(Desired cancelled, Instant now) {
        Instant ended = cancelled.database().getEndedOn();
        return ended != null && Duration.between(ended, now).compareTo(SWEEP_FOR) < 0;
    }

    /**
     * A zombie may have made something after the release. Failing is no harm: it is tried again.
     */
    private void sweep(Desired desired) {
        Instant now = context.clock().instant();
        boolean due = Duration.between(sweptOn, now).compareTo(SWEEP_EVERY) >= 0;
        if (!due || !sweeps(desired, now)) {
            return;
        }
        sweptOn = now;
        try (var control =
                new SourceControl(
                        new SourceDatabase(
                                desired.source(context.seal()),
                                databaseId,
                                Math.max(1, context.board().captureEpoch(databaseId))),
                        context.crashPoints())) {
            control.release();
        } catch (MigrationException e) {
            LOG.atInfo()
                    .setCause(e)
                    .addKeyValue("migration", databaseId)
                    .log("the source of a cancelled migration was not looked at");
        }
    }

    private boolean topicsExist() throws InterruptedException {
        try {
            return context.admin()
                    .listTopics()
                    .names()
                    .get(KAFKA_SECONDS, TimeUnit.SECONDS)
                    .containsAll(Topics.of(databaseId));
        } catch (ExecutionException | TimeoutException e) {
            throw new MigrationException(ErrorCode.BROKER_FAILED, "Kafka does not answer", e);
        }
    }

    private void await(Duration most) throws InterruptedException {
        if (news.tryAcquire(most.toMillis(), TimeUnit.MILLISECONDS)) {
            news.drainPermits();
        }
    }
}
