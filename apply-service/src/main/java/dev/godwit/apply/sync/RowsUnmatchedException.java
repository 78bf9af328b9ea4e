// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

/** Rows cannot be put together, or a statement did not hit exactly its rows. */
final class RowsUnmatchedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RowsUnmatchedException(String what) {
        super(what);
    }
}
