// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Operation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes rows in one session's open transaction: few ones by prepared statements in a pipeline,
 * many or wide ones through COPY. Every statement must hit exactly its rows.
 */
final class RowWriter {
    /** From here on COPY into a staging table is cheaper than a statement for each row. */
    private static final int STAGED_ROWS = 24;

    /** A parameter is held in memory several times, a copied cell never. */
    private static final long WIDE_BYTES = 128 * 1024;

    private final Connection connection;
    private final Stages stages;
    private final Map<RowShape, Map<Spec, String>> statements = new HashMap<>();

    RowWriter(Connection connection) {
        this.connection = connection;
        this.stages = new Stages(connection);
    }

    private record Spec(Form form, Operation operation, BitSet columns) {}

    /** Forms of statements for the same work. */
    private enum Form {
        EACH,
        COPY,
        PLACED
    }

    void committed() {
        stages.committed();
    }

    void rolledBack() {
        stages.rolledBack();
    }

    /** Different rows of one work, in any order. */
    void write(Work work, List<NetChange> rows) throws SQLException {
        boolean many = rows.size() >= STAGED_ROWS || total(rows) > WIDE_BYTES;
        if (work.operation() == Operation.INSERT) {
            insert(work, rows, many);
        } else if (!work.shape().match().indexed()) {
            for (NetChange row : rows) {
                byText(work, row);
            }
        } else if (many) {
            staged(work, rows);
        } else {
            each(work, rows);
        }
    }

    /** Rows of one work, one after the other: the same row may be among them twice. */
    void writeInOrder(Work work, List<NetChange> rows) throws SQLException {
        if (work.operation() == Operation.INSERT) {
            write(work, rows);
            return;
        }
        int from = 0;
        for (int i = 0; i < rows.size(); i++) {
            if (!work.shape().match().indexed() || wide(rows.get(i))) {
                each(work, rows.subList(from, i));
                write(work, List.of(rows.get(i)));
                from = i + 1;
            }
        }
        each(work, rows.subList(from, rows.size()));
    }

    private static boolean wide(NetChange row) {
        return row.bytes() > WIDE_BYTES;
    }

    private void insert(Work work, List<NetChange> rows, boolean many) throws SQLException {
        if (many && !work.columns().isEmpty()) {
            copy(work, rows);
        } else {
            batch(work, rows, RowSql::insert);
        }
    }

    private void each(Work work, List<NetChange> rows) throws SQLException {
        if (!rows.isEmpty()) {
            batch(
                    work,
                    rows,
                    work.operation() == Operation.UPDATE ? RowSql::update : RowSql::delete);
        }
    }

    private static long total(List<NetChange> rows) {
        return rows.stream().mapToLong(NetChange::bytes).sum();
    }

    private void copy(Work work, List<NetChange> rows) throws SQLException {
        try (var copy = new CopyRows(connection, sql(Form.COPY, work, RowSql::copy))) {
            for (NetChange row : rows) {
                for (int column = work.columns().nextSetBit(0);
                        column >= 0;
                        column = work.columns().nextSetBit(column + 1)) {
                    copy.cell(row.after(), column);
                }
                copy.endRow();
            }
            require(work, rows.size(), copy.finish());
        }
    }

    private void staged(Work work, List<NetChange> rows) throws SQLException {
        String stage = stages.of(work);
        fill(stage, work, rows);
        try (Statement statement = connection.createStatement()) {
            require(
                    work,
                    rows.size(),
                    statement.executeUpdate(
                            work.operation() == Operation.UPDATE
                                    ? RowSql.updateStaged(work, stage)
                                    : RowSql.deleteStaged(work, stage)));
        }
    }

    private void fill(String stage, Work work, List<NetChange> rows) throws SQLException {
        try (var copy = new CopyRows(connection, "COPY " + stage + " FROM STDIN")) {
            for (NetChange row : rows) {
                for (int column : work.shape().match().columns()) {
                    copy.cell(row.old(), column);
                }
                for (int column = work.columns().nextSetBit(0);
                        column >= 0;
                        column = work.columns().nextSetBit(column + 1)) {
                    copy.cell(row.after(), column);
                }
                copy.endRow();
            }
            require(work, rows.size(), copy.finish());
        }
    }

