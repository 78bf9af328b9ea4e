// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.LargeObjects;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;

/**
 * Compares the large objects of both sides, each in one repeatable-read snapshot: a range of oids
 * at a time, so that neither their number nor their size is held in memory, here or on a server.
 */
public final class LargeObjectComparison {
    private static final int WORKERS = 2;
    private static final int OBJECTS_A_RANGE = 1000;
    private static final int SHA_256 = 11;

    private static final String NUMBER_AND_SUM =
            "SELECT pg_catalog.count(*) || ' ' || coalesce(pg_catalog.sum(oid::bigint), 0) || ' ' || coalesce(pg_catalog.sum(oid::bigint * (oid::bigint % 65521)), 0) FROM pg_catalog.pg_largeobject_metadata";

    private static final String CUTS =
            "SELECT oid::bigint FROM (SELECT m.oid, pg_catalog.row_number() OVER (ORDER BY m.oid) AS number FROM pg_catalog.pg_largeobject_metadata m) AS numbered WHERE number % {range} = 0 ORDER BY 1";

    private static final RangeQuery NAMES =
            new RangeQuery(
                    false,
                    where ->
                            "SELECT m.oid::bigint, '' FROM pg_catalog.pg_largeobject_metadata m"
                                    + where);

    /** A part is hashed before its hash is sorted: no sort takes its bytes. */
    private static final String DIGESTS =
            """
            SELECT object.oid::bigint, object.bytes || ' ' || digest.hash
              FROM {sized}
             CROSS JOIN LATERAL (SELECT {digest} AS hash
                                   FROM (SELECT part.start, {part} AS hash FROM {parts} OFFSET 0) AS hashed) AS digest\
            """;

    /** Of the hashes of the parts in their order: no server has a whole object in memory. */
    private static final String OF_SHA_256 =
            "pg_catalog.encode(pg_catalog.sha256(pg_catalog.string_agg(hashed.hash, ''::bytea ORDER BY hashed.start)), 'hex')";

    private static final String OF_MD5 =
            "pg_catalog.md5(pg_catalog.string_agg(hashed.hash, '' ORDER BY hashed.start))";

    /** A hole costs no more than reading it: the hash of zeroes is known. */
    private static final String OF_PART =
            "CASE WHEN part.content = {zeroes} THEN {hash}({zeroes}) ELSE {hash}(part.content) END";

    private final ConnectionSettings source;
    private final Optional<ConnectionSettings> target;
    private final String applicationName;

    /**
     * Between two databases.
     *
     * @param target empty if none were loaded: then the source must have none
     */
    public LargeObjectComparison(
            ConnectionSettings source,
            Optional<ConnectionSettings> target,
            String applicationName) {
        this.source = source;
        this.target = target;
        this.applicationName = applicationName;
    }

    /**
     * By number and oids alone: what was created or removed.
     *
     * @throws dev.godwit.postgres.MigrationException if a side could not be read
     */
    public LargeObjectDifferences ofNames() throws InterruptedException {
        return read(true);
    }

    /**
     * By oid, size and a hash of the bytes.
     *
     * @throws dev.godwit.postgres.MigrationException if a side could not be read
     */
    public LargeObjectDifferences ofContents() throws InterruptedException {
        return read(false);
    }

    private LargeObjectDifferences read(boolean namesOnly) throws InterruptedException {
        try (Side from = Side.open(Side.Role.SOURCE, source, applicationName, WORKERS)) {
            if (target.isEmpty()) {
                return compare(from, Optional.empty(), NAMES);
            }
            try (Side to = Side.open(Side.Role.TARGET, target.get(), applicationName, WORKERS)) {
                if (!namesOnly) {
                    return compare(from, Optional.of(to), digests(from, to));
                }
                return text(from, NUMBER_AND_SUM).equals(text(to, NUMBER_AND_SUM))
                        ? new LargeObjectDifferences(false)
                        : compare(from, Optional.of(to), NAMES);
            }
        }
    }

    /** Reads a range's oids, each with what is compared of it, by its WHERE clause. */
    private record RangeQuery(boolean ofContents, UnaryOperator<String> text) {}

    private record Range(OptionalLong after, OptionalLong upTo) {
        String where() {
            String from = after.isPresent() ? "m.oid > " + after.getAsLong() : "";
            String to = upTo.isPresent() ? "m.oid <= " + upTo.getAsLong() : "";
            String and = from.isEmpty() || to.isEmpty() ? "" : " AND ";
            return from.isEmpty() && to.isEmpty() ? "" : " WHERE " + from + and + to;
        }
    }

    private record Pending(Future<Map<Long, String>> source, Future<Map<Long, String>> target) {}

    private static LargeObjectDifferences compare(Side from, Optional<Side> to, RangeQuery query)
            throws InterruptedException {
        var differences = new LargeObjectDifferences(query.ofContents());
        Deque<Pending> pending = new ArrayDeque<>();
        for (Range range : ranges(from)) {
            pending.add(
                    new Pending(
                            from.submit(connection -> read(connection, query, range)),
                            to.map(side ->
                                            side.submit(
                                                    connection -> read(connection, query, range)))
                                    .orElseGet(() -> CompletableFuture.completedFuture(Map.of()))));
            if (pending.size() > 2 * WORKERS) {
                take(pending, differences);
            }
        }
        while (!pending.isEmpty()) {
            take(pending, differences);
        }
        return differences;
    }

    private static void take(Deque<Pending> pending, LargeObjectDifferences differences)
            throws InterruptedException {
        Pending next = pending.removeFirst();
        differences.add(Side.result(next.source), Side.result(next.target));
    }

    /** They leave out no oid, whatever the target has. */
    private static List<Range> ranges(Side from) throws InterruptedException {
        List<Long> cuts =
                from.on(connection -> {
                    var found = new ArrayList<Long>();
                    try (Statement statement = connection.createStatement();
                            ResultSet row =
                                    statement.executeQuery(
                                            CUTS.replace(
                                                    "{range}",
                                                    Integer.toString(OBJECTS_A_RANGE)))) {
                        while (row.next()) {
                            found.add(row.getLong(1));
                        }
                    }
                    return found;
                });
        var ranges = new ArrayList<Range>();
        OptionalLong after = OptionalLong.empty();
        for (long cut : cuts) {
            ranges.add(new Range(after, OptionalLong.of(cut)));
            after = OptionalLong.of(cut);
        }
        ranges.add(new Range(after, OptionalLong.empty()));
        return ranges;
    }

    /** With the hash that both servers have. */
    private static RangeQuery digests(Side from, Side to) {
        boolean sha = from.version().atLeast(SHA_256) && to.version().atLeast(SHA_256);
        String query =
                DIGESTS.replace("{digest}", sha ? OF_SHA_256 : OF_MD5)
                        .replace("{part}", OF_PART)
                        .replace("{hash}", sha ? "pg_catalog.sha256" : "pg_catalog.md5")
                        .replace("{zeroes}", LargeObjects.ZEROES)
                        .replace("{parts}", LargeObjects.parts());
        return new RangeQuery(true, where -> query.replace("{sized}", LargeObjects.sized(where)));
    }

    private static Map<Long, String> read(Connection connection, RangeQuery query, Range range)
            throws SQLException {
        var read = new HashMap<Long, String>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query.text().apply(range.where()))) {
            while (row.next()) {
                read.put(row.getLong(1), row.getString(2));
            }
        }
        return read;
    }

    private static String text(Side side, String query) throws InterruptedException {
        return side.on(connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(query)) {
                row.next();
                return row.getString(1);
            }
        });
    }
}
