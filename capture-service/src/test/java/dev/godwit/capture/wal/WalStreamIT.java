// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import static dev.godwit.capture.fixture.LogReader.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.Migration;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.Truncate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.specific.SpecificRecordBase;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way from a real slot to a real log, on an old, a middle and the newest version. */
class WalStreamIT {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final String ITEM = "CREATE TABLE item (id int PRIMARY KEY, name text)";

    private static final Map<Integer, Postgres> SERVERS = new HashMap<>();
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir
    private static Path folder;

    private static Broker broker;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(Postgres::close);
        SERVERS.clear();
        broker.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void carriesEveryKindOfChangeInOrder(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            migration.capture();
            // When
            migration.run(
                    "BEGIN; INSERT INTO item VALUES (1, 'one'), (2, NULL); UPDATE item SET name = 'eins' WHERE id = 1; COMMIT",
                    "UPDATE item SET id = 3 WHERE id = 2",
                    "DELETE FROM item WHERE id = 1",
                    "TRUNCATE item");
            // Then
            List<Change> changes = migration.awaitChanges(5);
            assertThat(changes).extracting(Change::getOperation)
                    .containsExactly(
                            Operation.INSERT, Operation.INSERT, Operation.UPDATE, Operation.UPDATE, Operation.DELETE);
            assertThat(changes).extracting(Change::getLastInTransaction).containsExactly(false, false, true, true, true);
            assertThat(changes).extracting(Change::getOrdinal).containsExactly(0L, 1L, 2L, 0L, 0L);
            assertThat(text(changes.get(2).getAfter().get(1))).isEqualTo("eins");
            assertThat(changes.get(1).getAfter().get(1)).isNull();
            assertThat(text(changes.get(3).getBefore().get(0))).isEqualTo("2");
            Awaitility.await().atMost(MOST).until(() -> migration.records().getLast() instanceof Truncate);
            assertThat(migration.records().get(0)).isInstanceOf(StreamStart.class);
            assertThat(migration.records().get(1)).isInstanceOf(SchemaChange.class);
        }
    }

    private static Migration migration(int major, String... tables) throws Exception {
        return Migration.create(server(major), broker, "m%05d".formatted(IDS.incrementAndGet()), tables);
    }

    private static Postgres server(int major) throws Exception {
        Postgres server = SERVERS.get(major);
        if (server == null) {
            server = Postgres.start(major, Files.createDirectory(folder.resolve("pg" + major)));
            SERVERS.put(major, server);
        }
        return server;
    }
}
