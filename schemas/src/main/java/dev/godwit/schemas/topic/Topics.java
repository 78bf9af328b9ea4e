// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import dev.godwit.schemas.QualifiedName;
import java.util.List;

/** Names of the topics and of the keys in them. */
public final class Topics {
    public static final String MIGRATIONS = "godwit.migrations";
    public static final String STATUS = "godwit.status";
    public static final String SCHEMAS = "godwit.schemas";
    public static final String AUDIT = "godwit.audit";

    /** Fixed for ever: the partition of a migration decides which capture owns it. */
    public static final int MIGRATIONS_PARTITIONS = 32;

    public static final String CAPTURE_GROUP = "godwit-capture";
    public static final String APPLY_GROUP = "godwit-apply";

    /** Key of the stream's own record in the state topic. */
    public static final String STREAM_KEY = "stream";

    /** Key of what was made on the source, in the state topic. */
    public static final String SOURCE_KEY = "source";

    private Topics() {}

    public static String load(String databaseId) {
        return "godwit." + databaseId + ".load";
    }

    public static String changes(String databaseId) {
        return "godwit." + databaseId + ".changes";
    }

    public static String state(String databaseId) {
        return "godwit." + databaseId + ".state";
    }

    /** The topics of one database migration. */
    public static List<String> of(String databaseId) {
        return List.of(load(databaseId), changes(databaseId), state(databaseId));
    }

    /** Key in the state topic of a source table's counters. */
    public static String tableKey(QualifiedName source) {
        return "table/" + path(source);
    }

    /** Key in the state topic of a target table's load. */
    public static String loadKey(QualifiedName target) {
        return "load/" + path(target);
    }

    /** Key in the status topic of capture's summary. */
    public static String captureKey(String databaseId) {
        return databaseId + "/capture";
    }

    /** Key in the status topic of apply's summary. */
    public static String applyKey(String databaseId) {
        return databaseId + "/apply";
    }

    public static String captureKey(String databaseId, QualifiedName target) {
        return captureKey(databaseId) + "/" + path(target);
    }

    public static String applyKey(String databaseId, QualifiedName target) {
        return applyKey(databaseId) + "/" + path(target);
    }

    /** A name may hold dots; their number in front keeps two names from sharing a key. */
    private static String path(QualifiedName name) {
        return name.getNamespace().length() + "." + name.getNamespace() + "." + name.getName();
    }
}
