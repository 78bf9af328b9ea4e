// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.codec;

import java.util.Optional;
import org.apache.avro.Schema;

/**
 * Writers' schemas by their CRC-64-AVRO fingerprint, this build's own and those of other builds.
 */
public interface SchemaBook {
    /** The schema of that fingerprint, or empty if no writer has published it yet. */
    Optional<Schema> find(long fingerprint);

    /** Knows only this build's schemas: for one process that talks to itself. */
    static SchemaBook ownOnly() {
        return fingerprint -> Optional.empty();
    }
}
