// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Where all that is random comes from. */
final class Dice {
    private final RandomGenerator random;

    Dice(RandomGenerator random) {
        this.random = random;
    }

    static Dice of(long seed) {
        return new Dice(new SplittableRandom(seed));
    }

    /** From 0, without the bound. */
    int below(int bound) {
        return random.nextInt(bound);
    }

    /** With both bounds. */
    int between(int least, int most) {
        return random.nextInt(least, most + 1);
    }

    long between(long least, long most) {
        return least == most ? least : random.nextLong(least, most);
    }

    long bits() {
        return random.nextLong();
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    /** One in so many. */
    boolean rarely(int once) {
        return random.nextInt(once) == 0;
    }

    <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    @SafeVarargs
    final <T> T pick(T first, T... others) {
        int place = random.nextInt(others.length + 1);
        return place == 0 ? first : others[place - 1];
    }

    /** So many different ones, or all that there are. */
    <T> List<T> pickSome(List<T> choices, int count) {
        List<T> shuffled = shuffled(choices);
        return List.copyOf(shuffled.subList(0, Math.min(count, shuffled.size())));
    }

    <T> List<T> shuffled(List<T> all) {
        List<T> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, new Random(random.nextLong()));
        return shuffled;
    }
}
