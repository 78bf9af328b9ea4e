// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What databases and roles set, and how they are encoded, alters no value on its way. */
@MigrationTest
class SourceDefaultsIT {
    /** Each changes how a value is written or read. */
    private static final List<String> OF_THE_SOURCE =
            List.of(
                    "DateStyle = 'SQL, DMY'",
                    "IntervalStyle = 'iso_8601'",
                    "TimeZone = 'Asia/Kathmandu'",
                    "extra_float_digits = -3",
                    "bytea_output = 'escape'",
                    "array_nulls = off",
                    "xmloption = document",
                    "search_path = nowhere",
                    "quote_all_identifiers = on",
                    "standard_conforming_strings = off",
                    "default_transaction_isolation = 'serializable'");

    private static final List<String> OF_THE_TARGET =
            List.of(
                    "DateStyle = 'German, YMD'",
                    "IntervalStyle = 'sql_standard'",
                    "TimeZone = 'America/St_Johns'",
                    "extra_float_digits = -15",
                    "bytea_output = 'escape'",
                    "array_nulls = off",
                    "xmloption = document",
                    "search_path = nowhere, pg_catalog",
                    "standard_conforming_strings = off",
                    "default_transaction_isolation = 'repeatable read'");

    /** Each of them ends or forbids what Godwit does, where Godwit does not set it itself. */
    private static final List<String> OF_THE_ROLE =
            List.of(
                    "statement_timeout = '50ms'",
                    "lock_timeout = '1ms'",
                    "idle_in_transaction_session_timeout = '50ms'",
                    "default_transaction_read_only = on",
                    "default_transaction_isolation = 'serializable'",
                    "search_path = elsewhere, pg_temp");

    private static final String CREATE =
            """
            CREATE TABLE public.stamped (id integer PRIMARY KEY, d date, t timestamptz, i interval, f double precision,
              r real, b bytea, m money, a text[], x xml, c regclass, w text, s tstzrange)
            """;
    private static final String ROWS =
            """
            INSERT INTO public.stamped SELECT i, date '2026-02-03' + i, timestamptz '2026-03-29 00:30:00+00' + i * interval '15 min',
              CASE i %% 3 WHEN 0 THEN interval '-1 year +2 mons -3 days' WHEN 1 THEN interval '-4 days +05:06:07.000008' ELSE interval '1 year -1 day' END,
              0.1 + i * 0.2, i / 3.0, decode(md5(i::text) || '005c27', 'hex'), (i * 1234.56)::numeric::money, ARRAY['NULL', NULL, 'a'],
              (CASE i %% 2 WHEN 0 THEN '<a/>' ELSE 'no document <b/>' END)::xml, 'public.stamped'::regclass,
              chr(92) || 'n' || chr(10) || chr(39), tstzrange('2026-01-01 00:00:00+00', NULL)
              FROM generate_series(%d, %d) i
            """;

    private final MigrationHarness harness;

    SourceDefaultsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @ParameterizedTest(name = "{0} to {1}")
    @CsvSource({"10, 18", "17, 18"})
    void defaultsOfDatabasesAndRolesAlterNothing(int from, int to) {
        // Given
        Database source = harness.database(from, "defaults_source");
        Database target = harness.database(to, "defaults_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, CREATE);
        }
        source.transact("SET xmloption = content", ROWS.formatted(1, 30_000));
        alter(source, OF_THE_SOURCE);
        alter(source, List.of("lc_monetary = '%s'".formatted(money(source))));
        alter(target, OF_THE_TARGET);

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.transact(
                "SET xmloption = content",
                ROWS.formatted(30_001, 30_200),
                "UPDATE public.stamped SET i = -i, f = f / 3, d = 'infinity' WHERE id % 100 = 0",
                "DELETE FROM public.stamped WHERE id % 7 = 0");
        migration.cutOver(false);

        // Then
        MigrationHarness.requireEqual(source, target);
    }

    /** A locale with another currency, or C's other name where none can be made. */
    private static String money(Database database) {
        Optional<String> locale = database.server().euroLocale();
        locale.ifPresentOrElse(
                euro ->
                        database.execute(
                                "SET lc_monetary = '%s'".formatted(euro),
                                "DO $$ BEGIN ASSERT 1234.5::numeric::money::text LIKE '%1.234,50%€%'; END $$"),
                () -> MigrationHarness.say("no locale but C: money is compared in C alone"));
        return locale.orElse("C.UTF-8");
    }

