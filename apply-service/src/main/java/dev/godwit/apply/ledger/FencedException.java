// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

/** A newer owner has taken this partition: whoever gets this closes and writes nothing more. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FencedException(String role, long epoch) {
        super("a newer owner than epoch %d has taken %s".formatted(epoch, role));
    }
}
