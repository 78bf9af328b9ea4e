// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.List;

/**
 * A transaction before it is run.
 *
 * @param steps in order
 * @param kept whether it is committed
 * @param prepared whether it ends in two phases
 */
record RandomTransaction(List<Guarded> steps, boolean kept, boolean prepared) {
    RandomTransaction {
        steps = List.copyOf(steps);
    }

    /**
     * A step.
     *
     * @param guarded within a savepoint: if the server refuses it, the transaction goes on
     */
    record Guarded(Step step, boolean guarded) {}
}
