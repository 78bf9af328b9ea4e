// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

/** What the oid of a type tells. */
public final class TypeOids {
    /** PostgreSQL's FirstNormalObjectId (access/transam.h). */
    private static final int FIRST_OWN = 16_384;

    private TypeOids() {}

    /**
     * Whether the database has made the type itself: its oid says nothing on another server.
     *
     * @param oid unsigned
     */
    public static boolean isOwn(int oid) {
        return Integer.compareUnsigned(oid, FIRST_OWN) >= 0;
    }
}
