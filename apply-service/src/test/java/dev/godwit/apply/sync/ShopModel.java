// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Counters;
import dev.godwit.schemas.ReplicaIdentity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A made-up source of four hard tables: writes random changes to a log, and knows by plain maps
 * what rows there must be in the end.
 */
final class ShopModel {
    /** Text key, a wide column that is often unchanged. */
    private final Map<String, List<@Nullable String>> spread = new LinkedHashMap<>();

    /** A further unique column, whose values are handed around. */
    private final Map<String, String> unique = new LinkedHashMap<>();

    /** A numeric key: 1.0 and 1.00 are the same row. */
    private final Map<String, List<String>> numeric = new LinkedHashMap<>();

    /** No key: the same row may be there many times. */
    private final List<String> bag = new ArrayList<>();

    private final Counters counters = new Counters(0L, 0L, 0L, 0L);
    private final Random random;
    private final ChangesLog log;

    ShopModel(long seed, ChangesLog log) {
        this.random = new Random(seed);
        this.log = log;
        log.table(1, "spread", ReplicaIdentity.DEFAULT_KEY, "id*", "a", "wide")
                .table(2, "uniq", ReplicaIdentity.DEFAULT_KEY, "id:23*", "u:23")
                .table(3, "numb", ReplicaIdentity.DEFAULT_KEY, "id:1700*", "a")
                .table(4, "bag", ReplicaIdentity.FULL_ROW, "a*", "b:1700*");
    }

    static String[] tables() {
        return new String[] {
            "CREATE TABLE public.spread (id text PRIMARY KEY, a varchar(10), wide text)",
            "CREATE TABLE public.uniq (id int PRIMARY KEY, u int UNIQUE)",
            "CREATE TABLE public.numb (id numeric PRIMARY KEY, a text)",
            "CREATE TABLE public.bag (a text, b numeric)"
        };
    }

    Counters counters() {
        return counters;
    }

