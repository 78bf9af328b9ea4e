// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.progress.DatabaseState;
import dev.godwit.control.progress.Progress;
import dev.godwit.control.progress.Signal;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicAdmin;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What an operator can do: create, look, reload, start the cutover, apply, cancel, retry. A refusal
 * is a {@link MigrationException} whose code says who moves next.
 */
public final class Migrations implements AutoCloseable {
    private final Owner owner;
    private final Progress progress;
    private final Connections connections;
    private final Background background;
    private final MigrationLog log;
    private final RandomIds ids;
    private final Clock clock;
    private final ApplyCommand applying;
    private final ReloadCommand reloading;
    private final SchemaWatch schemas;

    private Migrations(
            Owner owner,
            Progress progress,
            Connections connections,
            Background background,
            MigrationLog log,
            RandomIds ids,
            Clock clock) {
        this.owner = owner;
        this.progress = progress;
        this.connections = connections;
        this.background = background;
        this.log = log;
        this.ids = ids;
        this.clock = clock;
        this.applying = new ApplyCommand(owner, progress, connections, ids, clock);
        this.reloading = new ReloadCommand(owner, progress, connections, clock);
        this.schemas =
                SchemaWatch.start(
                        owner::migrations,
                        connections,
                        wanted -> DatabaseState.loaded(wanted, progress.of(wanted.getId())));
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
        var ids = new RandomIds();
        var planner = new Planner(ids::next);
        var connections = new Connections(seal);
        var background = new Background(connections, topics, planner, clock);
        var log = new MigrationLog(kafka, book);
        var owner =
                new Owner(
                        new Owner.Tools(log, progress, topics, planner, background, signal, clock));
        owner.start();
        return new Migrations(owner, progress, connections, background, log, ids, clock);
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
        String id = ids.next();
        List<DatabaseMigration> databases =
                asked.databases().stream()
                        .map(pair ->
                                DatabaseMigration.newBuilder()
                                        .setId(ids.next())
                                        .setSourceDatabase(pair.source())
                                        .setTargetDatabase(pair.target())
                                        .setTables(List.of())
                                        .setRules(pair.rules())
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

    /**
     * What is in a cutover's way, one sentence or two each: what has changed in the schemas, at the
     * last look, and what keeps the databases from being compared.
     */
    public List<String> notes(DatabaseMigration database) {
        return Stream.concat(
                        schemas.found(database.getId()).stream()
                                .map(difference ->
                                        "A cutover would be refused: %s. %s"
                                                .formatted(
                                                        difference.getWhat(),
                                                        difference.getRemedy())),
                        background.trouble(database).stream()
                                .map(trouble ->
                                        "Tried again: %s. %s"
                                                .formatted(trouble.what(), trouble.remedy())))
                .toList();
    }

    /**
     * Starts the cutover, or adds the fence to one that is under way.
     *
     * @throws MigrationException CUTOVER_NOT_READY, SCHEMA_CHANGED, LARGE_OBJECTS_CHANGED and
     *     others: then the sync goes on
     */
    public DatabaseMigration cutOver(String migrationId, String databaseId, boolean fence)
            throws InterruptedException {
        boolean wasReady = requireSameSchemas(migrationId, databaseId);
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
            // It was ready when it was asked for: a report that is late since then changes nothing.
            boolean lateOnly = wasReady && state == DatabaseState.SYNCING;
            if (state != DatabaseState.READY_TO_CUTOVER && !lateOnly) {
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

    /** Tells whether it is ready; one that is not has a better answer than its schemas. */
    private boolean requireSameSchemas(String migrationId, String databaseId)
            throws InterruptedException {
        Migration migration = owner.call(() -> owner.migration(migrationId));
        DatabaseMigration wanted = database(migration, databaseId);
        boolean ready =
                DatabaseState.of(wanted, progress.of(wanted.getId()), now())
                        == DatabaseState.READY_TO_CUTOVER;
        if (ready) {
            SchemaWatch.differences(connections, migration, wanted, "cutover").require();
            new LargeObjectGuard(connections, migration, wanted).require("cutover");
        }
        return ready;
    }

    /**
     * Lets the target take over, if the gate holds within ten seconds.
     *
     * @throws MigrationException CHANGES_PENDING, PREPARED_TRANSACTION and others: then the sync
     *     goes on
     */
    public DatabaseMigration apply(String migrationId, String databaseId)
            throws InterruptedException {
        return applying.apply(migrationId, databaseId);
    }

    /**
     * Has tables loaded anew, or for the first time; the others go on.
     *
     * @param named source tables; a partitioned one means its partitions
     * @param add whether tables that are not selected may be among them
     * @throws MigrationException REQUEST_INVALID, STATE_CONFLICT, or the code of a check that fails
     */
    public DatabaseMigration reload(
            String migrationId, String databaseId, Set<TableName> named, boolean add)
            throws InterruptedException {
        return reloading.reload(migrationId, databaseId, named, add);
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
        schemas.close();
        background.close();
        owner.close();
        log.close();
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
}
