// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.LargeObjects;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether the source's large objects travel, and what that needs. They do if there are any, and the
 * selection does not leave out their catalog.
 *
 * @param carried whether they travel
 */
record LargeObjectChecks(boolean carried, List<CheckFinding> findings) {
    private static final String ID = "source.large-objects";
    private static final int SETTING_A_ROLE = 16;
    private static final int NAMED_MOST = 5;

    /** An owner, a grantee, or whoever runs without these checks at all may read one. */
    private static final String OWNERS =
            """
            SELECT pg_catalog.pg_get_userbyid(m.lomowner), pg_catalog.count(*),
                   pg_catalog.bool_and(
                       pg_catalog.current_setting('lo_compat_privileges')::bool OR pg_catalog.pg_has_role(m.lomowner, 'USAGE')
                       OR EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) AS a
                                   WHERE a.privilege_type = 'SELECT'
                                     AND CASE a.grantee WHEN 0 THEN true ELSE pg_catalog.pg_has_role(a.grantee, 'USAGE') END))
              FROM pg_catalog.pg_largeobject_metadata m GROUP BY m.lomowner ORDER BY 1\
            """;

    private static final String NOT_TO_BE_ACTED_AS =
            """
            SELECT owners.name, r.oid IS NOT NULL
              FROM unnest(?::text[]) AS owners (name) LEFT JOIN pg_catalog.pg_roles r ON r.rolname = owners.name
             WHERE r.oid IS NULL OR NOT (pg_catalog.pg_has_role(r.oid, '{act}') AND pg_catalog.pg_has_role(r.oid, 'USAGE'))
             ORDER BY 1\
            """;

    LargeObjectChecks {
        findings = List.copyOf(findings);
    }

    private record Owned(long objects, boolean readable) {}

    /**
     * What both sides say of them.
     *
     * @param tablePatterns what the operator selected; empty: everything
     */
    static LargeObjectChecks of(Databases databases, List<String> tablePatterns)
            throws SQLException {
        Map<String, Owned> owners = owners(databases.source().connection());
        long objects = owners.values().stream().mapToLong(Owned::objects).sum();
        if (objects == 0) {
            return new LargeObjectChecks(
                    false,
                    List.of(
                            CheckFinding.passed(
                                    ID,
                                    ErrorCode.LARGE_OBJECTS_CHANGED,
                                    "no large object on the source")));
        }
        if (!TableSelection.selects(tablePatterns, LargeObjects.NAME)) {
            return new LargeObjectChecks(
                    false,
                    List.of(
                            CheckFinding.warning(
                                    ID,
                                    ErrorCode.LARGE_OBJECTS_CHANGED,
                                    "%d large objects of the source do not travel: the selection leaves them out"
                                            .formatted(objects),
                                    "Select them too: --tables %s; or copy those that the selected tables name after the cutover"
                                            .formatted(LargeObjects.NAME))));
        }
        var findings = new ArrayList<CheckFinding>();
        findings.add(
                CheckFinding.warning(
                        ID,
                        ErrorCode.LARGE_OBJECTS_CHANGED,
                        "%d large objects of the source are copied by the load; what happens to them later is not followed, but found at the cutover, which is then refused"
                                .formatted(objects),
                        "Have nobody create, change or remove one from the load's start on, and fence the source at the cutover; or leave them out: --tables '!%s'"
                                .formatted(LargeObjects.NAME)));
        findings.add(rights(databases, owners));
        findings.add(target(databases.target().connection()));
        ownership(databases, owners).ifPresent(findings::add);
        return new LargeObjectChecks(true, findings);
    }

    private static Map<String, Owned> owners(Connection source) throws SQLException {
        var owners = new LinkedHashMap<String, Owned>();
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(OWNERS)) {
            while (row.next()) {
                owners.put(row.getString(1), new Owned(row.getLong(2), row.getBoolean(3)));
            }
        }
        return owners;
    }

    private static CheckFinding rights(Databases databases, Map<String, Owned> owners) {
        String id = "source.large-object-rights";
        String user = databases.source().user();
        List<String> closed =
                owners.entrySet().stream()
                        .filter(owner -> !owner.getValue().readable())
                        .map(Map.Entry::getKey)
                        .toList();
        if (closed.isEmpty()) {
            return CheckFinding.passed(
                    id,
                    ErrorCode.PERMISSION_DENIED,
                    "user %s may read the large objects".formatted(user));
        }
        return CheckFinding.failed(
                id,
                ErrorCode.PERMISSION_DENIED,
                "user %s may not read large objects of the source that belong to %s"
                        .formatted(user, named(closed)),
                "On the source: GRANT %s TO %s; (or, as a superuser: ALTER ROLE %2$s SET lo_compat_privileges = on;); or leave them out: --tables '!%s'"
                        .formatted(
                                Identifiers.quoteAll(closed),
                                Identifiers.quote(user),
                                LargeObjects.NAME));
    }

    /** What is there would be mixed with what comes, under the same oids. */
    private static CheckFinding target(Connection target) throws SQLException {
        String id = "target.large-objects";
        try (Statement statement = target.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata")) {
            row.next();
            long there = row.getLong(1);
            return there == 0
                    ? CheckFinding.passed(
                            id, ErrorCode.TARGET_TABLE_NOT_EMPTY, "no large object on the target")
                    : CheckFinding.failed(
                            id,
                            ErrorCode.TARGET_TABLE_NOT_EMPTY,
                            "the target holds %d large objects".formatted(there),
                            "On the target, if nobody needs them: SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 1000) AS objects; until none is left; or leave the source's out: --tables '!%s'"
                                    .formatted(LargeObjects.NAME));
        }
    }

    /** An object whose owner cannot be had on the target is ours there. */
    private static Optional<CheckFinding> ownership(Databases databases, Map<String, Owned> owners)
            throws SQLException {
        Databases.Side target = databases.target();
        var missing = new ArrayList<String>();
        var foreign = new ArrayList<String>();
        try (PreparedStatement query =
                target.connection()
                        .prepareStatement(
                                NOT_TO_BE_ACTED_AS.replace(
                                        "{act}",
                                        target.version().atLeast(SETTING_A_ROLE)
                                                ? "SET"
                                                : "MEMBER"))) {
            query.setArray(1, target.connection().createArrayOf("text", owners.keySet().toArray()));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    (row.getBoolean(2) ? foreign : missing).add(row.getString(1));
                }
            }
        }
        if (missing.isEmpty() && foreign.isEmpty()) {
            return Optional.empty();
        }
        var all = new ArrayList<>(missing);
        all.addAll(foreign);
        String user = Identifiers.quote(target.user());
        String create =
                missing.stream()
                        .map(role -> "CREATE ROLE %s; ".formatted(Identifiers.quote(role)))
                        .collect(Collectors.joining());
        return Optional.of(
                CheckFinding.warning(
                        "target.large-object-owners",
                        ErrorCode.PERMISSION_DENIED,
                        "large objects of %s will belong to user %s on the target, %s"
                                .formatted(
                                        named(all),
                                        target.user(),
                                        missing.isEmpty()
                                                ? "who may not act as their owner"
                                                : "where there is no such role"),
                        "On the target: %sGRANT %s TO %s;"
                                .formatted(create, Identifiers.quoteAll(all), user)));
    }

    private static String named(List<String> roles) {
        String more =
                roles.size() <= NAMED_MOST
                        ? ""
                        : " and %d more".formatted(roles.size() - NAMED_MOST);
        return roles.stream().limit(NAMED_MOST).collect(Collectors.joining(", ")) + more;
    }
}
