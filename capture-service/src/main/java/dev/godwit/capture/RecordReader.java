// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.codec.UnknownSchemaException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Decodes for a follower, which may be ahead of the book's own: a writer's schema is waited for, it
 * was published first.
 */
final class RecordReader {
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final int LOOKS = 300;

    private final RecordCodec codec;

    RecordReader(SchemaBook book) {
        this.codec = new RecordCodec(book);
    }

    SpecificRecordBase read(byte[] bytes) {
        for (int look = 1; ; look++) {
            try {
                return codec.decode(bytes);
            } catch (UnknownSchemaException e) {
                if (look == LOOKS) {
                    throw e;
                }
                awaitBook();
            }
        }
    }

    private void awaitBook() {
        LockSupport.parkNanos(this, LOOK.toNanos());
    }
}
