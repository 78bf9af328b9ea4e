// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.schemas.Attempt;
import java.util.Comparator;

/** Attempts in the order they are asked for: a newer owner's come after all of an older one's. */
public final class GrantOrder {
    public static final Comparator<Attempt> INSTANCE =
            Comparator.comparingLong(Attempt::getOwnerEpoch).thenComparingInt(Attempt::getNumber);

    private GrantOrder() {}
}
