// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Random;
import org.postgresql.PGConnection;

/** The application's transactions, chosen and parameterised by the seed. */
final class Transactions {
    private static final int COPIED_ROWS = 1_000;

    /** Before, logical decoding tells of no TRUNCATE. */
    private static final int TRUNCATE_STREAMED = 11;

    private final Connection connection;
    private final Random random;
    private final boolean truncates;

    Transactions(Connection connection, Random random) throws SQLException {
        this.connection = connection;
        this.truncates = connection.getMetaData().getDatabaseMajorVersion() >= TRUNCATE_STREAMED;
        this.random = random;
    }

    /** Runs the statements of the next transaction and returns the rows that they changed. */
    long next() throws SQLException {
        int dice = random.nextInt(1000);
        if (dice < 330) {
            return book(1 + random.nextInt(3));
        } else if (dice < 480) {
            return noteAccount();
        } else if (dice < 560) {
            return run("DELETE FROM entry WHERE id = ?", someEntry());
        } else if (dice < 600) {
            return openAccount();
        } else if (dice < 660) {
            return label();
        } else if (dice < 700) {
            return reading();
        } else if (dice < 740) {
            return price();
        } else if (dice < 790) {
            return loose();
        } else if (dice < 820) {
            return swapSeats();
        } else if (dice < 860) {
            return document();
        } else if (dice < 910) {
            return booking();
        } else if (dice < 950) {
            book(2);
            noteAccount();
            return Application.ROLL_BACK;
        } else if (dice < 985) {
            return partlyRolledBack();
        } else if (dice < 986) {
            return copyEntries();
        } else if (dice < 991) {
            return run("DELETE FROM account WHERE id = ?", someAccount());
        }
        return scratch();
    }

    private long book(int entries) throws SQLException {
        long account = someAccount();
        long rows = 0;
        for (int i = 0; i < entries; i++) {
            rows +=
                    run(
                            "INSERT INTO entry (account, amount, memo) SELECT id, ?::numeric, ? FROM account WHERE id = ?",
                            random.nextInt(10_000) / 100.0,
                            random.nextInt(4) == 0 ? null : "memo ü " + random.nextInt(),
                            account);
        }
        return rows
                + run(
                        "UPDATE account SET balance = balance + ?::numeric WHERE id = ?",
                        random.nextInt(100) / 4.0,
                        account);
    }

    private long noteAccount() throws SQLException {
        return run(
                "UPDATE account SET note = ?, tags = tags || ?::text WHERE id = ? AND cardinality(tags) < 12",
                random.nextInt(5) == 0 ? null : "note\t\\N\n" + random.nextInt(),
                "tag " + random.nextInt(9),
                someAccount());
    }

    private long openAccount() throws SQLException {
        return run(
                        "INSERT INTO account (owner, mood, tags, share) VALUES (?, 'cross', '{}', ?)",
                        "new " + random.nextInt(),
                        random.nextInt(101))
                + book(1);
    }

    private long label() throws SQLException {
        String code = "code " + random.nextInt(400);
        return switch (random.nextInt(4)) {
            case 0 ->
                    run(
                            "INSERT INTO label VALUES (?, ?) ON CONFLICT DO NOTHING",
                            code,
                            "neu " + random.nextInt());
            case 1 -> run("DELETE FROM label WHERE code = ?", code);
            case 2 ->
                    run(
                            "UPDATE label SET words = ? WHERE code = ?",
                            "Wort " + random.nextInt(),
                            code);
            default ->
                    run(
                                    "UPDATE label SET code = ? WHERE code = ? AND NOT EXISTS (SELECT FROM label WHERE code = ?)",
                                    code + "'",
                                    code,
                                    code + "'")
                            + run("UPDATE label SET code = ? WHERE code = ?", code, code + "'");
        };
    }

    private long reading() throws SQLException {
        int sensor = random.nextInt(100);
        return switch (random.nextInt(3)) {
            case 0 ->
                    run(
                            "INSERT INTO reading VALUES (?, clock_timestamp(), ?::float8, NULL)",
                            sensor,
                            random.nextInt(9) == 0 ? Double.NaN : random.nextGaussian());
            case 1 ->
                    run(
                            "UPDATE reading SET at = at + interval '1 microsecond', sensor = (sensor + 1) % 100 WHERE (sensor, at) ="
                                    + " (SELECT sensor, at FROM reading WHERE sensor = ? ORDER BY at LIMIT 1)",
                            sensor);
            default ->
                    run(
                            "DELETE FROM reading WHERE (sensor, at) = (SELECT sensor, at FROM reading WHERE sensor = ? ORDER BY at DESC LIMIT 1)",
                            sensor);
        };
    }

