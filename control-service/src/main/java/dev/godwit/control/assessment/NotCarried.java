// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * What the source's database has and Godwit does not carry, each with what to do. What no database
 * can lack (roles, settings) is in the documentation alone; what every migration has made
 * beforehand (the schema) is looked at by the checks of tables.
 */
enum NotCarried {
    FOREIGN_TABLES(
            "foreign-tables",
            "foreign tables",
            """
            SELECT n.nspname || '.' || c.relname || coalesce(' (a partition of ' || i.inhparent::pg_catalog.regclass || ')', '')
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
             WHERE c.relkind = 'f' ORDER BY c.relispartition DESC, 1\
            """,
            "Their rows are another server's. Create the server, the user mappings and the tables on the target (pg_dump -s has all but the passwords); attach those that are partitions after the cutover, else their rows are missing in the partitioned table"),
    EXTENSION_SETTINGS(
            "extension-settings",
            "extensions that keep rows of this database in tables of their own",
            "SELECT extname FROM pg_catalog.pg_extension WHERE extconfig IS NOT NULL ORDER BY 1",
            "Such tables do not travel. Carry what was added to them: pg_dump --data-only --table=... on the source, psql on the target"),
    EVENT_TRIGGERS(
            "event-triggers",
            "event triggers",
            """
            SELECT t.evtname FROM pg_catalog.pg_event_trigger t
             WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
                                  AND d.objid = t.oid AND d.deptype = 'e') ORDER BY 1\
            """,
            "Create them on the target after the cutover, so that they do not fire for what Godwit does to its tables"),
    PUBLICATIONS(
            "publications",
            "publications",
            "SELECT pubname FROM pg_catalog.pg_publication WHERE pubname !~ '^godwit_[a-z0-9]{12}$' ORDER BY 1",
            "Create them on the target, and have their subscribers follow it after the cutover"),
    SUBSCRIPTIONS(
            "subscriptions",
            "subscriptions",
            """
            SELECT subname FROM pg_catalog.pg_subscription
             WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) ORDER BY 1\
            """,
            "The rows that they bring travel as any others. After the cutover: disable them on the source, and create them on the target with copy_data = false"),
    REPLICATION_ORIGINS(
            "replication-origins",
            "replication origins of the server",
            "SELECT roname FROM pg_catalog.pg_replication_origin WHERE roname !~ '^pg_[0-9]+' ORDER BY 1",
            "Whoever replicates into this server needs them on the target: SELECT pg_replication_origin_create(name), with the progress that it has reached"),
    SECURITY_LABELS(
            "security-labels",
            "security labels",
            "SELECT provider || ' ' || label FROM pg_catalog.pg_seclabel ORDER BY 1",
            "Load the label provider on the target, and set them there: SECURITY LABEL ... (pg_dump -s has them)");

    private static final int NAMED_MOST = 3;

    private final String id;
    private final String name;
    private final String query;
    private final String remedy;

    NotCarried(String id, String name, String query, String remedy) {
        this.id = id;
        this.name = name;
        this.query = query;
        this.remedy = remedy;
    }

    /** Of those that are there; none as a rule. */
    static List<CheckFinding> run(Databases databases) throws SQLException {
        var findings = new ArrayList<CheckFinding>();
        for (NotCarried kind : values()) {
            List<String> found = kind.find(databases.source().connection());
            if (!found.isEmpty()) {
                findings.add(kind.finding(found));
            }
        }
        return findings;
    }

    private List<String> find(Connection source) throws SQLException {
        var found = new ArrayList<String>();
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                found.add(row.getString(1));
            }
        }
        return found;
    }

    private CheckFinding finding(List<String> found) {
        return CheckFinding.warning(
                "source." + id,
                ErrorCode.NOTHING_SELECTED,
                "%s are not carried, and the source has %d: %s%s"
                        .formatted(
                                name,
                                found.size(),
                                String.join(
                                        ", ", found.subList(0, Math.min(NAMED_MOST, found.size()))),
                                found.size() > NAMED_MOST ? ", ..." : ""),
                remedy);
    }
}
