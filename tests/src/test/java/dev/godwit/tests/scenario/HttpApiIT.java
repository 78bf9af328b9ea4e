// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a script that knows only the REST API and Azure's names sees from Create to Completed. */
@MigrationTest
class HttpApiIT {
    private final MigrationHarness harness;

    HttpApiIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void tellsTheWholeMigration() {
        // Given
        Database source = harness.database(15, "http_source");
        Database target = harness.database(18, "http_target");
        Shop.fill(Shop.create(source), 1_000);
        Shop.create(target);
        GodwitApi api = harness.api();

        // When: create and watch
        RunningMigration migration = harness.migrate(source, target);
        Reply early =
                api.act(migration.id(), source.name(), "cutover", java.util.Map.of("fence", false));

        // Then
        if (early.status() != 202) {
            assertThat(early.status()).isEqualTo(409);
            assertThat(early.code()).isEqualTo("CUTOVER_NOT_READY");
        }
        DatabaseStatus ready = migration.awaitState("ready_to_cutover", "cutting_over");
        assertThat(ready.json().path("migrationState").asText())
                .isIn("READY_TO_COMPLETE", "COMPLETING");
        assertThat(ready.json().path("fullLoadQueuedTables").asInt()).isZero();
        assertThat(ready.json().path("fullLoadLoadingTables").asInt()).isZero();
        assertThat(ready.json().path("fullLoadErroredTables").asInt()).isZero();
        assertThat(ready.completedTables())
                .isEqualTo(ready.json().path("tables").size())
                .isGreaterThan(9);
        assertThat(ready.json().path("initializationCompleted").asBoolean()).isTrue();
        assertThat(ready.table("public.entry").path("fullLoadTotalRows").asLong()).isEqualTo(800);
        assertThat(ready.table("public.entry").path("fullLoadTotalVolumeBytes").asLong())
                .isPositive();
        assertThat(ready.table("public.entry").hasNonNull("fullLoadEndedOn")).isTrue();

        // When: changes of each kind
        source.execute(
                "INSERT INTO scratch SELECT i, 'x' FROM generate_series(1, 10) i",
                "UPDATE scratch SET what = 'y' WHERE id <= 4",
                "DELETE FROM scratch WHERE id = 1");
        DatabaseStatus changed =
                migration.await(
                        "15 changes", status -> status.applied() == 15 && status.pending() == 0);
        JsonNode scratch = changed.table("public.scratch");
        assertThat(scratch.path("cdcInsertCounter").asLong()).isEqualTo(10);
        assertThat(scratch.path("cdcUpdateCounter").asLong()).isEqualTo(4);
        assertThat(scratch.path("cdcDeleteCounter").asLong()).isEqualTo(1);
        assertThat(scratch.path("totalChangesApplied").asLong()).isEqualTo(15);
        assertThat(changed.incoming()).isEqualTo(15);
        assertThat(changed.json().hasNonNull("latency")).isTrue();
        assertThat(changed.json().path("uncapturedWalBytes").isNumber()).isTrue();

        // When: the cutover
        if (early.status() != 202) {
            migration.expect202(migration.startCutover(false));
        }
        DatabaseStatus end = migration.cutOver();

        // Then
        MigrationHarness.requireEqual(source, target);
        assertThat(end.json().path("migrationState").asText()).isEqualTo("COMPLETE");
        assertThat(end.json().path("details").asText()).isEqualTo("Completed");
        assertThat(end.json().hasNonNull("endedOn")).isTrue();
        assertThat(end.report().path("tables").asInt()).isEqualTo(end.json().path("tables").size());
        assertThat(end.report().path("outageMillis").isNumber()).isTrue();
        for (JsonNode comparison : end.report().path("comparisons")) {
            assertThat(comparison.path("equal").asBoolean()).as(comparison.toString()).isTrue();
        }
        Reply shown = api.show(migration.id());
        Reply byName = api.show(shown.body().path("name").asText());
        assertThat(byName.body().path("id").asText()).isEqualTo(migration.id());
        assertThat(shown.body().path("activityStatus").asText()).isEqualTo("Succeeded");
        assertThat(api.list().body().toString()).contains(migration.id());
        assertThat(api.showDatabase(migration.id(), source.name()).body().path("state").asText())
                .isEqualTo("completed");
        for (Reply late :
                List.of(migration.startCutover(false), migration.apply(), migration.cancel())) {
            assertThat(late.status()).as(late.body().toString()).isEqualTo(409);
            assertThat(late.remedy()).isNotBlank();
        }
    }

    @Test
    void servesItsOwnDescription() {
        assertThat(
                        List.of(
                                        "/openapi.yml",
                                        "/api/v1/openapi.yml",
                                        "/openapi",
                                        "/swagger/godwit.yml")
                                .stream()
                                .map(path -> harness.api().get(path).status()))
                .contains(200);
    }
}
