// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What became of the source's large objects since they were copied. Of each kind the first oids are
 * kept, and all are counted.
 */
public final class LargeObjectDifferences {
    private static final int NAMED_MOST = 10;

    private final Kind created = new Kind("created");
    private final Kind changed = new Kind("changed");
    private final Kind removed = new Kind("removed");
    private final boolean bytesCompared;
    private long objects;

    LargeObjectDifferences(boolean bytesCompared) {
        this.bytesCompared = bytesCompared;
    }

    /**
     * Takes in what both sides have of a range of oids: what can be said of each object's bytes.
     */
    void add(Map<Long, String> source, Map<Long, String> target) {
        objects += source.size();
        var oids = new TreeSet<>(source.keySet());
        oids.addAll(target.keySet());
        for (Long oid : oids) {
            String ofSource = source.get(oid);
            String ofTarget = target.get(oid);
            if (ofTarget == null) {
                created.add(oid);
            } else if (ofSource == null) {
                removed.add(oid);
            } else if (!ofSource.equals(ofTarget)) {
                changed.add(oid);
            }
        }
    }

    public boolean none() {
        return count() == 0;
    }

    /** On the source. */
    public long objects() {
        return objects;
    }

    /** For people: how many, and which. */
    public String what() {
        var kinds = new ArrayList<String>();
        for (Kind kind : List.of(created, changed, removed)) {
            if (kind.count > 0) {
                kinds.add(kind.toString());
            }
        }
        return "%d large objects of the source are not as they were loaded: %s%s"
                .formatted(
                        count(),
                        String.join("; ", kinds),
                        bytesCompared ? "" : " (their bytes have not been compared)");
    }

    private long count() {
        return created.count + changed.count + removed.count;
    }

    private static final class Kind {
        private final String name;
        private final List<String> first = new ArrayList<>();
        private long count;

        Kind(String name) {
            this.name = name;
        }

        void add(long oid) {
            count++;
            if (first.size() < NAMED_MOST) {
                first.add(Long.toString(oid));
            }
        }

        @Override
        public String toString() {
            long more = count - first.size();
            return "%s %s%s"
                    .formatted(
                            name,
                            String.join(", ", first),
                            more == 0 ? "" : " and %d more".formatted(more));
        }
    }
}
