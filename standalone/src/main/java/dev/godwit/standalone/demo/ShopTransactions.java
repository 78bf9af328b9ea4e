// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Random;

/** What happens in the shop, one transaction at a time. */
final class ShopTransactions {
    private static final int CUSTOMERS = 600;
    private static final int ITEMS = 4_600;
    private static final int FILMS = 1_000;
    private static final int ACTORS = 200;

    private final Connection connection;
    private final Random random;

    ShopTransactions(Connection connection, Random random) {
        this.connection = connection;
        this.random = random;
    }

    /** Runs one; false if it was rolled back, as some are. */
    boolean runOne() throws SQLException {
        int choice = random.nextInt(100);
        if (choice < 40) {
            rent();
        } else if (choice < 60) {
            bringBack();
        } else if (choice < 70) {
            changeCustomer();
        } else if (choice < 77) {
            changeFilm();
        } else if (choice < 82) {
            correctPayment();
        } else if (choice < 86) {
            movePayment();
        } else if (choice < 90) {
            changeCast();
        } else if (choice < 94) {
            countVisitors();
        } else if (choice < 96) {
            cleanUp();
        } else {
            rent();
            connection.rollback();
            return false;
        }
        connection.commit();
        return true;
    }

    private void rent() throws SQLException {
        int customer = 1 + random.nextInt(CUSTOMERS);
        long rental;
        try (PreparedStatement insert =
                connection.prepareStatement(
                        "INSERT INTO rental (inventory_id, customer_id, staff_id, period)"
                                + " VALUES (?, ?, ?, tstzrange(now(), NULL)) RETURNING rental_id")) {
            insert.setInt(1, 1 + random.nextInt(ITEMS));
            insert.setInt(2, customer);
            insert.setInt(3, 1 + random.nextInt(24));
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                rental = row.getLong(1);
            }
        }
        update(
                "INSERT INTO payment (customer_id, rental_id, amount, paid_on)"
                        + " VALUES (?, ?, 4.99, timestamptz '2026-01-01 00:00+00' + ? * interval '1 second')",
                customer,
                rental,
                random.nextInt(18_000_000));
    }

    private void bringBack() throws SQLException {
        update(
                "UPDATE rental SET returned = true, period = tstzrange(lower(period), greatest(lower(period), now()))"
                        + " WHERE rental_id = (SELECT rental_id FROM rental WHERE NOT returned AND rental_id >= ? ORDER BY rental_id LIMIT 1)",
                random.nextInt(16_000));
    }

    private void changeCustomer() throws SQLException {
        update(
                "UPDATE customer SET profile = profile || jsonb_build_object('visits', ?::int), active = NOT active"
                        + " WHERE customer_id = ?",
                random.nextInt(1_000),
                1 + random.nextInt(CUSTOMERS));
    }

    /** A trigger follows with the words of the title and the description. */
    private void changeFilm() throws SQLException {
        update(
                "UPDATE film SET description = description || ' and again', rental_rate = rental_rate + 0.01"
                        + " WHERE film_id = ? AND rental_rate < 90",
                1 + random.nextInt(FILMS));
    }

    private void correctPayment() throws SQLException {
        update(
                "UPDATE payment SET amount = amount + 0.5 WHERE payment_id = ?",
                1 + random.nextInt(16_000));
    }

    /** The partition key changes, so the row may leave its partition for another. */
    private void movePayment() throws SQLException {
        update(
                "UPDATE payment SET paid_on = paid_on + interval '20 days' WHERE payment_id = ?",
                1 + random.nextInt(16_000));
    }

    /** Changes half of a primary key, where the new one is free. */
    private void changeCast() throws SQLException {
        int film = 1 + random.nextInt(FILMS);
        int actor = 1 + random.nextInt(ACTORS);
        update(
                "UPDATE film_actor SET actor_id = ?, role = 'Recast' WHERE (actor_id, film_id) ="
                        + " (SELECT actor_id, film_id FROM film_actor WHERE film_id = ? ORDER BY actor_id LIMIT 1)"
                        + " AND NOT EXISTS (SELECT FROM film_actor WHERE film_id = ? AND actor_id = ?)",
                actor,
                film,
                film,
                actor);
    }

    private void countVisitors() throws SQLException {
        update(
                "INSERT INTO \"Door Counter\" VALUES (?, clock_timestamp(), 1)",
                1 + random.nextInt(2));
        update(
                "UPDATE \"Door Counter\" SET \"Größe\" = \"Größe\" + 1 WHERE \"Zeit\" = (SELECT max(\"Zeit\") FROM \"Door Counter\")");
    }

    private void cleanUp() throws SQLException {
        update("DELETE FROM payment WHERE payment_id = ?", 1 + random.nextInt(16_000));
        update(
                "DELETE FROM \"Door Counter\" WHERE \"Zeit\" = (SELECT min(\"Zeit\") FROM \"Door Counter\")");
    }

    private void update(String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            statement.executeUpdate();
        }
    }
}
