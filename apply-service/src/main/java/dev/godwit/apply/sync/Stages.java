// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The session's staging tables: one for each kind of work, emptied by every commit. A rollback
 * takes those with it that the transaction made.
 */
final class Stages {
    /** A commit empties every one that there is, so there are few. */
    private static final int MOST = 32;

    private final Connection connection;
    private final Map<Key, String> tables = new LinkedHashMap<>(16, 0.75f, true);
    private final List<Key> fresh = new ArrayList<>();
    private final Set<String> filled = new HashSet<>();
    private long made;

    Stages(Connection connection) {
        this.connection = connection;
    }

    private record Key(RowShape shape, Operation operation, BitSet columns) {}

    /**
     * The staging table for this work, empty; once asked for it counts as filled until the
     * transaction ends.
     */
    String of(Work work) throws SQLException {
        var key = new Key(work.shape(), work.operation(), work.columns());
        String known = tables.get(key);
        if (known != null) {
            if (!filled.add(known)) {
                run("DELETE FROM " + known);
            }
            return known;
        }
        if (tables.size() >= MOST) {
            Key oldest = tables.keySet().iterator().next();
            run("DROP TABLE " + tables.remove(oldest));
            // A rollback would bring it back unknown, which only costs its name.
            fresh.remove(oldest);
        }
        made++;
        String name = "pg_temp.godwit_stage_" + made;
        run(RowSql.stage(work, name));
        tables.put(key, name);
        fresh.add(key);
        filled.add(name);
        return name;
    }

    void committed() {
        fresh.clear();
        filled.clear();
    }

    void rolledBack() {
        fresh.forEach(tables::remove);
        fresh.clear();
        filled.clear();
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
