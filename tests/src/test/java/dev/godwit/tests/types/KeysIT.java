// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.Identifiers;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.postgres.VersionPair;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A key of any type finds its row, also where equal keys have different texts: inserted, changed,
 * swapped, deleted and inserted again, alone and in one transaction; and of equal rows without a
 * key only one goes. The short form leaves out what has one text for each value. Values that only
 * one row may have go from row to row.
 */
@MigrationTest
class KeysIT {
    private static final int FOLDING = 12;

    /** PostgreSQL compares its values in indexes only. */
    private static final String DOMAIN_OF_ENUM = "public.good_mood";

    /**
     * A type with two texts of one value, if it has such, and two other values.
     *
     * @param type behind the column's name
     */
    private record Key(String type, String one, String same, String other, String free) {
        String cast() {
            return type.equals(DOMAIN_OF_ENUM)
                    ? "::public.mood"
                    : "::" + type.replaceAll(" COLLATE .*", "");
        }

        /** The column of its values, where it is compared. */
        String operand() {
            return type.equals(DOMAIN_OF_ENUM) ? "v::public.mood" : "v";
        }
    }

    private static final List<Key> KEYS =
            List.of(
                    new Key("integer", "-1", "-1", "0", "2147483647"),
                    new Key("bigint", "1", "1", "-9223372036854775808", "2"),
                    new Key("numeric", "1.0", "1.00", "NaN", "-0.5"),
                    new Key("numeric(9,2)", "1.00", "1.00", "-0.01", "9999999.99"),
                    new Key("public.amount", "1.0", "1.00", "0.000", "7"),
                    new Key("real", "-0", "0", "NaN", "1e-45"),
                    new Key("double precision", "-0", "0", "Infinity", "0.1"),
                    new Key("text", "", "", "\\N", "a\tb\n\\."),
                    new Key("text COLLATE public.folded", "straSSe", "STRASSE", "ü", "\\N"),
                    new Key("public.citext", "Ab", "aB", "", "\\."),
                    new Key("character(5)", "ab", "ab ", "", "€"),
                    new Key("character varying(7)", "ab", "ab", "ab ", " "),
                    new Key("bytea", "", "", "\\x00", "\\x5c4e5c2e0a"),
                    new Key("bit varying", "", "", "0", "01"),
                    new Key("uuid", "0".repeat(32), "0".repeat(32), "1".repeat(32), "2".repeat(32)),
                    new Key("date", "infinity", "infinity", "0044-03-15 BC", "5874897-12-31"),
                    new Key("time", "24:00:00", "24:00:00", "00:00:00", "12:00:00.000001"),
                    new Key(
                            "time with time zone",
                            "12:00:00+01",
                            "12:00:00+01",
                            "11:00:00+00",
                            "00:00:00-15"),
                    new Key(
                            "timestamp",
                            "-infinity",
                            "-infinity",
                            "0001-01-01 00:00:00 BC",
                            "294276-12-31 23:59:59.999999"),
                    new Key(
                            "timestamp with time zone",
                            "2026-11-21 10:00:00+00",
                            "2026-11-21 15:45:00+05:45",
                            "infinity",
                            "1900-01-01 00:00:00+05:41:16"),
                    new Key("interval", "1 day", "24:00:00", "1 mon", "-178000000 years"),
                    new Key("interval[]", "{1 day}", "{24:00:00}", "{NULL}", "{}"),
                    new Key("numeric[]", "{1.0}", "{1.00}", "{1.0,NULL}", "{}"),
                    new Key("public.mood", "calm", "calm", "it's \"odd\"", ""),
                    new Key(DOMAIN_OF_ENUM, "calm", "calm", "it's \"odd\"", ""),
                    new Key("public.pair", "(1,x,1.0)", "(1,x,1.00)", "(2,,)", "(,\"\",)"),
                    new Key("jsonb", "{\"a\": 1.0}", "{\"a\": 1.00}", "null", "\"\""),
                    new Key("numrange", "[1.0,2]", "[1.00,2.0]", "empty", "(,)"),
                    new Key("int4range", "[1,5)", "[1,4]", "(,)", "empty"),
                    new Key("inet", "10.0.0.1", "10.0.0.1/32", "::1", "10.0.0.1/8"),
                    new Key("money", "1.00", "1", "-92233720368547758.08", "0"),
                    new Key("tsvector", "'a':1", "'a':1", "", "'it''s'"),
                    new Key("public.cube", "(0)", "(0),(0)", "(1,2)", "(0.1)"),
                    new Key("pg_lsn", "0/1", "0/1", "FFFFFFFF/FFFFFFFF", "0/0"),
                    new Key("oid", "0", "0", "4294967295", "1"));

