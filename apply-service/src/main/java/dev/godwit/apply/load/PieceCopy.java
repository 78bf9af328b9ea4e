// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.TableName;
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
    private final CopyIn copy;
    private final CRC32C crc = new CRC32C();
    private int blocks;
    private long bytes;

    private PieceCopy(CopyIn copy) {
        this.copy = copy;
    }

    static PieceCopy open(Connection connection, PieceStart start) throws SQLException {
        TableName table = TableName.of(start.getId().getTarget());
        String columns =
                start.getColumns().isEmpty()
                        ? ""
                        : " (" + Identifiers.quoteAll(start.getColumns()) + ")";
        return new PieceCopy(
                connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyIn("COPY " + table.quoted() + columns + " FROM STDIN"));
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

    /** Ends the COPY, and says whether rows, bytes and checksum are those that were sent. */
    boolean finish(PieceEnd end) throws SQLException {
        if (end.getBytes() != bytes || end.getCrc() != crc.getValue()) {
            return false;
        }
        return copy.endCopy() == end.getRows();
    }

    @Override
    public void close() throws SQLException {
        if (copy.isActive()) {
            copy.cancelCopy();
        }
    }
}
