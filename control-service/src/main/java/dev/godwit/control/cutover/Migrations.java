// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.PreparedTransactions;
import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.control.progress.DatabaseState;
import dev.godwit.control.progress.Progress;
import dev.godwit.control.progress.Signal;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicAdmin;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * What an operator can do: create, look, start the cutover, apply, cancel, retry. A refusal is a
 * {@link MigrationException} whose code says who moves next.
 */
public final class Migrations implements AutoCloseable {
    private static final String ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int ID_LENGTH = 12;
    private static final Duration GATE_MOST = Duration.ofSeconds(10);
    private static final Duration GATE_LOOK = Duration.ofMillis(10);

    private final Owner owner;
    private final Progress progress;
    private final Connections connections;
    private final Background background;
    private final MigrationLog log;
    private final SecureRandom random;
    private final Clock clock;

    private Migrations(
            Owner owner,
            Progress progress,
            Connections connections,
            Background background,
            MigrationLog log,
            SecureRandom random,
            Clock clock) {
        this.owner = owner;
        this.progress = progress;
        this.connections = connections;
        this.background = background;
        this.log = log;
        this.random = random;
        this.clock = clock;
    }

    /** Goes on with every migration in the topic. */
    public static Migrations start(
            KafkaSettings kafka,
            SchemaBook book,
            TopicAdmin topics,
            PasswordSeal seal,
            Progress progress,
            Signal signal,
            Clock clock) {
        var random = new SecureRandom();
        var planner = new Planner(() -> randomId(random));
        var connections = new Connections(seal);
        var background = new Background(connections, topics, planner, clock);
        var log = new MigrationLog(kafka, book);
        var owner =
                new Owner(
                        new Owner.Tools(log, progress, topics, planner, background, signal, clock));
        owner.start();
        return new Migrations(owner, progress, connections, background, log, random, clock);
    }

    /** All, the newest first. */
    public List<Migration> all() {
        return owner.migrations().stream()
                .sorted(
                        Comparator.comparing(Migration::getCreatedOn)
                                .reversed()
                                .thenComparing(Migration::getId))
                .toList();
    }

    /** By id, or by name: then the newest of that name. */
    public Migration find(String idOrName) {
        return owner.find(idOrName)
                .or(() ->
                        all().stream()
                                .filter(migration -> migration.getName().equals(idOrName))
                                .findFirst())
                .orElseThrow(() ->
                        new MigrationException(
                                ErrorCode.NOT_FOUND,
                                "there is no migration '%s'".formatted(idOrName)));
    }

    /** By the name of its source database, or by its id. */
    public DatabaseMigration database(Migration migration, String nameOrId) {
        return migration.getDatabases().stream()
                .filter(database -> database.getSourceDatabase().equals(nameOrId))
                .findFirst()
                .or(() ->
                        migration.getDatabases().stream()
                                .filter(database -> database.getId().equals(nameOrId))
                                .findFirst())
                .orElseThrow(() ->
                        new MigrationException(
                                ErrorCode.NOT_FOUND,
                                "migration '%s' has no database '%s'"
                                        .formatted(migration.getName(), nameOrId)));
    }

    /** Takes it into the log; the checks begin at once. */
    public Migration create(NewMigration asked) throws InterruptedException {
        String id = randomId(random);
        List<DatabaseMigration> databases =
                asked.databases().stream()
                        .map(pair ->
                                DatabaseMigration.newBuilder()
                                        .setId(randomId(random))
                                        .setSourceDatabase(pair.source())
                                        .setTargetDatabase(pair.target())
                                        .setTables(List.of())
                                        .setPhase(WantedPhase.CHECK)
                                        .build())
                        .toList();
        Migration created =
                Migration.newBuilder()
                        .setId(id)
                        .setProject(asked.project())
                        .setName(asked.name())
                        .setCreatedOn(now())
                        .setSource(connections.sealed(asked.source(), id))
                        .setTarget(connections.sealed(asked.target(), id))
                        .setSettings(asked.settings())
                        .setDatabases(databases)
                        .setTablePatterns(asked.tablePatterns())
                        .build();
        return owner.call(() -> {
            requireFreeName(asked.name());
            return owner.want(created);
        });
    }

    /** Starts the cutover, or adds the fence to one that is under way. */
    public DatabaseMigration cutOver(String migrationId, String databaseId, boolean fence)
            throws InterruptedException {
        return owner.call(() -> {
            DatabaseMigration wanted = owner.database(migrationId, databaseId);
            DatabaseState state = DatabaseState.of(wanted, progress.of(databaseId), now());
            if (wanted.getPhase() == WantedPhase.CUT_OVER && state == DatabaseState.CUTTING_OVER) {
                return wanted.getFence() || !fence
                        ? wanted
                        : owner.want(
                                migrationId,
                                DatabaseMigration.newBuilder(wanted).setFence(true).build());
            }
            if (state != DatabaseState.READY_TO_CUTOVER) {
                ErrorCode code =
                        state == DatabaseState.QUEUED
                                        || state == DatabaseState.LOADING
                                        || state == DatabaseState.SYNCING
                                ? ErrorCode.CUTOVER_NOT_READY
                                : ErrorCode.STATE_CONFLICT;
                throw new MigrationException(
                        code,
                        "database '%s' is %s".formatted(wanted.getSourceDatabase(), state.json()));
            }
            return owner.want(
                    migrationId,
                    DatabaseMigration.newBuilder(wanted)
                            .setPhase(WantedPhase.CUT_OVER)
                            .setFence(fence)
                            .setReopened(null)
                            .setCutoverStartedOn(now())
                            .build());
        });
    }

