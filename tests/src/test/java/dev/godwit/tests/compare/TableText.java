// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import dev.godwit.tests.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A small table's rows, each cell as COPY's text has it. */
public final class TableText {
    private TableText() {}

    public static List<String[]> of(Database database, String table) {
        try (Connection connection = database.open()) {
            return read(connection, "SELECT * FROM " + table);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * A table of the source. Where servers write floats in two ways, and only where the text of a
     * cell is not on the target as it stands, it is as the target's server would write it.
     */
    public static List<String[]> source(Database source, Database target, String table) {
        try (Connection from = source.open();
                Connection to = target.open()) {
            List<String[]> rows = read(from, "SELECT * FROM " + table);
            if (FloatText.differs(from, to, table)) {
                List<String[]> again = read(to, FloatText.reread(from, to, table, "*"));
                return merged(rows, again, read(to, "SELECT * FROM " + table));
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Columns that are on the target as they stand stay so. */
    private static List<String[]> merged(
            List<String[]> rows, List<String[]> again, List<String[]> target) {
        if (rows.isEmpty()) {
            return rows;
        }
        List<String[]> merged = rows.stream().map(String[]::clone).toList();
        for (int column = 0; column < rows.getFirst().length; column++) {
            if (!sorted(rows, column).equals(sorted(target, column))) {
                for (int row = 0; row < merged.size(); row++) {
                    merged.get(row)[column] = again.get(row)[column];
                }
            }
        }
        return merged;
    }

    private static List<String> sorted(List<String[]> rows, int column) {
        List<String> cells = new ArrayList<>(rows.stream().map(row -> row[column]).toList());
        Collections.sort(cells);
        return cells;
    }

    private static List<String[]> read(Connection connection, String query) throws SQLException {
        return RowBag.lines(connection, query).stream().map(line -> line.split("\t", -1)).toList();
    }
}
