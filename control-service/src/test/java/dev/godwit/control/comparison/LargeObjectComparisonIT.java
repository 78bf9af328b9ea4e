// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.control.TestDatabases;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
class LargeObjectComparisonIT {
    private TestDatabases server;
    private int made;
    private String source = "";
    private String target = "";

    @BeforeAll
    void start() throws Exception {
        server = TestDatabases.start("replica");
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    private void fill(int objects) throws Exception {
        made++;
        source = "objects_of_source" + made;
        target = "objects_of_target" + made;
        for (String database : new String[] {source, target}) {
            server.create(database);
            server.run(
                    database,
                    "SELECT pg_catalog.lo_from_bytea((1000 + i)::oid, pg_catalog.decode(pg_catalog.repeat(pg_catalog.md5(i::text), 1 + i %% 400), 'hex')) FROM pg_catalog.generate_series(1, %d) i"
                            .formatted(objects));
        }
    }

    private LargeObjectComparison comparison() {
        return new LargeObjectComparison(
                server.settings(source), Optional.of(server.settings(target)), "compare");
    }

    @Test
    void seesNoDifferenceWhereThereIsNone() throws Exception {
        fill(2_500);
        server.run(
                source,
                "SELECT lo_create(1)",
                "SELECT lo_from_bytea(2, 'a')",
                "SELECT lo_put(2, 3000000, 'b')");
        server.run(
                target,
                "SELECT lo_create(1)",
                // The same bytes, stored where the source has a hole.
                "SELECT lo_from_bytea(2, 'a' || decode(repeat('00', 2999999), 'hex') || 'b')");

        LargeObjectDifferences found = comparison().ofContents();

        assertThat(found.none()).isTrue();
        assertThat(found.objects()).isEqualTo(2_502);
        assertThat(comparison().ofNames().none()).isTrue();
    }

    @Test
    void namesExactlyWhatDiffers() throws Exception {
        fill(3_100);
        server.run(
                source,
                "SELECT lo_unlink(1005)",
                "SELECT lo_create(1)",
                "SELECT lo_create(4000000000)",
                "SELECT lo_put(2400, 0, '\\xff')",
                // Longer by a zero at its end, and by a hole.
                "SELECT lo_put(3500, length(lo_get(3500)), '\\x00')",
                "SELECT lo_put(1001, 1000000, '\\x00')");

        assertThat(comparison().ofContents().what())
                .isEqualTo(
                        "6 large objects of the source are not as they were loaded: created 1, 4000000000; changed 1001, 2400, 3500; removed 1005");
        assertThat(comparison().ofNames().what())
                .isEqualTo(
                        "3 large objects of the source are not as they were loaded: created 1, 4000000000; removed 1005 (their bytes have not been compared)");
    }

    @Test
    void countsWhatItDoesNotName() throws Exception {
        fill(1_500);
        server.run(target, "SELECT lo_unlink((1000 + i)::oid) FROM generate_series(1, 1200) i");

        assertThat(comparison().ofContents().what())
                .startsWith("1200 large objects")
                .endsWith(
                        "created 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010 and 1190 more");
    }

    @Test
    void findsAnyWhereNoneWereLoaded() throws Exception {
        fill(2);

        var comparison =
                new LargeObjectComparison(server.settings(source), Optional.empty(), "compare");

        assertThat(comparison.ofContents().what()).contains("created 1001, 1002");
        server.run(source, "SELECT lo_unlink(1001)", "SELECT lo_unlink(1002)");
        assertThat(comparison.ofContents().none()).isTrue();
        assertThat(comparison.ofNames().none()).isTrue();
    }
}
