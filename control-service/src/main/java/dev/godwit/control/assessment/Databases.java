// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Both sides, opened, and the tables that the checks are about.
 *
 * @param rules what the operator wants of them
 * @param slotsNeeded on the source server: one for each database that is still to start, and a
 *     temporary one
 */
record Databases(
        Side source, Side target, List<TableMapping> tables, TableRuleBook rules, int slotsNeeded) {
    Databases {
        tables = List.copyOf(tables);
    }

    /** The mapping's source table as a whole. */
    CatalogTable sourceTable(TableMapping mapping) {
        return Objects.requireNonNull(source.catalog().get(TableName.of(mapping.getSource())));
    }

    /** Source schema to target schema, each as its server prints it in front of a type. */
    Map<String, String> renamedSchemas() {
        var printed = new LinkedHashMap<String, String>();
        rules.schemas()
                .forEach((from, to) -> printed.put(source.printed(from), target.printed(to)));
        return printed;
    }

    /**
     * One side.
     *
     * @param schemas each as the server quotes it, or not
     */
    record Side(
            String user,
            String database,
            Connection connection,
            ServerVersion version,
            Map<TableName, CatalogTable> catalog,
            Map<String, String> schemas) {
        static Side read(ConnectionSettings settings, Connection connection) throws SQLException {
            ServerVersion version = ConnectionSettings.version(connection);
            return new Side(
                    settings.user(),
                    settings.database(),
                    connection,
                    version,
                    Catalog.read(connection, version),
                    Catalog.schemas(connection));
        }

        private String printed(String schema) {
            return schemas.getOrDefault(schema, Identifiers.quote(schema));
        }
    }
}
