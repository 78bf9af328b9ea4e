// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import dev.godwit.tests.postgres.Database;
import java.util.List;

/**
 * What a server says of its large objects, one line each: oid, owner, size, and the MD5 of all its
 * bytes at once, or, of one too large for that, of its two ends. It reads them whole, as a
 * superuser.
 */
public final class LargeObjectText {
    private static final long WHOLE_MOST = 200L << 20;

    /** The last page tells the size: PostgreSQL writes one for it even behind a hole. */
    private static final String LINES =
            """
            SELECT o.oid || ' ' || pg_get_userbyid(o.lomowner) || ' ' || size.bytes || ' ' ||
                   CASE WHEN size.bytes <= %1$d THEN md5(lo_get(o.oid))
                        ELSE md5(lo_get(o.oid, 0, 1000000)) || md5(lo_get(o.oid, size.bytes - 1000000, 1000000)) END
              FROM (SELECT oid, lomowner FROM pg_largeobject_metadata) o,
                   LATERAL (SELECT coalesce(max(pageno::bigint * 2048 + length(data)), 0) AS bytes FROM pg_largeobject WHERE loid = o.oid) size
             ORDER BY o.oid
            """
                    .formatted(WHOLE_MOST);

    private LargeObjectText() {}

    public static List<String> of(Database database) {
        return database.query(LINES);
    }
}
