// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.TableName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkPlannerTest {
    private static final int BLOCK = 8192;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2047, 2048, 2049, 4096, 65_536, 1_000_000, 50_000_000})
    void coversEveryBlockOnce(long blocks) {
        // When
        List<Chunk> chunks = ChunkPlanner.byBlocks(table(blocks * BLOCK), 4);
        // Then
        if (chunks.size() == 1) {
            assertThat(chunks).containsExactly(new Chunk.Whole());
            return;
        }
        long next = 0;
        for (Chunk chunk : chunks.subList(0, chunks.size() - 1)) {
            var range = (Chunk.Blocks) chunk;
            assertThat(range.from()).isEqualTo(next);
            next = range.to().orElseThrow();
            assertThat(next).isGreaterThan(range.from());
        }
        assertThat(chunks.getLast()).isEqualTo(new Chunk.Blocks(next, OptionalLong.empty()));
        assertThat(next).isLessThan(blocks);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 100",
        "-9223372036854775808, 9223372036854775807",
        "5, 5",
        "7, 8",
        "9223372036854775806, 9223372036854775807"
    })
    void coversEveryKeyOnce(long least, long greatest) {
        // When
        List<Chunk> chunks =
                ChunkPlanner.byKey(table(1L << 30), Optional.of(new KeyBounds(least, greatest)), 4);
        // Then
        OptionalLong next = OptionalLong.empty();
        for (Chunk chunk : chunks) {
            var range = (Chunk.Keys) chunk;
            assertThat(range.from()).isEqualTo(next);
            range.to().ifPresent(to -> assertThat(to > range.from().orElse(least)).isTrue());
            next = range.to();
        }
        assertThat(next).isEmpty();
    }

    @Test
    void readsASmallTableWhole() {
        assertThat(ChunkPlanner.byBlocks(table(ChunkPlanner.CHUNK_LEAST), 4))
                .containsExactly(new Chunk.Whole());
        assertThat(ChunkPlanner.byKey(table(1L << 40), Optional.empty(), 4))
                .containsExactly(new Chunk.Whole());
    }

    @Test
    void writesRangesAsSql() {
        assertThat(new Chunk.Blocks(7, OptionalLong.of(9)).where())
                .isEqualTo(" WHERE ctid >= '(7,0)' AND ctid < '(9,0)'");
        assertThat(new Chunk.Keys("a\"b", OptionalLong.of(-5), OptionalLong.empty()).where())
                .isEqualTo(" WHERE \"a\"\"b\" >= -5");
        assertThat(new Chunk.Keys("k", OptionalLong.empty(), OptionalLong.empty()).where())
                .isEmpty();
    }

    private static SourceTable table(long bytes) {
        return new SourceTable(
                new TableName("s", "t"),
                1,
                1,
                List.of(),
                Optional.empty(),
                bytes,
                0,
                BLOCK,
                -1,
                Optional.of("id"));
    }
}
