// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.Carried;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SourceRelation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What control wants to travel, at one moment.
 *
 * @param sources the source tables of each target table, whose changes are streamed
 * @param carried of source tables of which not all travels
 * @param wishes the operator's newest wish that a target table be loaded anew; none: 0
 * @param newestWish of all tables
 * @param largeObjects whether the large objects are loaded, too, as if they were one more table
 */
public record Selection(
        Map<TableName, List<TableName>> sources,
        Map<TableName, Carried> carried,
        Map<TableName, Integer> wishes,
        int newestWish,
        boolean largeObjects) {
    public Selection {
        sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
        carried = Map.copyOf(carried);
        wishes = Map.copyOf(wishes);
    }

    /** What is loaded. */
    List<TableName> targets() {
        var targets = new ArrayList<>(sources.keySet());
        if (largeObjects) {
            targets.add(LargeObjects.NAME);
        }
        return List.copyOf(targets);
    }

    /** The source tables of one target table whose changes are streamed. */
    List<TableName> streamed(TableName target) {
        return sources.getOrDefault(target, List.of());
    }

    /** What one target table is loaded from: of the large objects, their catalog. */
    List<TableName> sourcesOf(TableName target) {
        return largeObjects && target.equals(LargeObjects.NAME)
                ? List.of(LargeObjects.NAME)
                : streamed(target);
    }

    /** The source tables of these target tables. */
    List<TableName> sourcesOf(List<TableName> targets) {
        return targets.stream().flatMap(target -> sourcesOf(target).stream()).toList();
    }

    List<TableName> allSources() {
        return sources.values().stream().flatMap(List::stream).toList();
    }

    /**
     * The source tables of one target table whose changes are streamed, with their oids.
     *
     * @param catalog holds them all
     */
    List<SourceRelation> relations(TableName target, Map<TableName, SourceTable> catalog) {
        return streamed(target).stream()
                .map(source ->
                        new SourceRelation(
                                source.toAvro(),
                                Objects.requireNonNull(catalog.get(source), source::toString)
                                        .oid()))
                .toList();
    }

    int wish(TableName target) {
        return wishes.getOrDefault(target, 0);
    }
}
