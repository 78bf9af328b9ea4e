// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/**
 * Asks a server whether it speaks TLS (PostgreSQL docs, "Message Formats", SSLRequest). The driver
 * gives the SQLSTATE of a server that does not to other refusals too, so only the server can tell.
 */
final class TlsRequest {
    private static final int CODE = 80877103;
    private static final int REFUSED = 'N';

    private TlsRequest() {}

    /** Whether the server answers that it does not; false as well when it does not answer. */
    static boolean refused(String host, int port, int timeoutMillis) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), timeoutMillis);
            socket.setSoTimeout(timeoutMillis);
            ByteBuffer request = ByteBuffer.allocate(2 * Integer.BYTES);
            request.putInt(request.capacity()).putInt(CODE);
            socket.getOutputStream().write(request.array());
            return socket.getInputStream().read() == REFUSED;
        } catch (IOException e) {
            return false;
        }
    }
}
