// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        var built = new Properties();
        try (InputStream resource = Version.class.getResourceAsStream("/godwit.properties")) {
            if (resource != null) {
                built.load(resource);
            }
        }
        return new String[] {
            "godwit " + built.getProperty("version"),
            "Kafka %s, Debezium %s, PostgreSQL driver %s, Java %s"
                    .formatted(
                            built.getProperty("kafka"),
                            built.getProperty("debezium"),
                            built.getProperty("postgresql"),
                            Runtime.version())
        };
    }
}
