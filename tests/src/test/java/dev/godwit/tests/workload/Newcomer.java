// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload;

import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;

/**
 * A table that comes to the shop while it is migrated, with all that a target parks: an identity
 * that is always generated, a foreign key, a trigger, a further unique index.
 */
public final class Newcomer {
    public static final String NAME = "public.newcomer";

    /** Asks for what a target parks of it. */
    public static final String OBJECTS =
            """
            SELECT conname, pg_get_constraintdef(oid) || convalidated FROM pg_constraint
             WHERE conrelid = 'newcomer'::regclass AND contype <> 'n'
            UNION ALL SELECT tgname, tgenabled::text FROM pg_trigger WHERE tgrelid = 'newcomer'::regclass AND NOT tgisinternal
            UNION ALL SELECT attname, attidentity::text FROM pg_attribute
             WHERE attrelid = 'newcomer'::regclass AND attidentity <> ''
            UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'newcomer' ORDER BY 1, 2
            """;

    private Newcomer() {}

    /** Makes it on both sides. */
    public static void create(Database... databases) {
        for (Database database : databases) {
            database.executeAs(
                    Roles.MIGRATOR,
                    """
                    CREATE TABLE newcomer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                      account bigint REFERENCES account ON DELETE CASCADE, v text, place int UNIQUE, seen timestamptz)
                    """,
                    "CREATE INDEX newcomer_account ON newcomer (account)",
                    "CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON newcomer FOR EACH ROW EXECUTE PROCEDURE touch()",
                    "ALTER TABLE newcomer ENABLE ALWAYS TRIGGER touched",
                    "GRANT ALL ON newcomer, newcomer_id_seq TO app");
        }
    }

    /** That many rows more. */
    public static void fill(Database database, int rows) {
        database.execute(
                """
                INSERT INTO newcomer (account, v) SELECT min(id), repeat('v', i %% 90) || i
                  FROM account, generate_series(1, %d) i GROUP BY i
                """
                        .formatted(rows));
    }

    /** What its application does, together with tables that were there before. */
    public static Application application() {
        return new Application() {
            @Override
            public Roles role() {
                return Roles.APP;
            }

            @Override
            public Session open(Connection connection, Random random) {
                return () -> next(connection, random);
            }
        };
    }

    private static long next(Connection connection, Random random) throws SQLException {
        long rows = 0;
        try (PreparedStatement insert =
                        connection.prepareStatement(
                                "INSERT INTO newcomer (account, v) SELECT id, ? FROM account ORDER BY random() LIMIT 1");
                Statement other = connection.createStatement()) {
            rows += other.executeUpdate("UPDATE price SET what = 'seen' WHERE amount < 3");
            insert.setString(1, "new \\N " + random.nextInt());
            rows += insert.executeUpdate();
            rows +=
                    other.executeUpdate(
                            "UPDATE newcomer SET v = v || '.' WHERE id = (SELECT max(id) - %d FROM newcomer)"
                                    .formatted(random.nextInt(50)));
            rows +=
                    other.executeUpdate(
                            "DELETE FROM newcomer WHERE id = (SELECT min(id) + %d FROM newcomer)"
                                    .formatted(random.nextInt(50)));
            rows += other.executeUpdate("UPDATE price SET what = 'left' WHERE amount < 3");
        }
        return random.nextInt(20) == 0 ? Application.ROLL_BACK : rows;
    }
}
