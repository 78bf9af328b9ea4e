// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import dev.godwit.standalone.connection.InvalidArgumentException;

/** A source database and the target database that takes its rows. */
public record DatabaseMapping(String source, String target) {
    /** Reads {@code src=dst}, or one name for both. */
    public static DatabaseMapping parse(String text) {
        int equals = text.indexOf('=');
        String source = equals < 0 ? text : text.substring(0, equals);
        String target = equals < 0 ? text : text.substring(equals + 1);
        if (source.isEmpty() || target.isEmpty() || target.indexOf('=') >= 0) {
            throw new InvalidArgumentException(
                    "--database " + text + ": write --database source=target");
        }
        return new DatabaseMapping(source, target);
    }

    @Override
    public String toString() {
        return source + "=" + target;
    }
}