    private void batch(Work work, List<NetChange> rows, Function<Work, String> sql)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql(Form.EACH, work, sql))) {
            for (NetChange row : rows) {
                int next = bindWritten(statement, work, row);
                if (work.operation() != Operation.INSERT) {
                    for (int column : work.shape().match().columns()) {
                        bind(statement, next++, row.old(), column);
                    }
                }
                statement.addBatch();
            }
            for (int count : statement.executeBatch()) {
                require(work, 1, count);
            }
        }
    }

    private void byText(Work work, NetChange row) throws SQLException {
        RowShape shape = work.shape();
        if (!wide(row)) {
            try (PreparedStatement locate =
                    connection.prepareStatement(RowSql.locate(shape, row.old()))) {
                int next = 1;
                for (int column : shape.match().columns()) {
                    if (row.old().length(column) >= 0) {
                        bind(locate, next++, row.old(), column);
                    }
                }
                Place place = place(work, locate);
                at(work, row, place);
            }
            return;
        }
        String stage = stages.of(work);
        fill(stage, work, List.of(row));
        Place place;
        try (PreparedStatement locate =
                connection.prepareStatement(RowSql.locateStaged(shape, stage))) {
            place = place(work, locate);
        }
        if (work.operation() == Operation.DELETE) {
            at(work, row, place);
        } else {
            try (PreparedStatement update =
                    connection.prepareStatement(RowSql.updateAtStaged(work, stage))) {
                place.bind(update, 1);
                require(work, 1, update.executeUpdate());
            }
        }
    }

    private void at(Work work, NetChange row, Place place) throws SQLException {
        String sql =
                work.operation() == Operation.DELETE
                        ? sql(Form.PLACED, work, RowSql::deleteAt)
                        : sql(Form.PLACED, work, RowSql::updateAt);
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            place.bind(statement, bindWritten(statement, work, row));
            require(work, 1, statement.executeUpdate());
        }
    }

    /** Where one row lies. */
    private record Place(String ctid, long table) {
        void bind(PreparedStatement statement, int from) throws SQLException {
            statement.setString(from, ctid);
            statement.setLong(from + 1, table);
        }
    }

    private static Place place(Work work, PreparedStatement locate) throws SQLException {
        try (ResultSet row = locate.executeQuery()) {
            if (!row.next()) {
                throw new RowsUnmatchedException("no such row in " + work.shape().table().name());
            }
            return new Place(row.getString(1), row.getLong(2));
        }
    }

    private static int bindWritten(PreparedStatement statement, Work work, NetChange row)
            throws SQLException {
        int next = 1;
        for (int column = work.columns().nextSetBit(0);
                column >= 0;
                column = work.columns().nextSetBit(column + 1)) {
            bind(statement, next++, row.after(), column);
        }
        return next;
    }

    /** The driver sends the text as of unknown type (stringtype=unspecified). */
    private static void bind(PreparedStatement statement, int parameter, Cells cells, int column)
            throws SQLException {
        if (cells.length(column) < 0) {
            statement.setNull(parameter, Types.NULL);
        } else {
            statement.setString(parameter, cells.text(column));
        }
    }

    private String sql(Form form, Work work, Function<Work, String> sql) {
        Map<Spec, String> known =
                statements.computeIfAbsent(work.shape(), shape -> new HashMap<>());
        var spec = new Spec(form, work.operation(), work.columns());
        return known.computeIfAbsent(spec, missing -> sql.apply(work));
    }

    private static void require(Work work, long expected, long hit) {
        if (hit != expected) {
            throw new RowsUnmatchedException(
                    "%d of %d rows in %s".formatted(hit, expected, work.shape().table().name()));
        }
    }
}