    private static final int NULLS_NOT_DISTINCT = 15;

    /**
     * What allows a value in one row only.
     *
     * @param since the version that knows it
     * @param constraint of a table's column v, as a statement
     * @param values four that may stand beside each other
     * @param more changes that this one allows, after which rows 1 to 3 have the first values again
     */
    private record Unique(
            int since, String type, String constraint, List<String> values, List<String> more) {
        static Unique key(String type, String constraint, String values, String... more) {
            return new Unique(
                    VersionPair.OLDEST,
                    type,
                    constraint,
                    Stream.of(values.split(" ")).map(Identifiers::literal).toList(),
                    List.of(more));
        }
    }

    private static final String SWAP =
            "UPDATE %1$s SET v = CASE id WHEN 1 THEN (SELECT v FROM %1$s WHERE id = 2) ELSE (SELECT v FROM %1$s WHERE id = 1) END WHERE id < 3";
    private static final String ROTATE =
            "UPDATE %1$s t SET v = s.v FROM %1$s s WHERE s.id = 1 + t.id %% 3 AND t.id <= 3";
    private static final String RANGES = "[1,5) [5,9) [9,20) [30,40)";

    private static final List<Unique> UNIQUE =
            List.of(
                    Unique.key("int", "ALTER TABLE %s ADD UNIQUE (v)", "1 2 3 4"),
                    Unique.key(
                            "int",
                            "CREATE UNIQUE INDEX ON %s (v) WHERE live",
                            "1 2 3 4",
                            "UPDATE %s SET live = false WHERE id = 1",
                            "UPDATE %s SET v = 1 WHERE id = 2",
                            "UPDATE %s SET v = 2, live = true WHERE id = 1",
                            "UPDATE %s SET live = NOT live WHERE id = 2",
                            "UPDATE %s SET v = 1 WHERE id = 1",
                            "UPDATE %s SET v = 2, live = true WHERE id = 2"),
                    Unique.key(
                            "text",
                            "CREATE UNIQUE INDEX ON %s (lower(v))",
                            "A b C d",
                            "UPDATE %s SET v = 'a' WHERE id = 1",
                            "UPDATE %s SET v = 'A' WHERE id = 1"),
                    new Unique(
                            NULLS_NOT_DISTINCT,
                            "int",
                            "ALTER TABLE %s ADD UNIQUE NULLS NOT DISTINCT (v)",
                            List.of("NULL", "2", "3", "4"),
                            List.of()),
                    Unique.key(
                            "int4range",
                            "ALTER TABLE %s ADD EXCLUDE USING gist (v WITH &&) WHERE (live)",
                            RANGES,
                            "UPDATE %s SET v = '[1,3)' WHERE id = 1",
                            "UPDATE %s SET v = '[3,9)' WHERE id = 2",
                            "UPDATE %s SET v = '[5,9)' WHERE id = 2",
                            "UPDATE %s SET v = '[1,5)' WHERE id = 1"),
                    Unique.key(
                            "int",
                            "ALTER TABLE %s ADD UNIQUE (v) DEFERRABLE INITIALLY DEFERRED",
                            "1 2 3 4",
                            SWAP,
                            SWAP,
                            ROTATE,
                            ROTATE,
                            ROTATE),
                    Unique.key(
                            "int4range",
                            "ALTER TABLE %s ADD EXCLUDE USING gist (v WITH &&) DEFERRABLE INITIALLY IMMEDIATE",
                            RANGES,
                            SWAP,
                            SWAP,
                            ROTATE,
                            ROTATE,
                            ROTATE));

