// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import static dev.godwit.tests.types.TypeCase.type;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.EmbeddedServer;
import dev.godwit.tests.postgres.Roles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * PostGIS, which the embedded servers do not have: where Debian's package of it is installed
 * ({@code postgresql-15-postgis-3}), as it is in the project's CI.
 */
@MigrationTest
class PostgisIT {
    private static final int MAJOR = 15;
    private static final Path CONTROL =
            Path.of("/usr/share/postgresql/%d/extension/postgis.control".formatted(MAJOR));

    /** PostGIS separates the elements of arrays by colons. */
    private static final char COLON = ':';

    private static final TypeGroup GEOMETRY =
            new TypeGroup(
                    "geometry",
                    withArrays(
                            type(
                                    "public.geometry",
                                    "POINT(1 -0)",
                                    "SRID=4326;POINT ZM (0.1 1e300 -5e-324 NaN)",
                                    "POINT EMPTY",
                                    "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1,2 0.3))",
                                    "SRID=3857;MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1)))",
                                    "CIRCULARSTRING Z (0 0 1,1 1 2,2 0 3)",
                                    "TIN(((0 0 0,0 0 1,0 1 0,0 0 0)))"),
                            type(
                                    "public.geometry(Point,4326)",
                                    "SRID=4326;POINT(8.5417 47.3769)",
                                    "SRID=4326;POINT EMPTY"),
                            type(
                                    "public.geography",
                                    "POINT(-179.99999999999997 89.9)",
                                    "POLYGON((0 0,1 0,1 1,0 0))",
                                    "MULTIPOINT EMPTY"),
                            type("public.box2d", "BOX(0 0.1,1 2)"),
                            type("public.box3d", "BOX3D(0 0.1 -3,1 2 1e10)")));

    private final MigrationHarness harness;

    PostgisIT(MigrationHarness harness) {
        this.harness = harness;
    }

    private static List<TypeCase> withArrays(TypeCase... types) {
        List<TypeCase> all = new ArrayList<>();
        for (TypeCase type : types) {
            all.add(type);
            if (type.name().startsWith("public.geo")) {
                all.add(type.array(COLON));
            }
        }
        return all;
    }

    static boolean installed() {
        return Files.exists(CONTROL);
    }

    @Test
    @EnabledIf("installed")
    void shapesArriveAsTheyWere() {
        try (EmbeddedServer server = harness.servers().installed(MAJOR)) {
            // Given
            Database source = server.createDatabase("postgis_source");
            Database target = server.createDatabase("postgis_target");
            TypeTables tables = new TypeTables(GEOMETRY);
            for (Database database : List.of(source, target)) {
                database.execute("CREATE EXTENSION postgis SCHEMA public");
                database.executeAs(Roles.MIGRATOR, tables.create().toArray(String[]::new));
            }
            source.transact(tables.load().toArray(String[]::new));

            // When
            RunningMigration migration = harness.migrate(source, target);
            migration.awaitState("ready_to_cutover");
            source.execute(tables.syncOne().toArray(String[]::new));
            migration.awaitNothingPending();
            source.transact(tables.syncMany().toArray(String[]::new));
            migration.cutOver(false);

            // Then
            assertThat(TypeVerdicts.of(source, target, List.of(tables)).differences()).isEmpty();
            MigrationHarness.requireEqual(source, target);
        }
    }
}
