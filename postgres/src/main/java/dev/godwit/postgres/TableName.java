// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import dev.godwit.schemas.QualifiedName;

/** A schema-qualified name of a table, index or sequence, unquoted. */
public record TableName(String schema, String name) implements Comparable<TableName> {
    public static TableName of(QualifiedName name) {
        return new TableName(name.getNamespace(), name.getName());
    }

    public QualifiedName toAvro() {
        return new QualifiedName(schema, name);
    }

    /** For SQL. */
    public String quoted() {
        return Identifiers.quote(schema) + "." + Identifiers.quote(name);
    }

    @Override
    public int compareTo(TableName other) {
        int bySchema = schema.compareTo(other.schema);
        return bySchema != 0 ? bySchema : name.compareTo(other.name);
    }

    /** For people. */
    @Override
    public String toString() {
        return schema + "." + name;
    }
}
