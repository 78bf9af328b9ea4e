// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomSchemaTest {
    private static final long SEED = 20_261_121;
    private static final int TRANSACTIONS = 300;

    @Test
    void theSameSeedDrawsTheSame() {
        for (int major : List.of(10, 18)) {
            RandomSchema schema = RandomSchema.of(SEED, major);
            RandomSchema again = RandomSchema.of(SEED, major);

            assertThat(again.statements()).isEqualTo(schema.statements());
            assertThat(transactions(again, major)).isEqualTo(transactions(schema, major));
        }
    }

    @Test
    void anotherSeedDrawsAnother() {
        assertThat(RandomSchema.of(SEED + 1, 18).statements())
                .isNotEqualTo(RandomSchema.of(SEED, 18).statements());
    }

    @Test
    void everyTypeIsThere() {
        String created = String.join("\n", RandomSchema.of(SEED, 18).statements());

        for (SqlType type : BuiltInTypes.ALL) {
            assertThat(created).contains(" " + type.name() + " ", " " + type.array().name() + " ");
        }
    }

    private static List<RandomTransaction> transactions(RandomSchema schema, int major) {
        var transactions =
                new RandomTransactions(new Dice(new Random(SEED)), major, schema.tables());
        return IntStream.range(0, TRANSACTIONS).mapToObj(i -> transactions.next()).toList();
    }
}
