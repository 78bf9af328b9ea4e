// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.Servers;
import dev.godwit.tests.harness.ServersExtension;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Shop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The comparison that every scenario ends with notices what it must notice. */
@ExtendWith(ServersExtension.class)
class ComparisonIT {
    private final Database source;
    private final Database target;

    ComparisonIT(Servers servers) {
        source = servers.database(15, "compare_source");
        target = servers.database(18, "compare_target");
    }

    @BeforeEach
    void fillBothAlike() {
        Shop.fill(Shop.create(source), 2_000);
        Shop.create(target);
        // The trigger stamps each row: take the source's.
        for (Database database : new Database[] {source, target}) {
            database.execute(
                    "ALTER TABLE account DISABLE TRIGGER ALL",
                    "UPDATE account SET seen = '2026-01-01'");
        }
        Shop.fill(target, 2_000);
        target.execute("UPDATE account SET seen = '2026-01-01'");
        for (Database database : new Database[] {source, target}) {
            database.execute("UPDATE entry SET at = '2026-01-01'");
        }
    }

    @AfterEach
    void drop() {
        source.drop();
        target.drop();
    }

    @Test
    void findsNoDifferenceBetweenEqualRowsInAnotherOrder() {
        target.execute("UPDATE entry SET memo = memo WHERE id % 2 = 0");

        assertThat(Comparison.differences(source, target)).isEmpty();
    }

    @Test
    void noticesOneChangedRow() {
        target.execute("UPDATE entry SET amount = amount + 1 WHERE id = 8");

        assertThat(Comparison.differences(source, target))
                .hasSize(3)
                .first()
                .asString()
                .startsWith("\"public\".\"entry\": 1600 rows on the source, 1600 on the target");
    }

    @Test
    void noticesOneMissingRow() {
        target.execute("DELETE FROM loose WHERE ctid = (SELECT min(ctid) FROM loose)");

        assertThat(Comparison.differences(source, target))
                .first()
                .asString()
                .startsWith("\"public\".\"loose\": 200 rows on the source, 199 on the target");
    }

    @Test
    void noticesOneExtraRowThatRepeatsAnother() {
        target.execute("INSERT INTO loose SELECT * FROM loose LIMIT 1");

        assertThat(Comparison.differences(source, target))
                .first()
                .asString()
                .startsWith("\"public\".\"loose\": 200 rows on the source, 201 on the target");
    }

    @Test
    void noticesARowWithoutColumns() {
        for (Database database : new Database[] {source, target}) {
            database.execute("CREATE TABLE bare ()", "INSERT INTO bare DEFAULT VALUES");
        }
        assertThat(Comparison.differences(source, target)).isEmpty();

        target.execute("INSERT INTO bare DEFAULT VALUES");

        assertThat(Comparison.differences(source, target))
                .first()
                .asString()
                .startsWith("\"public\".\"bare\": 1 rows on the source, 2 on the target");
    }

    @Test
    void noticesTheSameNumberWrittenWithOtherZeros() {
        target.execute("UPDATE price SET amount = 7.1 WHERE amount = 7.1");

        assertThat(Comparison.differences(source, target)).hasSize(3);
    }

    @Test
    void noticesAMissingTable() {
        target.executeAs(Roles.MIGRATOR, "DROP TABLE scratch");

        assertThat(Comparison.differences(source, target)).isNotEmpty();
    }
}