    private final MigrationHarness harness;

    KeysIT(MigrationHarness harness) {
        this.harness = harness;
    }

    static List<VersionPair> versions() {
        return MigrationHarness.SOAK ? VersionPair.ALL : List.of(new VersionPair(12, 18));
    }

    @ParameterizedTest
    @MethodSource("versions")
    void findTheirRows(VersionPair pair) {
        // Given
        int from = pair.source();
        Database source = harness.database(from, "keys_source");
        Database target = harness.database(pair.target(), "keys_target");
        List<Key> keys =
                KEYS.stream()
                        .filter(key ->
                                MigrationHarness.SOAK
                                        || key.type().equals("integer")
                                        || !key.one().equals(key.same()))
                        .filter(key -> from >= FOLDING || !key.type().contains("COLLATE"))
                        .toList();
        for (Database database : List.of(source, target)) {
            create(database, from, keys);
        }
        for (int i = 0; i < keys.size(); i++) {
            source.transact(load(i, keys.get(i)).toArray(String[]::new));
        }

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        for (int i = 0; i < keys.size(); i++) {
            source.execute(changes(i, keys.get(i)).toArray(String[]::new));
        }
        migration.awaitNothingPending();
        for (int i = 0; i < keys.size(); i++) {
            source.transact(changes(i, keys.get(i)).toArray(String[]::new));
        }
        migration.cutOver(false);

        // Then
        MigrationHarness.requireEqual(source, target);
        assertThat(target.query("SELECT n FROM loose_0 WHERE v = -1 OR v IS NULL ORDER BY v, n"))
                .as("of equal rows one was changed at each of two times, and one deleted")
                .containsExactly("1", "1", "1", "11", "11", "3");
    }

    static List<VersionPair> versionsOfUnique() {
        return MigrationHarness.SOAK
                ? VersionPair.ALL
                : List.of(new VersionPair(NULLS_NOT_DISTINCT, 18));
    }

    /** Each in a table with another key, and in one without any. */
    @ParameterizedTest
    @MethodSource("versionsOfUnique")
    void uniqueValuesChangeHands(VersionPair pair) {
        // Given
        Database source = harness.database(pair.source(), "unique_source");
        Database target = harness.database(pair.target(), "unique_target");
        List<Unique> known =
                UNIQUE.stream().filter(unique -> unique.since() <= pair.source()).toList();
        for (int i = 0; i < known.size(); i++) {
            Unique unique = known.get(i);
            for (Database database : List.of(source, target)) {
                create(database, "keyed_" + i, "PRIMARY KEY", unique);
                create(database, "full_" + i, "", unique);
                database.execute("ALTER TABLE full_%d REPLICA IDENTITY FULL".formatted(i));
            }
            for (int row = 1; row <= 3; row++) {
                source.execute(
                        insert("keyed_" + i, row, unique.values().get(row - 1)),
                        insert("full_" + i, row, unique.values().get(row - 1)));
            }
        }

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        for (int i = 0; i < known.size(); i++) {
            source.execute(exchanges("keyed_" + i, known.get(i)));
            source.execute(exchanges("full_" + i, known.get(i)));
        }
        migration.awaitNothingPending();
        for (int i = 0; i < known.size(); i++) {
            source.transact(exchanges("keyed_" + i, known.get(i)));
            source.transact(exchanges("full_" + i, known.get(i)));
        }
        migration.cutOver(false);

        // Then
        MigrationHarness.requireEqual(source, target);
        assertThat(target.query("SELECT id, v FROM keyed_0 ORDER BY 1"))
                .containsExactly("1|1", "2|2", "3|3");
    }

