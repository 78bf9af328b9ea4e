// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Has the source judge the row filters: each becomes part of a publication in a transaction that is
 * rolled back (PostgreSQL docs, "Row Filters"). What the server then holds of it, not what the
 * operator wrote, is what all services use: a literal such as 'now' is a constant there.
 *
 * @param tables the mappings, each filter as the server writes it
 */
record RowFilters(List<TableMapping> tables, List<CheckFinding> findings) {
    private static final String ID = "source.row-filters";
    private static final int ROW_FILTERS = 15;

    private static final String JUDGED =
            """
            SELECT pg_catalog.pg_get_expr(r.prqual, r.prrelid),
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_depend d
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = d.refobjsubid
                          WHERE d.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass AND d.objid = r.oid
                            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND d.refobjid = r.prrelid AND d.refobjsubid > 0)
              FROM pg_catalog.pg_publication_rel r
              JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
             WHERE p.pubname = ? AND r.prrelid = ?::pg_catalog.text::pg_catalog.regclass\
            """;

    RowFilters {
        tables = List.copyOf(tables);
        findings = List.copyOf(findings);
    }

    /** A filter as the server took it. */
    private record Judged(String filter, Set<String> columns) {}

    static RowFilters judge(Databases databases) throws SQLException {
        List<TableMapping> tables = databases.tables();
        List<TableName> filtered =
                tables.stream()
                        .filter(mapping -> mapping.getFilter() != null)
                        .map(mapping -> TableName.of(mapping.getSource()))
                        .toList();
        if (filtered.isEmpty()) {
            return new RowFilters(tables, List.of());
        }
        Databases.Side source = databases.source();
        if (!source.version().atLeast(ROW_FILTERS)) {
            return new RowFilters(
                    tables,
                    List.of(
                            CheckFinding.failed(
                                    ID,
                                    ErrorCode.FILTER_NEEDS_15,
                                    "the source is PostgreSQL %s: it cannot filter the rows of %s"
                                            .formatted(source.version(), filtered.getFirst()))));
        }
        Map<TableName, RowIdentity> identities =
                RowIdentity.read(source.connection(), source.version(), filtered);
        var findings = new ArrayList<CheckFinding>();
        var judged = new ArrayList<TableMapping>();
        try (var publication = new Trial(source.connection())) {
            for (TableMapping mapping : tables) {
                judged.add(
                        mapping.getFilter() == null
                                ? mapping
                                : judge(databases, mapping, identities, publication, findings));
            }
        }
        if (findings.isEmpty()) {
            findings.add(
                    CheckFinding.passed(
                            ID, ErrorCode.FILTER_REFUSED, "%d tables".formatted(filtered.size())));
        }
        return new RowFilters(judged, findings);
    }

    private static TableMapping judge(
            Databases databases,
            TableMapping mapping,
            Map<TableName, RowIdentity> identities,
            Trial publication,
            List<CheckFinding> findings)
            throws SQLException {
        TableName name = TableName.of(mapping.getSource());
        CatalogTable table = databases.source().catalog().get(name);
        RowIdentity identity = identities.get(name);
        if (table == null || identity == null || !table.owned()) {
            // Another check says so.
            return mapping;
        }
        Judged judged;
        try {
            judged = publication.judge(name, mapping.getFilter());
        } catch (SQLException e) {
            if (SqlStates.passing(e)) {
                throw e;
            }
            findings.add(
                    CheckFinding.failed(
                            ID,
                            SqlStates.state(e).equals("42501")
                                    ? ErrorCode.PERMISSION_DENIED
                                    : ErrorCode.FILTER_REFUSED,
                            "the source refuses the filter of table %s: %s"
                                    .formatted(name, words(e))));
            return mapping;
        }
        inexact(table, mapping, identity, judged.columns())
                .ifPresent(why ->
                        findings.add(
                                CheckFinding.failed(
                                        ID,
                                        ErrorCode.FILTER_REFUSED,
                                        why,
                                        "On the source: ALTER TABLE %s REPLICA IDENTITY FULL;"
                                                .formatted(name.quoted()))));
        return TableMapping.newBuilder(mapping).setFilter(judged.filter()).build();
    }

    /** Why rows that cross the filter could not be told from the WAL alone. */
    private static Optional<String> inexact(
            CatalogTable table, TableMapping mapping, RowIdentity identity, Set<String> used) {
        if (identity.full() || used.isEmpty()) {
            return Optional.empty();
        }
        var beside = new TreeSet<>(used);
        beside.removeAll(identity.columns());
        if (!beside.isEmpty()) {
            return Optional.of(
                    "the filter of source table %s uses column %s, which is not in its replica identity: once it is published, the source would refuse the application's updates and deletes"
                            .formatted(table.name(), String.join(", ", beside)));
        }
        var lost = new TreeSet<>(identity.outOfLine());
        lost.removeAll(identity.columns());
        if (!mapping.getColumns().isEmpty()) {
            lost.retainAll(mapping.getColumns());
        }
        return lost.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "a row of source table %s that enters the filter by an update of its key would come without its large values of column %s: they are not in the WAL"
                                .formatted(table.name(), String.join(", ", lost)));
    }

    private static String words(SQLException e) {
        if (e instanceof PSQLException refused) {
            ServerErrorMessage server = refused.getServerErrorMessage();
            if (server != null) {
                return server.getDetail() == null
                        ? String.valueOf(server.getMessage())
                        : server.getMessage() + " (" + server.getDetail() + ")";
            }
        }
        return String.valueOf(e.getMessage());
    }

    /** A publication that is never committed. */
    private static final class Trial implements AutoCloseable {
        private final Connection connection;
        private final String name;

        Trial(Connection connection) throws SQLException {
            this.connection = connection;
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET LOCAL lock_timeout = '10s'");
                try (ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_backend_pid()")) {
                    row.next();
                    name = "godwit_check_" + row.getInt(1);
                }
                statement.execute("CREATE PUBLICATION " + name);
            } catch (SQLException e) {
                connection.rollback();
                connection.setAutoCommit(true);
                throw e;
            }
        }

        Judged judge(TableName table, String filter) throws SQLException {
            Savepoint before = connection.setSavepoint();
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute(
                        "ALTER PUBLICATION %s ADD TABLE ONLY %s WHERE ("
                                        .formatted(Identifiers.quote(name), table.quoted())
                                + filter
                                + ")");
            } catch (SQLException e) {
                connection.rollback(before);
                throw e;
            }
            connection.releaseSavepoint(before);
            try (PreparedStatement query = connection.prepareStatement(JUDGED)) {
                query.setString(1, name);
                query.setString(2, table.quoted());
                try (ResultSet row = query.executeQuery()) {
                    row.next();
                    return new Judged(
                            row.getString(1), Set.of((String[]) row.getArray(2).getArray()));
                }
            }
        }

        @Override
        public void close() throws SQLException {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }
}
