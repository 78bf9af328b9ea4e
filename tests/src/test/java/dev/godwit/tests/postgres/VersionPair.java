// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import java.util.List;
import java.util.stream.IntStream;

/** The major versions of a source and of its target. */
public record VersionPair(int source, int target) {
    public static final int OLDEST = 10;
    public static final int NEWEST = 18;

    /** Each that a migration may have, from 10 to 10 up to 18 to 18. */
    public static final List<VersionPair> ALL =
            IntStream.rangeClosed(OLDEST, NEWEST)
                    .boxed()
                    .flatMap(source ->
                            IntStream.rangeClosed(source, NEWEST)
                                    .mapToObj(target -> new VersionPair(source, target)))
                    .toList();

    @Override
    public String toString() {
        return source + " to " + target;
    }
}
