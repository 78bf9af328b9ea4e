// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * A COPY FROM STDIN under way, fed cell by cell in COPY's text format through a buffer of fixed
 * size, so a cell of any width passes. Closing it before {@link #finish} cancels it.
 */
final class CopyRows implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final CopyIn copy;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int used;
    private boolean rowBegun;

    CopyRows(Connection connection, String sql) throws SQLException {
        this.copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
    }

    /** The next cell of the row: text or NULL. */
    void cell(Cells cells, int column) throws SQLException {
        if (rowBegun) {
            put((byte) '\t');
        }
        rowBegun = true;
        int length = cells.length(column);
        if (length < 0) {
            put((byte) '\\');
            put((byte) 'N');
            return;
        }
        byte[] text = cells.bytes(column);
        int from = cells.start(column);
        for (int i = from, end = from + length; i < end; i++) {
            byte next = text[i];
            if (used + 2 > BUFFER_BYTES) {
                flush();
            }
            if ((next > '\r' && next != '\\') || next < 0) {
                buffer[used++] = next;
                continue;
            }
            switch (next) {
                case '\t' -> escape((byte) 't');
                case '\n' -> escape((byte) 'n');
                case '\r' -> escape((byte) 'r');
                case '\\' -> escape((byte) '\\');
                default -> buffer[used++] = next;
            }
        }
    }

    private void escape(byte letter) {
        buffer[used++] = '\\';
        buffer[used++] = letter;
    }

    void endRow() throws SQLException {
        put((byte) '\n');
        rowBegun = false;
    }

    private void put(byte next) throws SQLException {
        if (used == BUFFER_BYTES) {
            flush();
        }
        buffer[used++] = next;
    }

    private void flush() throws SQLException {
        copy.writeToCopy(buffer, 0, used);
        used = 0;
    }

    /** Rows that the server has taken. */
    long finish() throws SQLException {
        flush();
        return copy.endCopy();
    }

    @Override
    public void close() throws SQLException {
        if (copy.isActive()) {
            copy.cancelCopy();
        }
    }
}
