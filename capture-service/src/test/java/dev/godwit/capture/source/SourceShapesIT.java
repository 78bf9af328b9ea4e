// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.Migration;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SchemaChange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the catalog says of a table is what pgoutput says of it. */
class SourceShapesIT {
    private static final String[] TABLES = {
        "CREATE TYPE pair AS (a int, b text)",
        "CREATE DOMAIN percent AS numeric(5,2)",
        "CREATE TYPE \"a mood\" AS ENUM ('good')",
        "CREATE DOMAIN mood AS \"a mood\"",
        "CREATE DOMAIN \"Good\" AS mood CHECK (VALUE::text = 'good')",
        "CREATE TABLE plain (gone int, id int, name varchar(7), n numeric(12,3)[], p percent, q pair, m \"a mood\"[], g \"Good\", f information_schema.sql_identifier, PRIMARY KEY (name, id))",
        "ALTER TABLE plain DROP COLUMN gone",
        "CREATE TABLE \"Loose\" (a int, b json)",
        "ALTER TABLE \"Loose\" REPLICA IDENTITY FULL",
        "CREATE TABLE indexed (a int NOT NULL, b text, c uuid NOT NULL)",
        "CREATE UNIQUE INDEX one ON indexed (c) INCLUDE (b)",
        "ALTER TABLE indexed REPLICA IDENTITY USING INDEX one",
        "CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE, v text)",
        "CREATE TABLE bare ()",
        "ALTER TABLE bare REPLICA IDENTITY FULL",
        "CREATE TABLE doubled (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v char(3))",
    };

    @TempDir private static Path folder;

    private static Broker broker;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void areThoseOfTheStream(int major) throws Exception {
        Path data = Files.createDirectory(folder.resolve("pg" + major));
        try (Postgres server = Postgres.start(major, data);
                Migration migration = Migration.create(server, broker, "shapes" + major, TABLES);
                Connection connection = migration.open()) {
            migration.capture();
            migration.run(
                    "INSERT INTO plain (id, name) VALUES (1, 'one')",
                    "INSERT INTO \"Loose\" VALUES (1, '2')",
                    "INSERT INTO indexed VALUES (1, 'b', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')",
                    "INSERT INTO deferred VALUES (1, 'v')",
                    "INSERT INTO bare DEFAULT VALUES",
                    "INSERT INTO doubled (id, v) VALUES (1, 'v')");
            migration.awaitChanges(6);

            Map<TableName, List<TableName>> sources =
                    Stream.of("plain", "Loose", "indexed", "deferred", "bare", "doubled")
                            .map(name -> new TableName("public", name))
                            .collect(Collectors.toMap(name -> name, List::of));
            List<SchemaChange> read = SourceShapes.read(connection, sources, Map.of());

            List<SchemaChange> streamed =
                    migration.records().stream()
                            .filter(SchemaChange.class::isInstance)
                            .map(SchemaChange.class::cast)
                            .toList();
            assertThat(read).containsExactlyInAnyOrderElementsOf(streamed);
        }
    }
}
