// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.ChangeFragment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Joins the parts of a change that is wider than a record. */
final class Fragments {
    private @Nullable ByteBuffer whole;
    private int next;

    /** Whether a change has begun and not ended. */
    boolean open() {
        return whole != null;
    }

    /** The change's record, with its last part. */
    Optional<byte[]> add(ChangeFragment part) {
        ByteBuffer joined = whole;
        if (part.getNumber() == 0) {
            joined = ByteBuffer.allocate(Math.toIntExact(part.getTotalBytes()));
            whole = joined;
            next = 0;
        }
        if (joined == null
                || part.getNumber() != next
                || part.getContent().remaining() > joined.remaining()) {
            throw broken(part, "part %d came instead of %d".formatted(part.getNumber(), next));
        }
        joined.put(part.getContent());
        next++;
        if (next < part.getCount()) {
            return Optional.empty();
        }
        whole = null;
        var crc = new CRC32C();
        crc.update(joined.array(), 0, joined.position());
        if (joined.hasRemaining() || crc.getValue() != part.getCrc()) {
            throw broken(part, "its length or checksum differs");
        }
        return Optional.of(joined.array());
    }

    private static MigrationException broken(ChangeFragment part, String why) {
        return new MigrationException(
                ErrorCode.LOG_FOREIGN,
                "the change at LSN %X in the log is broken: %s".formatted(part.getFinalLsn(), why));
    }
}
