// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

/** A message that pgoutput does not send, or not there: our defect or a new protocol. */
final class PgOutputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PgOutputException(String what) {
        super(what);
    }
}
