// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.Servers;
import dev.godwit.tests.harness.ServersExtension;
import dev.godwit.tests.postgres.Database;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The writer does every kind of change, keeps on after a lost connection, and ends at the fence.
 */
@ExtendWith(ServersExtension.class)
class WriterIT {
    private static final int KINDS = 300;

    @Test
    void writesOnAfterItsSessionsAreCutAndStopsAtTheFence(Servers servers) {
        // Given
        Database source = servers.database(13, "writer");
        Shop.fill(Shop.create(source), 2_000);
        try (Writer writer = Writer.start(source, 7, 4, 400)) {
            await("many transactions", () -> writer.committed() > KINDS);

            // When
            source.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");

            // Then
            long before = writer.committed();
            await("it writes on", () -> writer.committed() > before + KINDS);
            assertThat(writer.rolledBack()).isPositive();

            // When
            source.execute(
                    "ALTER DATABASE writer SET default_transaction_read_only = on",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");

            // Then
            await("it is fenced", writer::fenced);
        }
        assertThat(
                        source.query(
                                "SELECT relname FROM pg_stat_user_tables WHERE n_tup_upd + n_tup_del = 0 AND n_tup_ins = 0"))
                .isEmpty();
        source.drop();
    }

    private static void await(String what, java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(60)).until(condition);
    }
}
