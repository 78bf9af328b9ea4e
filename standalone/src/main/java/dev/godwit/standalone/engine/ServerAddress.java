// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import java.net.URI;

/** Where a running engine answers, and the token it asks for. */
public record ServerAddress(URI url, String token) {
    @Override
    public String toString() {
        return url.toString();
    }
}