    private static void alter(Database database, List<String> settings) {
        List<String> statements = new ArrayList<>();
        for (String setting : settings) {
            statements.add("ALTER DATABASE %s SET %s".formatted(database.name(), setting));
        }
        for (String setting : OF_THE_ROLE) {
            statements.add(
                    "ALTER ROLE migrator IN DATABASE %s SET %s"
                            .formatted(database.name(), setting));
        }
        database.execute(statements.toArray(String[]::new));
    }

    @ParameterizedTest(name = "{0} in {1} to {2} in {3}")
    @CsvSource({
        "13, LATIN1, 18, LATIN1",
        "13, LATIN1, 18, UTF8",
        "10, EUC_JP, 18, EUC_JP",
        "10, EUC_JP, 18, UTF8"
    })
    void everyCharacterOfAnEncodingArrives(int from, String encoding, int to, String other) {
        // Given
        Database source = harness.database(from, "encoded_source", encoding);
        Database target = harness.database(to, "encoded_target", other);
        String word = encoding.equals("LATIN1") ? "größe" : "表";
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE \"%s\" (\"%1$s id\" text PRIMARY KEY, \"%1$s\" text, c char(3), a text[])"
                            .formatted(word),
                    "CREATE TABLE loose (a json, b text)",
                    "ALTER TABLE loose REPLICA IDENTITY FULL");
        }
        source.execute(characters(encoding));
        if (!MigrationHarness.SOAK && encoding.startsWith("EUC")) {
            source.execute(
                    "DELETE FROM characters WHERE octet_length(s) > 1 AND hashtext(s) % 12 <> 0");
        }
        String insert =
                "INSERT INTO \"%s\" SELECT %s || s, s || s, s, ARRAY[s, NULL, s] FROM characters";
        source.execute(
                insert.formatted(word, "'l'"),
                insert.formatted(word, "'d'"),
                "INSERT INTO loose SELECT ('\"' || s || '\"')::json, s FROM characters WHERE s > ' ' AND s NOT IN ('\"', E'\\\\') LIMIT 300");

        // When
        RunningMigration migration =
                harness.start(
                        harness.request(source, target).tables("public." + word, "public.loose"),
                        source.name());
        migration.awaitState("ready_to_cutover");
        source.execute(
                insert.formatted(word, "'s'"),
                "UPDATE \"%s\" SET \"%1$s\" = \"%1$s\" || '!', \"%1$s id\" = 'u' || \"%1$s id\" WHERE \"%1$s id\" LIKE 'l%%'"
                        .formatted(word),
                "DELETE FROM \"%s\" WHERE \"%1$s id\" LIKE 'd%%'".formatted(word),
                "UPDATE loose SET b = b || 'x' WHERE ctid < '(0,20)'");
        migration.cutOver(false);

        // Then
        source.execute("DROP TABLE characters");
        MigrationHarness.requireEqual(source, target);
        assertThat(source.number("SELECT count(*) FROM \"%s\"".formatted(word))).isGreaterThan(300);
    }

    /** Makes a table of every character that the encoding writes in one way only. */
    private static String characters(String encoding) {
        return """
        DO $do$
        DECLARE t text; b bytea;
        BEGIN
          CREATE TABLE public.characters (s text);
          FOR b IN SELECT decode(lpad(to_hex(i), 2, '0'), 'hex') FROM generate_series(1, 255) i
                   UNION ALL SELECT decode(to_hex(i) || to_hex(j), 'hex')
                     FROM generate_series(142, 254) i, generate_series(161, 254) j WHERE '%1$s' LIKE 'EUC%%'
                   UNION ALL SELECT decode('8f' || to_hex(i) || to_hex(j), 'hex')
                     FROM generate_series(161, 254) i, generate_series(161, 254) j WHERE '%1$s' LIKE 'EUC%%' LOOP
            BEGIN
              t := convert_from(b, '%1$s');
              IF length(t) = 1 AND convert_to(convert_from(convert_to(t, 'UTF8'), 'UTF8'), '%1$s') = b THEN
                INSERT INTO public.characters VALUES (t);
              END IF;
            EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN NULL;
            END;
          END LOOP;
        END $do$
        """
                .formatted(encoding);
    }

    @Test
    void anEncodingThatCannotHoldTheSourcesTextIsRefused() {
        Database source = harness.database(15, "refused_source");
        Database target = harness.database(18, "refused_target", "LATIN1");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
        }

        DatabaseStatus refused = harness.migrate(source, target).awaitState("failed");

        assertThat(refused.failureCode()).isEqualTo("ENCODING_DIFFERS");
        assertThat(refused.failureWhat())
                .contains("the source is encoded in UTF8, the target in LATIN1");
    }
}
