// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.load.Load;
import dev.godwit.capture.load.LoadContext;
import dev.godwit.capture.load.LoadSettings;
import dev.godwit.capture.load.Selection;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.capture.publish.Progress;
import dev.godwit.capture.source.SourceControl;
import dev.godwit.capture.source.SourceDatabase;
import dev.godwit.capture.wal.SelectedTables;
import dev.godwit.capture.wal.WalSettings;
import dev.godwit.capture.wal.WalStream;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.Settings;
import dev.godwit.schemas.WantedPhase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One owner's work on one source: load and WAL side by side, and what control wishes meanwhile. Its
 * stage is {@link Stage}; each call of {@link #work} takes it towards the desired state, and may be
 * repeated after any failure.
 */
final class OwnedStream implements AutoCloseable {
    private static final Duration ASK_AGAIN = Duration.ofSeconds(2);

    /** How far this owner is. What runs exists only in the stage where it runs. */
    sealed interface Stage {
        /** Nothing runs. */
        record Resting() implements Stage {}

        /** Tables are read; the WAL is not streamed before the stream has begun. */
        record Preparing(Load load) implements Stage {}

        /** The WAL is streamed, and tables that are due are read. */
        record Streaming(Load load, WalStream wal) implements Stage {}

        /** Nothing of ours is left on the source, but for the fence if that is kept. */
        record Released(boolean cancelled) implements Stage {}
    }

    private final CaptureContext context;
    private final @Nullable ChangeLog log;
    private final SourceDatabase source;
    private final SourceControl control;
    private final SourceMarks marks;
    private volatile Stage stage = new Stage.Resting();
    private final WalLag lag;
    private String askedMarker = "";
    private Instant askedOn = Instant.EPOCH;

    /**
     * @param log null when the topics are gone, and only releasing is left
     */
    OwnedStream(
            CaptureContext context,
            String databaseId,
            ConnectionSettings settings,
            long epoch,
            @Nullable ChangeLog log) {
        this.context = context;
        this.log = log;
        this.source = new SourceDatabase(settings, databaseId, epoch);
        this.control = new SourceControl(source, context.crashPoints());
        this.marks = new SourceMarks(control, log, context.crashPoints(), context.clock());
        this.lag = new WalLag(context.clock());
    }

    /**
     * One step towards the desired state.
     *
     * @throws OwnerFencedException if another owner has taken over
     */
    void work(Desired desired) throws InterruptedException {
        switch (desired.phase()) {
            case RUN, CUT_OVER, FINALISE -> {
                if (log != null) {
                    log.requireChanges();
                    stream(desired, log);
                }
            }
            case RELEASE_SOURCE, RELEASE_TARGET -> release(false);
            case CANCEL -> release(true);
            case CHECK, COMPLETED, CANCELLED -> rest();
        }
    }

    /** What does not go well beside {@link #work}: the worst of it. */
    Optional<MigrationException> failure() {
        return switch (stage) {
            case Stage.Preparing preparing -> preparing.load.failure();
            case Stage.Streaming streaming ->
                    Failures.worse(streaming.load.failure(), streaming.wal.failure());
            case Stage.Resting resting -> Optional.empty();
            case Stage.Released released -> Optional.empty();
        };
    }

    OwnerView view(Desired desired, Optional<MigrationException> failure, int retriesSeen) {
        Optional<Progress> progress = Optional.ofNullable(log).map(ChangeLog::progress);
        Optional<Load> load = load();
        // Before the phase, which then knows of these wishes at least.
        int wishesSeen = load.map(Load::newestWish).orElse(desired.database().getWishes());
        return new OwnerView(
                source.epoch(),
                phase(desired, failure),
                retriesSeen,
                failure,
                load.map(Load::waitingFor).orElse(List.of()),
                progress,
                stage instanceof Stage.Streaming streaming
                        ? streaming.wal.receivedLsn()
                        : progress.map(Progress::flushableLsn).orElse(0L),
                lag.bytes(),
                lag.capturedUntil(),
                marks.fencedOn(),
                wishesSeen,
                desired.sources(),
                load.map(Load::tables).orElseGet(this::recordedTables));
    }

    /** Ends all that runs; what stands on the source stays. */
    @Override
    public void close() {
        rest();
        control.close();
    }

    private CapturePhase phase(Desired desired, Optional<MigrationException> failure) {
        if (failure.isPresent() && Failures.lasting(failure.get())) {
            return CapturePhase.FAILED;
        }
        return switch (stage) {
            case Stage.Resting resting -> CapturePhase.STARTING;
            case Stage.Preparing preparing ->
                    preparing.load.waitingFor().isEmpty()
                            ? CapturePhase.STARTING
                            : CapturePhase.WAITING_FOR_SLOT;
            case Stage.Streaming streaming -> {
                if (!streaming.load.waitingFor().isEmpty()) {
                    yield CapturePhase.WAITING_FOR_SLOT;
                }
                yield streaming.load.finished() ? CapturePhase.STREAMING : CapturePhase.LOADING;
            }
            case Stage.Released released ->
                    released.cancelled == (desired.phase() == WantedPhase.CANCEL)
                            ? CapturePhase.RELEASED
                            : CapturePhase.STARTING;
        };
    }

    private void stream(Desired desired, ChangeLog open) throws InterruptedException {
        switch (stage) {
            case Stage.Resting resting -> stage = prepare(desired, open);
            case Stage.Released released -> stage = prepare(desired, open);
            case Stage.Preparing preparing -> {
                requireOwner(preparing.load.fenced());
                if (preparing.load.begun()) {
                    stage = startWal(desired, open, preparing.load);
                }
            }
            case Stage.Streaming streaming -> {
                requireOwner(streaming.load.fenced() || streaming.wal.fenced());
                fulfil(desired, open, streaming.wal);
                if (streaming.load.wantsReroute()) {
                    reroute(open, streaming);
                }
            }
        }
    }

    /** The next step begins the stream again, with the routes that are recorded then. */
    private void reroute(ChangeLog open, Stage.Streaming streaming) throws InterruptedException {
        streaming.wal.drain();
        if (!streaming.wal.drained()) {
            return;
        }
        streaming.wal.close();
        stage = new Stage.Preparing(streaming.load);
        if (open.progress().betweenTransactions()) {
            streaming.load.reroute();
        }
    }

    private Stage prepare(Desired desired, ChangeLog open) throws InterruptedException {
        marks.willCreate();
        Settings settings = desired.migration().getSettings();
        var load =
                new Load(
                        new LoadContext(
                                source,
                                open,
                                context.kafka(),
                                selections(desired),
                                LoadSettings.of(
                                        settings.getLoadWorkers(),
                                        settings.getLoadBacklogBytesMax(),
                                        settings.getRowBytesMax()),
                                context.board().grants(source.id()),
                                context.crashPoints(),
                                context.clock()));
        load.start();
        return new Stage.Preparing(load);
    }

    /** What control wants, read once as long as it stays the same. */
    private record Known(DatabaseMigration database, Selection selection) {}

    /** Always the newest: a status must not know of a wish that the load does not. */
    private Supplier<Selection> selections(Desired first) {
        var known = new AtomicReference<>(new Known(first.database(), first.selection()));
        return () -> {
            Desired now = context.migrations().find(source.id()).orElse(first);
            return known.updateAndGet(last ->
                            last.database.equals(now.database())
                                    ? last
                                    : new Known(now.database(), now.selection()))
                    .selection;
        };
    }

    private Stage startWal(Desired desired, ChangeLog open, Load load) {
        Map<TableName, TableName> recorded = load.targets();
        var wal =
                new WalStream(
                        source.settings(),
                        source.id(),
                        open,
                        new SelectedTables(
                                recorded.isEmpty() ? desired.targets() : recorded,
                                desired.carried(),
                                load.oids()),
                        WalSettings.DEFAULTS,
                        context.clock());
        wal.start();
        return new Stage.Streaming(load, wal);
    }

    private static void requireOwner(boolean fenced) {
        if (fenced) {
            throw new OwnerFencedException("another owner writes the log", null);
        }
    }

    private void fulfil(Desired desired, ChangeLog open, WalStream wal)
            throws InterruptedException {
        Progress progress = open.progress();
        if (desired.database().getFence()) {
            marks.fence();
        }
        desired.marker().ifPresent(marker -> ask(wal, marker, progress));
        Optional<String> gate = desired.gate();
        switch (desired.phase()) {
            case FINALISE -> {
                if (gate.isPresent() && !gate.equals(progress.sequencesFor())) {
                    open.append(
                            new Sequences(gate.get(), control.sequences(desired.targetNames())));
                    context.crashPoints().reach(CrashPoint.AFTER_SEQUENCES);
                }
            }
            case CHECK,
                    RUN,
                    CUT_OVER,
                    RELEASE_SOURCE,
                    RELEASE_TARGET,
                    COMPLETED,
                    CANCEL,
                    CANCELLED -> {}
        }
        lag.look(control::insertLsn, wal::receivedLsn);
    }

    /**
     * A marker may get lost with a source that dies before it is on disk: asked for until it comes.
     */
    private void ask(WalStream wal, Desired.WantedMarker marker, Progress progress) {
        Instant now = context.clock().instant();
        boolean captured = progress.marker().filter(marker.id()::equals).isPresent();
        boolean justAsked =
                askedMarker.equals(marker.id())
                        && Duration.between(askedOn, now).compareTo(ASK_AGAIN) < 0;
        if (!captured && !justAsked) {
            wal.requestMarker(marker.kind(), marker.id());
            askedMarker = marker.id();
            askedOn = now;
        }
    }

    private void release(boolean cancelled) throws InterruptedException {
        if (stage instanceof Stage.Released released && released.cancelled == cancelled) {
            return;
        }
        rest();
        marks.release();
        if (cancelled) {
            marks.lowerFence();
        }
        lag.end();
        stage = new Stage.Released(cancelled);
    }

    private void rest() {
        switch (stage) {
            case Stage.Preparing preparing -> preparing.load.close();
            case Stage.Streaming streaming -> {
                streaming.load.close();
                streaming.wal.close();
            }
            case Stage.Resting resting -> {}
            case Stage.Released released -> {
                return;
            }
        }
        stage = new Stage.Resting();
    }

    private Optional<Load> load() {
        return switch (stage) {
            case Stage.Preparing preparing -> Optional.of(preparing.load);
            case Stage.Streaming streaming -> Optional.of(streaming.load);
            case Stage.Resting resting -> Optional.empty();
            case Stage.Released released -> Optional.empty();
        };
    }

    private Map<TableName, dev.godwit.capture.load.TableProgress> recordedTables() {
        return log == null ? Map.of() : Load.recorded(log.recovered().loads());
    }
}