    /** The same number with other zeros is the same key with another text. */
    private long price() throws SQLException {
        int whole = 1 + random.nextInt(220);
        return switch (random.nextInt(4)) {
            case 0 ->
                    run(
                            "UPDATE price SET amount = ?::numeric WHERE amount = ?::numeric",
                            whole + ".1",
                            whole + ".10");
            case 1 ->
                    run(
                            "UPDATE price SET amount = ?::numeric WHERE amount = ?::numeric",
                            whole + ".1000",
                            whole + ".1");
            case 2 ->
                    run("DELETE FROM price WHERE amount = ?::numeric", whole + ".1")
                            + run("INSERT INTO price VALUES (?::numeric, 'again')", whole + ".100");
            default ->
                    run(
                            "UPDATE price SET what = ? WHERE amount = ?::numeric",
                            "p" + random.nextInt(),
                            whole + ".1");
        };
    }

    private long loose() throws SQLException {
        int a = random.nextInt(20);
        return switch (random.nextInt(3)) {
            case 0 ->
                    run(
                            "INSERT INTO loose VALUES (?, '{\"k\": 1.50}', '(1,2)', '{\"b\" : [1, 2]}', ?::float4)",
                            a,
                            random.nextInt(3) - 1.0);
            case 1 ->
                    run(
                            "UPDATE loose SET e = e + 1, b = b || '{\"u\": true}' WHERE ctid = (SELECT ctid FROM loose WHERE a = ? LIMIT 1)",
                            a);
            default ->
                    run(
                            "DELETE FROM loose WHERE ctid = (SELECT ctid FROM loose WHERE a = ? LIMIT 1)",
                            a);
        };
    }

    private long swapSeats() throws SQLException {
        int first = 1 + random.nextInt(99);
        return run(
                "UPDATE seat SET place = CASE id WHEN ? THEN (SELECT place FROM seat WHERE id = ?) ELSE"
                        + " (SELECT place FROM seat WHERE id = ?) END WHERE id IN (?, ?)",
                first,
                first + 1,
                first,
                first,
                first + 1);
    }

    private long document() throws SQLException {
        int id = 1 + random.nextInt(40);
        return switch (random.nextInt(4)) {
            case 0 ->
                    run(
                            "UPDATE document SET body = repeat(?, 700) WHERE id = ?",
                            "ä" + random.nextInt(),
                            id);
            case 1 ->
                    run(
                                    "UPDATE document SET id = 1000 + id WHERE id = ? AND NOT EXISTS (SELECT FROM document WHERE id = ?)",
                                    id,
                                    1000 + id)
                            + run(
                                    "UPDATE document SET id = id - 1000, title = 'back' WHERE id = ?",
                                    1000 + id);
            default ->
                    run("UPDATE document SET title = ? WHERE id = ?", "t" + random.nextInt(), id);
        };
    }

    private long booking() throws SQLException {
        int id = 1 + random.nextInt(900);
        return switch (random.nextInt(4)) {
            case 0 ->
                    run(
                            "INSERT INTO booking VALUES (?, date '2025-06-01' + ?::int, 'new', 'empty')",
                            1_000_000 + random.nextInt(1_000_000_000),
                            random.nextInt(400));
            case 1 ->
                    run(
                            "UPDATE booking SET at = CASE WHEN at < '2026-01-01' THEN at + 300 ELSE at - 300 END WHERE id = ?",
                            id);
            case 2 -> run("UPDATE booking SET guest = ? WHERE id = ?", "g" + random.nextInt(), id);
            default -> run("DELETE FROM booking WHERE id = ?", id);
        };
    }

    private long partlyRolledBack() throws SQLException {
        long rows = noteAccount();
        Savepoint savepoint = connection.setSavepoint();
        book(2);
        connection.rollback(savepoint);
        return rows + book(1);
    }

    private long copyEntries() throws SQLException {
        Long account = someExistingAccount();
        if (account == null) {
            return 0;
        }
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < COPIED_ROWS; i++) {
            rows.append(account)
                    .append('\t')
                    .append(i)
                    .append(".50\tcopied ")
                    .append(i)
                    .append('\n');
        }
        try {
            return connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "COPY entry (account, amount, memo) FROM STDIN",
                            new StringReader(rows.toString()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private long scratch() throws SQLException {
        if (random.nextInt(5) == 0) {
            run(truncates ? "TRUNCATE scratch" : "DELETE FROM scratch");
        }
        return run(
                "INSERT INTO scratch SELECT ?, 'x' ON CONFLICT (id) DO UPDATE SET what = 'again'",
                random.nextInt(500));
    }

    private long someAccount() throws SQLException {
        return 1 + (long) (random.nextDouble() * newest("account_id_seq"));
    }

    private @org.jspecify.annotations.Nullable Long someExistingAccount() throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "SELECT id FROM account WHERE id >= ? ORDER BY id LIMIT 1 FOR SHARE")) {
            statement.setLong(1, someAccount());
            try (var row = statement.executeQuery()) {
                return row.next() ? (Long) row.getLong(1) : null;
            }
        }
    }

    private long someEntry() throws SQLException {
        return 1 + (long) (random.nextDouble() * newest("entry_id_seq"));
    }

    private long newest(String sequence) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT last_value FROM " + sequence);
                var row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private long run(String sql, @org.jspecify.annotations.Nullable Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            return statement.executeUpdate();
        }
    }
}
