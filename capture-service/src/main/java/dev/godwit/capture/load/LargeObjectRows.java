// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.SourceColumn;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.LargeObjects;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The large objects of a database as rows, so that they are loaded as a table is: one row for each
 * part of an object, with the object's owner and oid, where the part starts, and its bytes. The
 * rows of one object come one after the other, its first part first. Parts that are a hole, or all
 * zero, are left out, but for the first and the last: they say that the object is there, and how
 * long it is.
 */
final class LargeObjectRows {
    private static final List<SourceColumn> COLUMNS =
            List.of(
                    new SourceColumn("owner", SourceColumn.Width.BOUNDED),
                    new SourceColumn("object", SourceColumn.Width.BOUNDED),
                    new SourceColumn("start", SourceColumn.Width.BOUNDED),
                    new SourceColumn("content", SourceColumn.Width.BOUNDED));

    private static final long UNKNOWN = -1;

    private LargeObjectRows() {}

    /** Their catalog with the columns that travel instead of its own. */
    static SourceTable of(SourceTable catalog) {
        return new SourceTable(
                catalog.name(),
                catalog.oid(),
                catalog.filenode(),
                COLUMNS,
                Optional.empty(),
                catalog.heapBytes(),
                catalog.toastBytes(),
                catalog.blockBytes(),
                UNKNOWN,
                Optional.empty());
    }

    /**
     * Chunks of about as many objects each.
     *
     * @param session inside the snapshot that will be read
     * @param most at least one
     */
    static List<Chunk> cut(Connection session, int most) throws SQLException {
        var chunks = new ArrayList<Chunk>();
        OptionalLong from = OptionalLong.empty();
        for (long cut : most == 1 ? List.<Long>of() : cuts(session, most)) {
            chunks.add(new Chunk.Objects(from, OptionalLong.of(cut)));
            from = OptionalLong.of(cut);
        }
        chunks.add(new Chunk.Objects(from, OptionalLong.empty()));
        return List.copyOf(chunks);
    }

    /** The least oid of each chunk but the first. */
    private static List<Long> cuts(Connection session, int most) throws SQLException {
        var cuts = new ArrayList<Long>();
        try (Statement statement = session.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                """
                                SELECT pg_catalog.min(oid)::bigint
                                  FROM (SELECT m.oid, pg_catalog.ntile(%d) OVER (ORDER BY m.oid) AS chunk
                                          FROM pg_catalog.pg_largeobject_metadata m) AS tiles
                                 WHERE chunk > 1 GROUP BY chunk ORDER BY 1\
                                """
                                        .formatted(most))) {
            while (row.next()) {
                cuts.add(row.getLong(1));
            }
        }
        return cuts;
    }

    /** The statement that reads a chunk. */
    static String copy(Chunk.Objects chunk) {
        return "COPY (SELECT pg_catalog.pg_get_userbyid(object.owner), object.oid, part.start, part.content FROM "
                + LargeObjects.sized(chunk.where())
                + " CROSS JOIN LATERAL "
                + LargeObjects.parts()
                + " WHERE part.start = 0 OR part.start + "
                + LargeObjects.PART_BYTES
                + " >= object.bytes OR part.content <> "
                + LargeObjects.ZEROES
                + ") TO STDOUT";
    }
}