    /**
     * Lets the target take over, if the gate holds within ten seconds.
     *
     * @throws MigrationException CHANGES_PENDING, PREPARED_TRANSACTION and others: then the sync
     *     goes on
     */
    public DatabaseMigration apply(String migrationId, String databaseId)
            throws InterruptedException {
        Asked asked = owner.call(() -> beginApply(migrationId, databaseId));
        try {
            awaitGate(asked);
            List<String> prepared =
                    PreparedTransactions.of(
                            connections.source(asked.migration(), asked.database()),
                            "godwit %s gate".formatted(databaseId));
            if (!prepared.isEmpty()) {
                throw new MigrationException(
                        ErrorCode.PREPARED_TRANSACTION,
                        "prepared on the source and not ended: " + String.join(", ", prepared));
            }
            return owner.call(() -> finishApply(asked));
        } catch (MigrationException e) {
            refuse(asked, e.what());
            throw e;
        } catch (InterruptedException e) {
            // The planner finds a marker that nobody evaluates, and takes it back.
            owner.post(() -> owner.endApplying(databaseId));
            throw e;
        }
    }

    /** Undoes what Godwit made on both sides; the rows on the target stay. */
    public DatabaseMigration cancel(String migrationId, String databaseId)
            throws InterruptedException {
        return owner.call(() -> {
            DatabaseMigration wanted = owner.database(migrationId, databaseId);
            DatabaseMigration.Builder next =
                    DatabaseMigration.newBuilder(wanted)
                            .setFailure(null)
                            .setGateMarker(null)
                            .setFinalMarker(null)
                            .setRetries(wanted.getRetries() + 1);
            return switch (wanted.getPhase()) {
                case CHECK -> {
                    owner.dropTopics(databaseId);
                    yield owner.want(
                            migrationId,
                            next.setPhase(WantedPhase.CANCELLED).setEndedOn(now()).build());
                }
                case RUN, CUT_OVER, FINALISE ->
                        owner.want(migrationId, next.setPhase(WantedPhase.CANCEL).build());
                case CANCEL, CANCELLED -> wanted;
                case RELEASE_SOURCE, RELEASE_TARGET, COMPLETED ->
                        throw new MigrationException(
                                ErrorCode.STATE_CONFLICT,
                                "database '%s' has been proven equal and is %s"
                                        .formatted(
                                                wanted.getSourceDatabase(),
                                                wanted.getPhase() == WantedPhase.COMPLETED
                                                        ? "completed"
                                                        : "being released"));
            };
        });
    }

    /** Goes on after the operator has mended what stopped it. */
    public DatabaseMigration retry(String migrationId, String databaseId)
            throws InterruptedException {
        return owner.call(() -> {
            DatabaseMigration wanted = owner.database(migrationId, databaseId);
            Optional<Failure> failure = DatabaseState.failure(wanted, progress.of(databaseId));
            if (failure.isEmpty()) {
                throw new MigrationException(
                        ErrorCode.STATE_CONFLICT,
                        "database '%s' has no failure to retry"
                                .formatted(wanted.getSourceDatabase()));
            }
            DatabaseMigration.Builder next =
                    DatabaseMigration.newBuilder(wanted).setRetries(wanted.getRetries() + 1);
            if (wanted.getFailure() != null) {
                next.setFailure(null).setFinalMarker(null).setReport(null);
            }
            return owner.want(migrationId, next.build());
        });
    }

    @Override
    public void close() {
        background.close();
        owner.close();
        log.close();
    }

    /** An Apply under evaluation. */
    private record Asked(
            Migration migration,
            DatabaseMigration database,
            String marker,
            long captured,
            boolean fenced) {}

