// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.schemas.Block;
import dev.godwit.schemas.PieceEnd;
import dev.godwit.schemas.PieceStart;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.zip.CRC32C;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * The COPY of one piece under way. Closing it before {@link #finish} cancels it, so no piece is
 * ever half loaded.
 */
final class PieceCopy implements AutoCloseable {
    private final Connection connection;
    private final PieceTarget target;
    private final CopyIn copy;
    private final CRC32C crc = new CRC32C();
    private int blocks;
    private long bytes;

    private PieceCopy(Connection connection, PieceTarget target, CopyIn copy) {
        this.connection = connection;
        this.target = target;
        this.copy = copy;
    }

    static PieceCopy open(Connection connection, PieceStart start) throws SQLException {
        PieceTarget target = PieceTarget.of(start);
        String statement = target.begin(connection);
        return new PieceCopy(
                connection,
                target,
                connection.unwrap(PGConnection.class).getCopyAPI().copyIn(statement));
    }

    /** Writes the next block, and says whether it is the next: if not, nothing is written. */
    boolean write(Block block) throws SQLException {
        if (block.getSequence() != blocks) {
            return false;
        }
        ByteBuffer content = block.getContent();
        int from = content.arrayOffset() + content.position();
        crc.update(content.array(), from, content.remaining());
        copy.writeToCopy(content.array(), from, content.remaining());
        blocks++;
        bytes += content.remaining();
        return true;
    }

    /**
     * Ends the COPY, and says whether rows, bytes and checksum are those that were sent. If they
     * are, the rows are where they belong.
     */
    boolean finish(PieceEnd end) throws SQLException {
        if (end.getBytes() != bytes || end.getCrc() != crc.getValue()) {
            return false;
        }
        if (copy.endCopy() != end.getRows()) {
            return false;
        }
        target.settle(connection);
        return true;
    }

    @Override
    public void close() throws SQLException {
        if (copy.isActive()) {
            copy.cancelCopy();
        }
    }
}
