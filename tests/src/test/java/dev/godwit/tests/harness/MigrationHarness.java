// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.tests.compare.Comparison;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Servers of any version, a real broker and the three services, shared by all scenarios of one
 * mode. A scenario asks for databases, starts migrations between them, does its worst, and ends in
 * {@link #requireEqual}.
 */
public final class MigrationHarness implements AutoCloseable {
    /** Whether the long forms run. */
    public static final boolean SOAK = Boolean.getBoolean("godwit.soak");

    private static final Logger LOG = LoggerFactory.getLogger(MigrationHarness.class);
    private static final String TOKEN = "harness-token-6f1c0a";

    private final Servers servers;
    private final Broker broker;
    private final Services services;
    private final GodwitApi api;
    private final List<RunningMigration> migrations = new ArrayList<>();
    private final List<Database> databases = new ArrayList<>();
    private final String keyset;
    private int named;

    private MigrationHarness(Servers servers, Broker broker, boolean processes) {
        this.servers = servers;
        this.broker = broker;
        try {
            keyset = PasswordSeal.newKeyset();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        Services.Configuration configuration =
                new Services.Configuration(broker.bootstrapServers(), keyset, TOKEN);
        services =
                processes
                        ? new Services.AsProcesses(configuration)
                        : new Services.InThisJvm(configuration);
        api = new GodwitApi(services::api, TOKEN);
    }

    /** The three services and the broker in this JVM: the fast way. */
    static MigrationHarness inThisJvm(Servers servers) {
        return new MigrationHarness(
                servers,
                Servers.CONTAINERS ? Broker.InContainer.start() : Broker.InThisJvm.start(),
                Servers.CONTAINERS);
    }

    /** Four processes that faults can be done to. */
    static MigrationHarness asProcesses(Servers servers) {
        return new MigrationHarness(servers, Broker.AsProcess.start(), true);
    }

    /** Prints the seed of a scenario, or takes the one of {@code -Dgodwit.seed}. */
    public static Random seeded(String scenario) {
        return new Random(seed(scenario));
    }

    /** The seed itself. */
    public static long seed(String scenario) {
        long seed = Long.getLong("godwit.seed", System.nanoTime() & 0xffff);
        say("%s: seed %d", scenario, seed);
        return seed;
    }

    /** A line for whoever reads the build's output. */
    @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency of its own.
    public static void say(String format, Object... values) {
        String line = String.format(java.util.Locale.ROOT, format, values);
        LOG.info(line);
        System.out.println("[scenario] " + line);
    }

    public Servers servers() {
        return servers;
    }

    public Broker broker() {
        return broker;
    }

    public Broker.AsProcess brokerProcess() {
        return (Broker.AsProcess) broker;
    }

    public Services services() {
        return services;
    }

    public Services.AsProcesses processes() {
        return (Services.AsProcesses) services;
    }

    public GodwitApi api() {
        return api;
    }

    public String keyset() {
        return keyset;
    }

    public String token() {
        return TOKEN;
    }

    /** A fresh database, dropped after the scenario. */
    public Database database(int major, String name) {
        return track(servers.database(major, name));
    }

    /** The same in a server's encoding of that name. */
    public Database database(int major, String name, String encoding) {
        return track(servers.database(major, name, encoding));
    }

    /** Has a database of a server that the scenario made dropped with the others. */
    public Database track(Database database) {
        databases.add(database);
        return database;
    }

    /** The request for a migration of all tables by the plain role. */
    public MigrationRequest request(Database source, Database target) {
        return new MigrationRequest(source.name() + " " + ++named, source, target, Roles.MIGRATOR);
    }

    /** The same by the superuser, who may silence triggers instead of parking them. */
    public MigrationRequest requestAsSuperuser(Database source, Database target) {
        return new MigrationRequest(source.name() + " " + ++named, source, target, Roles.SUPERUSER);
    }

    public RunningMigration migrate(Database source, Database target) {
        return start(request(source, target), source.name());
    }

    /** Creates the migration; it must be accepted. */
    public RunningMigration start(MigrationRequest request, String sourceDatabase) {
        Reply reply = api.create(request.body());
        assertThat(reply.status()).as(() -> reply.body().toString()).isEqualTo(201);
        RunningMigration migration =
                new RunningMigration(api, reply.body().path("id").asText(), sourceDatabase);
        migrations.add(migration);
        return migration;
    }

    /** The proof: every table holds the same rows on both sides. */
    public static void requireEqual(Database source, Database target) {
        assertThat(Comparison.differences(source, target)).isEmpty();
    }

    /** Cancels what a scenario left running, and drops its databases with their slots. */
    void afterScenario() {
        if (services instanceof Services.AsProcesses processes) {
            processes.startAll();
        }
        for (RunningMigration migration : migrations) {
            try {
                if (!migration.status().ended()) {
                    migration.cancel();
                    migration.await("an end", DatabaseStatus::ended);
                }
            } catch (RuntimeException | AssertionError stubborn) {
                LOG.warn("a migration cannot be cancelled", stubborn);
            }
        }
        migrations.clear();
        for (Database database : databases) {
            free(database);
        }
        databases.clear();
    }

    private static void free(Database database) {
        try {
            new Database(database.server(), "postgres")
                    .execute(
                            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active AND database = '%s'"
                                    .formatted(database.name().replace("'", "''")),
                            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active AND database = '%s'"
                                    .formatted(database.name().replace("'", "''")));
            database.drop();
        } catch (RuntimeException gone) {
            LOG.warn("a database cannot be dropped", gone);
        }
    }

    @Override
    public void close() {
        api.close();
        services.close();
        broker.close();
    }
}
