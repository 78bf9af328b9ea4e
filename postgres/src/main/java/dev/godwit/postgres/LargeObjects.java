// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

/**
 * A database's large objects (PostgreSQL docs, chapter "Large Objects"). They are loaded, selected
 * and reported as if they were the rows of one table, by that table's name. No stream of changes
 * carries them. They are read through functions that any owner or grantee may call, since the
 * catalog that holds their bytes is the superuser's.
 */
public final class LargeObjects {
    /** Their catalog. */
    public static final TableName NAME = new TableName("pg_catalog", "pg_largeobject");

    /** So many bytes of one are read and written at a time; a multiple of its own pages. */
    public static final int PART_BYTES = 1 << 18;

    /** A whole part of zeroes: what a hole is read as. */
    public static final String ZEROES =
            "pg_catalog.decode(pg_catalog.repeat('00', " + PART_BYTES + "), 'hex')";

    /**
     * Each is opened, sought to its end and closed, one after the other: a step needs what the one
     * before gave, and the oid in each keeps the planner from taking one object's answer for
     * another's.
     */
    private static final String SIZED =
            """
            (SELECT listed.oid, listed.owner, sized.bytes
               FROM (SELECT m.oid, m.lomowner AS owner FROM pg_catalog.pg_largeobject_metadata m{where} ORDER BY m.oid OFFSET 0) AS listed
              CROSS JOIN LATERAL (SELECT pg_catalog.lo_open(listed.oid, 262144) AS descriptor OFFSET 0) AS opened
              CROSS JOIN LATERAL (SELECT pg_catalog.lo_lseek64(opened.descriptor, listed.oid::bigint * 0, 2) AS bytes OFFSET 0) AS sought
              CROSS JOIN LATERAL (SELECT sought.bytes + pg_catalog.lo_close(opened.descriptor) + listed.oid::bigint * 0 AS bytes OFFSET 0) AS sized
             OFFSET 0) AS object\
            """;

    private static final String PARTS =
            """
            (SELECT starts.start, read.content
               FROM pg_catalog.generate_series(0::bigint, greatest(object.bytes - 1, 0), {part}::bigint) AS starts (start)
              CROSS JOIN LATERAL (SELECT pg_catalog.lo_get(object.oid, starts.start, {part}) AS content OFFSET 0) AS read
             OFFSET 0) AS part\
            """
                    .replace("{part}", Integer.toString(PART_BYTES));

    private LargeObjects() {}

    /**
     * They as the transaction's snapshot shows them, as an item of FROM: {@code object}, with the
     * columns oid, owner (an oid) and bytes, in the order of their oids.
     *
     * @param where on {@code m.oid}, with a leading blank; or nothing
     */
    public static String sized(String where) {
        return SIZED.replace("{where}", where);
    }

    /**
     * The parts of {@code object}, as an item of FROM to the right of it, after LATERAL: {@code
     * part}, with the columns start and content, in order. An empty object has one.
     */
    public static String parts() {
        return PARTS;
    }
}