    private static void create(Database database, String table, String key, Unique unique) {
        database.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE %s (id int %s, v %s, n int, live boolean DEFAULT true)"
                        .formatted(table, key, unique.type()),
                unique.constraint().formatted(table));
    }

    /**
     * Swaps, rotations and rows that come back with another's value or key: afterwards rows 1 to 3
     * have the first three values again.
     */
    private static String[] exchanges(String table, Unique unique) {
        String one = unique.values().get(0);
        String two = unique.values().get(1);
        String three = unique.values().get(2);
        String free = unique.values().get(3);
        List<String> swap = List.of(give(table, 1, free), give(table, 2, one), give(table, 1, two));
        List<String> comeBack =
                List.of(
                        delete(table, 3),
                        give(table, 1, three),
                        insert(table, 3, two),
                        "UPDATE %s SET n = n + 1".formatted(table));
        List<String> rotate =
                List.of(
                        give(table, 3, free),
                        give(table, 2, two),
                        give(table, 1, one),
                        give(table, 3, three));
        List<String> asItWas = List.of(delete(table, 2), insert(table, 2, two));
        List<String> otherKeys =
                List.of(
                        "UPDATE %s SET id = 20, v = %s WHERE id = 2".formatted(table, free),
                        "UPDATE %s SET id = 2, v = %s WHERE id = 1".formatted(table, two),
                        "UPDATE %s SET id = 1, v = %s WHERE id = 20".formatted(table, one));
        List<String> more =
                unique.more().stream().map(statement -> statement.formatted(table)).toList();
        return Stream.of(swap, comeBack, rotate, asItWas, otherKeys, more)
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    private static String give(String table, int id, String value) {
        return "UPDATE %s SET v = %s WHERE id = %d".formatted(table, value, id);
    }

    private static String delete(String table, int id) {
        return "DELETE FROM %s WHERE id = %d".formatted(table, id);
    }

    private static String insert(String table, int id, String value) {
        return "INSERT INTO %s VALUES (%d, %s, 0)".formatted(table, id, value);
    }

    private static void create(Database database, int from, List<Key> keys) {
        for (String extension : List.of("citext", "cube")) {
            database.execute("CREATE EXTENSION %s SCHEMA public".formatted(extension));
        }
        List<String> create = new ArrayList<>(TypeCatalog.create(from));
        if (from >= FOLDING) {
            create.add(
                    "CREATE COLLATION public.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        }
        for (int i = 0; i < keys.size(); i++) {
            String type = keys.get(i).type();
            create.add("CREATE TABLE key_%d (v %s PRIMARY KEY, n integer)".formatted(i, type));
            create.add(
                    "CREATE TABLE pair_%1$d (f text, v %2$s, n integer, PRIMARY KEY (v, f))"
                            .formatted(i, type));
            create.add(
                    "CREATE TABLE index_%d (id integer PRIMARY KEY, v %s NOT NULL, n integer)"
                            .formatted(i, type));
            create.add("CREATE UNIQUE INDEX found_%1$d ON index_%1$d (v)".formatted(i));
            create.add(
                    "ALTER TABLE index_%1$d REPLICA IDENTITY USING INDEX found_%1$d".formatted(i));
            create.add("CREATE TABLE full_%d (v %s PRIMARY KEY, n integer)".formatted(i, type));
            create.add("ALTER TABLE full_%d REPLICA IDENTITY FULL".formatted(i));
            create.add("CREATE TABLE loose_%d (v %s, n integer)".formatted(i, type));
            create.add("ALTER TABLE loose_%d REPLICA IDENTITY FULL".formatted(i));
        }
        database.executeAs(Roles.MIGRATOR, create.toArray(String[]::new));
    }

    private static List<String> load(int i, Key key) {
        String one = value(key, key.one());
        String same = value(key, key.same());
        String other = value(key, key.other());
        List<String> load = new ArrayList<>();
        for (String table : List.of("key_" + i, "full_" + i)) {
            load.add("INSERT INTO %s VALUES (%s, 1), (%s, 2)".formatted(table, one, other));
        }
        load.add("INSERT INTO index_%d VALUES (1, %s, 1), (2, %s, 2)".formatted(i, one, other));
        load.add(
                "INSERT INTO pair_%d VALUES ('a', %s, 1), ('b', %s, 1), ('a', %s, 2)"
                        .formatted(i, one, same, other));
        load.add(
                "INSERT INTO loose_%1$d VALUES (%2$s, 1), (%2$s, 1), (%2$s, 1), (%2$s, 1), (%3$s, 1), (%4$s, 2), (%4$s, 2), (NULL, 3), (NULL, 3), (NULL, 3)"
                        .formatted(i, one, same, other));
        return load;
    }

    /** They end with the keys that they began with, so they can be run again. */
    private static List<String> changes(int i, Key key) {
        String one = value(key, key.one());
        String same = value(key, key.same());
        String other = value(key, key.other());
        String free = value(key, key.free());
        String v = key.operand();
        List<String> changes = new ArrayList<>();
        for (String table : List.of("key_" + i, "pair_" + i, "index_" + i, "full_" + i)) {
            changes.add("UPDATE %s SET n = n + 10".formatted(table));
            changes.add(move(key, table, one, same));
            changes.add(move(key, table, same, free));
            changes.add(move(key, table, other, one));
            changes.add(move(key, table, free, other));
            changes.add("UPDATE %s SET n = n + 100 WHERE %s = %s".formatted(table, v, same));
            changes.add(move(key, table, other, free));
            changes.add(move(key, table, one, other));
            changes.add("DELETE FROM %s WHERE %s = %s".formatted(table, v, free));
        }
        changes.add("INSERT INTO key_%d VALUES (%s, 7), (%s, 8)".formatted(i, same, free));
        changes.add("INSERT INTO full_%d VALUES (%s, 7), (%s, 8)".formatted(i, same, free));
        changes.add(
                "INSERT INTO pair_%d VALUES ('a', %s, 7), ('b', %s, 8)".formatted(i, same, free));
        changes.add(
                "INSERT INTO index_%1$d SELECT (SELECT max(id) + 1 FROM index_%1$d), %2$s, 7"
                        .formatted(i, same));
        for (String table : List.of("key_" + i, "pair_" + i, "full_" + i)) {
            changes.add("DELETE FROM %s WHERE %s = %s".formatted(table, v, free));
        }
        changes.add(
                "UPDATE loose_%1$d SET n = n + 10 WHERE ctid::text = (SELECT max(ctid::text) FROM loose_%1$d WHERE n = 1 AND %3$s = %2$s)"
                        .formatted(i, one, v));
        changes.add(
                "DELETE FROM loose_%1$d WHERE ctid::text = (SELECT max(ctid::text) FROM loose_%1$d WHERE n = 2)"
                        .formatted(i));
        changes.add(
                "DELETE FROM loose_%1$d WHERE ctid::text = (SELECT max(ctid::text) FROM loose_%1$d WHERE v IS NULL)"
                        .formatted(i));
        changes.add(
                "UPDATE loose_%1$d SET v = %2$s WHERE ctid::text = (SELECT max(ctid::text) FROM loose_%1$d WHERE %4$s = %3$s)"
                        .formatted(i, free, other, v));
        changes.add("INSERT INTO loose_%d VALUES (%s, 2), (%s, 2)".formatted(i, other, other));
        return changes;
    }

    private static String move(Key key, String table, String from, String to) {
        return "UPDATE %s SET v = %s WHERE %s = %s".formatted(table, to, key.operand(), from);
    }

    private static String value(Key key, String text) {
        return Identifiers.literal(text) + key.cast();
    }
}