    void write(int changes) {
        for (int i = 0; i < changes; i++) {
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4, 5, 6, 7, 8 -> spread();
                case 9, 10, 11, 12 -> unique();
                case 13, 14, 15 -> numeric();
                case 16, 17, 18 -> bag();
                default -> {
                    if (random.nextInt(40) == 0) {
                        truncate();
                    }
                }
            }
        }
    }

    private void spread() {
        String id = "k" + random.nextInt(30);
        List<@Nullable String> row = spread.get(id);
        if (row == null) {
            String a = text();
            spread.put(id, row(a, "w" + a));
            log.insert(1, id, a, "w" + a);
            inserted();
        } else if (random.nextInt(4) == 0) {
            spread.remove(id);
            log.delete(1, id, null, null);
            deleted();
        } else {
            String to = random.nextInt(5) == 0 ? "k" + random.nextInt(30) : id;
            String a = text();
            boolean same = random.nextBoolean();
            String wide = same ? row.get(1) : random.nextInt(4) == 0 ? null : "w" + a;
            if (!to.equals(id) && spread.containsKey(to)) {
                return;
            }
            spread.remove(id);
            spread.put(to, row(a, wide));
            String sent = same ? ChangesLog.SAME : wide;
            if (to.equals(id)) {
                log.update(1, id, a, sent);
            } else {
                log.rekey(1, ChangesLog.cells(id, null, null), to, a, sent);
            }
            updated();
        }
    }

    private static List<@Nullable String> row(@Nullable String a, @Nullable String wide) {
        var row = new ArrayList<@Nullable String>();
        row.add(a);
        row.add(wide);
        return row;
    }

    private void unique() {
        String id = "" + random.nextInt(10);
        String held = unique.get(id);
        if (held == null) {
            String u = free();
            unique.put(id, u);
            log.insert(2, id, u);
            inserted();
        } else if (random.nextInt(3) == 0) {
            unique.remove(id);
            log.delete(2, id, null);
            deleted();
        } else {
            // Give the value up, then let another row take it: a batch must not see it twice.
            String u = free();
            unique.put(id, u);
            log.update(2, id, u);
            updated();
            for (String other : List.copyOf(unique.keySet())) {
                if (!other.equals(id) && random.nextBoolean()) {
                    unique.put(other, held);
                    log.update(2, other, held);
                    updated();
                    break;
                }
            }
        }
    }

    private String free() {
        String u = "" + random.nextInt(14);
        while (unique.containsValue(u)) {
            u = "" + random.nextInt(14);
        }
        return u;
    }

    private void numeric() {
        int number = random.nextInt(6);
        String plain = "" + number;
        List<String> row = numeric.get(plain);
        String id = number + (random.nextBoolean() ? ".0" : ".00");
        if (row == null) {
            String a = text();
            numeric.put(plain, List.of(id, a));
            log.insert(3, id, a);
            inserted();
        } else if (random.nextInt(3) == 0) {
            numeric.remove(plain);
            log.delete(3, row.get(0), null);
            deleted();
        } else {
            String a = text();
            numeric.put(plain, List.of(id, a));
            if (id.equals(row.get(0))) {
                log.update(3, id, a);
            } else {
                log.rekey(3, ChangesLog.cells(row.get(0), null), id, a);
            }
            updated();
        }
    }

    private void bag() {
        if (bag.size() < 3 || random.nextInt(2) == 0) {
            String row = bagRow();
            bag.add(row);
            log.insert(4, part(row, 0), part(row, 1));
            inserted();
            return;
        }
        String row = bag.remove(random.nextInt(bag.size()));
        if (random.nextBoolean()) {
            log.deleteFull(4, part(row, 0), part(row, 1));
            deleted();
        } else {
            String next = bagRow();
            bag.add(next);
            log.updateFull(
                    4, ChangesLog.cells(part(row, 0), part(row, 1)), part(next, 0), part(next, 1));
            updated();
        }
    }

    private String bagRow() {
        return (random.nextInt(4) == 0 ? "" : "x" + random.nextInt(3))
                + ","
                + random.nextInt(2)
                + (random.nextBoolean() ? ".0" : ".00");
    }

    private static @Nullable String part(String row, int index) {
        String part = row.split(",", -1)[index];
        return part.isEmpty() ? null : part;
    }

    private void truncate() {
        spread.clear();
        bag.clear();
        log.truncate(1, 4);
        counters.setTruncates(counters.getTruncates() + 2);
    }

    private String text() {
        return "t" + random.nextInt(1000);
    }

    private void inserted() {
        counters.setInserts(counters.getInserts() + 1);
    }

    private void updated() {
        counters.setUpdates(counters.getUpdates() + 1);
    }

    private void deleted() {
        counters.setDeletes(counters.getDeletes() + 1);
    }

    /** Rows of each table as PostgreSQL writes a row, sorted. */
    Map<String, List<String>> expected() {
        var all = new LinkedHashMap<String, List<String>>();
        all.put(
                "public.spread",
                sorted(
                        spread.entrySet().stream()
                                .map(each ->
                                        "("
                                                + each.getKey()
                                                + ","
                                                + blank(each.getValue().get(0))
                                                + ","
                                                + blank(each.getValue().get(1))
                                                + ")")
                                .toList()));
        all.put(
                "public.uniq",
                sorted(
                        unique.entrySet().stream()
                                .map(each -> "(" + each.getKey() + "," + each.getValue() + ")")
                                .toList()));
        all.put(
                "public.numb",
                sorted(
                        numeric.values().stream()
                                .map(each -> "(" + each.get(0) + "," + each.get(1) + ")")
                                .toList()));
        all.put("public.bag", sorted(bag.stream().map(row -> "(" + row + ")").toList()));
        return all;
    }

    private static String blank(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static List<String> sorted(List<String> rows) {
        return rows.stream().sorted().toList();
    }
}
