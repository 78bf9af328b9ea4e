// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.sync.RowShape.Match;
import dev.godwit.apply.sync.TargetTable.TargetColumn;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetRowTest {
    private static final int COLUMNS = 3;
    private static final RowShape SHAPE = shape();

    /** What a run of changes amounts to is what they do one after the other. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void amountsToWhatTheChangesDoOneByOne(long seed) {
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            boolean there = random.nextBoolean();
            List<@Nullable String> before = there ? List.of("k", "a", "b") : null;
            List<@Nullable String> row = before;
            @Nullable NetRow net = null;
            for (int step = 0, steps = 1 + random.nextInt(6); step < steps; step++) {
                RowChange change = next(random, row != null);
                row = apply(row, change);
                if (net == null) {
                    net = NetRow.first(change);
                } else {
                    assertThat(net.then(change)).as("seed %d round %d", seed, round).isTrue();
                }
            }

            assertThat(apply(before, net == null ? Optional.empty() : net.net()))
                    .as("seed %d round %d", seed, round)
                    .isEqualTo(row);
        }
    }

    private static RowChange next(Random random, boolean there) {
        if (!there) {
            return change(Operation.INSERT, text(random), text(random));
        }
        return random.nextInt(3) == 0
                ? change(Operation.DELETE, null, null)
                : change(Operation.UPDATE, maybe(random), maybe(random));
    }

    private static @Nullable String text(Random random) {
        return random.nextInt(4) == 0 ? null : "v" + random.nextInt(1000);
    }

    private static @Nullable String maybe(Random random) {
        return random.nextInt(3) == 0 ? ChangesLog.SAME : text(random);
    }

    private static @Nullable List<@Nullable String> apply(
            @Nullable List<@Nullable String> row, RowChange change) {
        return apply(row, Optional.of(NetChange.of(change)));
    }

    private static @Nullable List<@Nullable String> apply(
            @Nullable List<@Nullable String> row, Optional<NetChange> net) {
        if (net.isEmpty()) {
            return row;
        }
        Cells after = net.get().after();
        return switch (net.get().operation()) {
            case DELETE -> null;
            case INSERT -> {
                assertThat(row).isNull();
                yield read(after, null);
            }
            case UPDATE -> {
                assertThat(row).isNotNull();
                yield read(after, row);
            }
        };
    }

    private static List<@Nullable String> read(Cells cells, @Nullable List<@Nullable String> kept) {
        var row = new ArrayList<@Nullable String>();
        for (int column = 0; column < COLUMNS; column++) {
            if (cells.length(column) == Cells.UNCHANGED && kept != null) {
                row.add(kept.get(column));
            } else {
                row.add(cells.length(column) == Cells.NULL ? null : cells.text(column));
            }
        }
        return row;
    }

    private static RowChange change(
            Operation operation, @Nullable String one, @Nullable String two) {
        Cells cells = cells("k", one, two);
        return new RowChange(SHAPE, operation, new Position(1, 0), 0, 0, cells, cells, 7, false, 1);
    }

    private static Cells cells(@Nullable String... texts) {
        var all = new StringBuilder();
        int[] start = new int[texts.length];
        int[] length = new int[texts.length];
        for (int i = 0; i < texts.length; i++) {
            String text = texts[i];
            start[i] = all.length();
            length[i] =
                    text == null
                            ? Cells.NULL
                            : ChangesLog.isSame(text) ? Cells.UNCHANGED : text.length();
            all.append(length[i] < 0 ? "" : text);
        }
        return Cells.of(all.toString().getBytes(StandardCharsets.US_ASCII), start, length);
    }

    private static RowShape shape() {
        var columns = new ArrayList<TargetColumn>();
        for (String name : List.of("id", "a", "b")) {
            columns.add(
                    new TargetColumn(name, "text", "text", false, 25, -1, Optional.empty(), true));
        }
        return new RowShape(
                new SchemaChange(
                        1,
                        new QualifiedName("public", "t"),
                        new QualifiedName("public", "t"),
                        ReplicaIdentity.DEFAULT_KEY,
                        List.of()),
                new TargetTable(
                        new TableName("public", "t"), false, columns, Set.of(), LaneClass.SPREAD),
                new Match(List.of(0), List.of("="), true),
                0);
    }
}