    private Asked beginApply(String migrationId, String databaseId) throws InterruptedException {
        DatabaseMigration wanted = owner.database(migrationId, databaseId);
        DatabaseProgress reported = progress.of(databaseId);
        DatabaseState state = DatabaseState.of(wanted, reported, now());
        if (wanted.getPhase() == WantedPhase.RUN && state != DatabaseState.FAILED) {
            throw new MigrationException(
                    ErrorCode.CUTOVER_NOT_READY,
                    "the cutover of database '%s' has not been started"
                            .formatted(wanted.getSourceDatabase()),
                    "Start the cutover, then apply.",
                    null);
        }
        if (wanted.getPhase() != WantedPhase.CUT_OVER || state != DatabaseState.CUTTING_OVER) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "database '%s' is %s"
                            .formatted(wanted.getSourceDatabase(), phrase(wanted, state)));
        }
        CaptureStatus capture = reported.capture();
        boolean fenced = capture != null && capture.getFencedOn() != null;
        if (wanted.getFence() && !fenced) {
            throw new MigrationException(
                    ErrorCode.CUTOVER_NOT_READY,
                    "the source is not fenced yet",
                    "Wait until fencedOn is set, then apply again.",
                    null);
        }
        if (reported.pending() > 0) {
            throw new MigrationException(
                    ErrorCode.CHANGES_PENDING,
                    "%d row changes are not applied yet".formatted(reported.pending()));
        }
        if (owner.beginApplying(databaseId)) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "an Apply of database '%s' is being evaluated"
                            .formatted(wanted.getSourceDatabase()),
                    "Wait for its answer.",
                    null);
        }
        String marker = randomId(random);
        try {
            DatabaseMigration asked =
                    owner.want(
                            migrationId,
                            DatabaseMigration.newBuilder(wanted)
                                    .setGateMarker(marker)
                                    .setReopened(null)
                                    .build());
            return new Asked(
                    owner.migration(migrationId), asked, marker, reported.captured(), fenced);
        } catch (InterruptedException | RuntimeException e) {
            owner.endApplying(databaseId);
            throw e;
        }
    }

    private void awaitGate(Asked asked) throws InterruptedException {
        Instant until = clock.instant().plus(GATE_MOST);
        while (true) {
            DatabaseProgress reported = progress.of(asked.database().getId());
            switch (Gate.judge(asked.marker(), asked.captured(), asked.fenced(), reported)) {
                case Gate.Verdict.Holds() -> {
                    return;
                }
                case Gate.Verdict.Refused(ErrorCode code, String why) ->
                        throw new MigrationException(code, why);
                case Gate.Verdict.Waiting(String why) -> {
                    if (clock.instant().isAfter(until)) {
                        throw new MigrationException(
                                ErrorCode.CHANGES_PENDING,
                                "%s, %d seconds after Apply was asked for"
                                        .formatted(why, GATE_MOST.toSeconds()));
                    }
                }
            }
            if (DatabaseState.stopped(asked.database(), reported)) {
                throw new MigrationException(
                        ErrorCode.STATE_CONFLICT,
                        "database '%s' has failed".formatted(asked.database().getSourceDatabase()));
            }
            LockSupport.parkNanos("gate", GATE_LOOK.toNanos());
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private DatabaseMigration finishApply(Asked asked) throws InterruptedException {
        String databaseId = asked.database().getId();
        DatabaseMigration wanted = owner.database(asked.migration().getId(), databaseId);
        boolean stillAsked =
                wanted.getPhase() == WantedPhase.CUT_OVER
                        && asked.marker().equals(wanted.getGateMarker());
        if (!stillAsked || DatabaseState.stopped(wanted, progress.of(databaseId))) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "database '%s' changed its state while Apply was evaluated"
                            .formatted(wanted.getSourceDatabase()));
        }
        if (Gate.judge(asked.marker(), asked.captured(), asked.fenced(), progress.of(databaseId))
                instanceof Gate.Verdict.Refused(ErrorCode code, String why)) {
            throw new MigrationException(code, why);
        }
        DatabaseMigration next =
                owner.want(
                        asked.migration().getId(),
                        DatabaseMigration.newBuilder(wanted)
                                .setPhase(WantedPhase.FINALISE)
                                .build());
        owner.endApplying(databaseId);
        return next;
    }

    private void refuse(Asked asked, String why) throws InterruptedException {
        owner.call(() -> {
            String databaseId = asked.database().getId();
            owner.endApplying(databaseId);
            DatabaseMigration wanted = owner.database(asked.migration().getId(), databaseId);
            return wanted.getPhase() == WantedPhase.CUT_OVER
                            && asked.marker().equals(wanted.getGateMarker())
                    ? owner.want(asked.migration().getId(), Planner.reopened(wanted, why))
                    : wanted;
        });
    }

    private static String phrase(DatabaseMigration wanted, DatabaseState state) {
        return switch (wanted.getPhase()) {
            case FINALISE, RELEASE_SOURCE, RELEASE_TARGET ->
                    "being finalised: its Apply has been accepted";
            case CHECK, RUN, CUT_OVER, COMPLETED, CANCEL, CANCELLED -> state.json();
        };
    }

    private void requireFreeName(String name) {
        boolean taken =
                owner.migrations().stream()
                        .filter(migration -> migration.getName().equals(name))
                        .anyMatch(Migrations::live);
        if (taken) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "there is a migration named '%s' already".formatted(name),
                    "Choose another name, or cancel that one first.",
                    null);
        }
    }

    private static boolean live(Migration migration) {
        return migration.getDatabases().stream()
                .anyMatch(database ->
                        database.getPhase() != WantedPhase.COMPLETED
                                && database.getPhase() != WantedPhase.CANCELLED);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private static String randomId(SecureRandom random) {
        var id = new StringBuilder(ID_LENGTH);
        for (int i = 0; i < ID_LENGTH; i++) {
            id.append(ID_LETTERS.charAt(random.nextInt(ID_LETTERS.length())));
        }
        return id.toString();
    }
}
