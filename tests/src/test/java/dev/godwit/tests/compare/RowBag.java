// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.postgresql.PGConnection;

/**
 * The multiset of a table's rows: how many there are, and the sum of the SHA-256 of each row's COPY
 * text modulo 2^256. It does not depend on the order of rows and needs no memory, so a table may be
 * of any size.
 */
record RowBag(long rows, BigInteger sum) {
    private static final BigInteger MODULUS = BigInteger.ONE.shiftLeft(256);

    /** Reads {@code COPY (query) TO STDOUT}. */
    static RowBag of(Connection connection, String query) throws SQLException {
        Adder adder = new Adder();
        copy(connection, query, new Lines(adder));
        return new RowBag(adder.rows, adder.sum);
    }

    /**
     * Every row's text and how often it occurs: for showing a difference of tables that fit in
     * memory.
     */
    static Map<String, Integer> listed(Connection connection, String query) throws SQLException {
        Map<String, Integer> lines = new HashMap<>();
        copy(
                connection,
                query,
                new Lines((line, length) ->
                        lines.merge(
                                new String(
                                        line, 0, length, java.nio.charset.StandardCharsets.UTF_8),
                                1,
                                Integer::sum)));
        return lines;
    }

    /** Every row's text, in the query's order. */
    static List<String> lines(Connection connection, String query) throws SQLException {
        List<String> lines = new ArrayList<>();
        copy(
                connection,
                query,
                new Lines((line, length) ->
                        lines.add(
                                new String(
                                        line,
                                        0,
                                        length,
                                        java.nio.charset.StandardCharsets.UTF_8))));
        return lines;
    }

    private static void copy(Connection connection, String query, OutputStream out)
            throws SQLException {
        try {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut("COPY (" + query + ") TO STDOUT", out);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Line {
        void read(byte[] line, int length);
    }

    private static final class Adder implements Line {
        private final MessageDigest digest = sha256();
        private long rows;
        private BigInteger sum = BigInteger.ZERO;

        @Override
        public void read(byte[] line, int length) {
            digest.update(line, 0, length);
            rows++;
            sum = sum.add(new BigInteger(1, digest.digest())).mod(MODULUS);
        }

        private static MessageDigest sha256() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Cuts what COPY sends at newlines: COPY text escapes those within a value. */
    private static final class Lines extends OutputStream {
        private final Line reader;
        private byte[] line = new byte[4096];
        private int length;

        Lines(Line reader) {
            this.reader = reader;
        }

        @Override
        public void write(int value) {
            if (value == '\n') {
                reader.read(line, length);
                length = 0;
                return;
            }
            if (length == line.length) {
                line = java.util.Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) value;
        }

        @Override
        public void write(byte[] bytes, int offset, int count) {
            for (int i = offset; i < offset + count; i++) {
                write(bytes[i]);
            }
        }
    }
}
