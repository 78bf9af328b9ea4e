// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.harness.Services;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A static member of Kafka's group takes the place of its former self, with what that had
 * subscribed to: an apply service that keeps its name must still get the topics of a new migration.
 */
@MigrationTest(Mode.PROCESSES)
class NamedInstanceIT {
    private static final Map<String, String> NAMED = Map.of("GODWIT_INSTANCE", "one");

    private final MigrationHarness harness;
    private final Services.AsProcesses processes;

    NamedInstanceIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
    }

    @Test
    void takesUpOneMigrationAfterAnother() {
        processes.stop(Service.APPLY);
        processes.start(Service.APPLY, NAMED);
        try {
            migrate("named_first", false);
            migrate("named_second", false);
            migrate("named_third", true);
        } finally {
            processes.stop(Service.APPLY);
            processes.start(Service.APPLY);
        }
    }

    private void migrate(String name, boolean killedBefore) {
        Database source = Shop.fill(Shop.create(harness.database(15, name + "_source")), 200);
        Database target = Shop.create(harness.database(18, name + "_target"));
        if (killedBefore) {
            processes.kill(Service.APPLY);
            processes.start(Service.APPLY, NAMED);
        }
        RunningMigration migration = harness.migrate(source, target);
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }
}
