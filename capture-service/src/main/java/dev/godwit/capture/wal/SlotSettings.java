// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.SessionSettings;
import io.debezium.config.Configuration;
import java.time.Duration;
import java.util.Properties;

/**
 * How {@link SlotConnection} reaches its slot. The engine hands nothing but text to a connector, so
 * this travels in its configuration.
 *
 * @param properties the driver's, with user, password and our session settings
 * @param startLsn all that was committed before is in the log: the server, whose own position may
 *     have fallen back with it, need not send it again
 * @param messages whether the server forwards logical messages (14 and newer)
 * @param frameBytes that messages are gathered up to
 * @param linger least time between two records while they are small
 * @param keepAlive between two status messages to the server, each asking for its position
 */
record SlotSettings(
        String url,
        Properties properties,
        String name,
        long startLsn,
        boolean messages,
        int frameBytes,
        Duration linger,
        Duration keepAlive) {
    private static final int MESSAGES = 14;

    /** Where only the server's position tells that a marker has passed, a cutover waits for it. */
    private static final int POSITIONS_PER_HEARTBEAT = 10;

    private static final String PREFIX = "godwit.";
    private static final String PROPERTY = "godwit.property.";

    static SlotSettings of(
            ConnectionSettings source,
            String applicationName,
            String slot,
            long startLsn,
            ServerVersion version,
            WalSettings settings) {
        Properties properties = source.properties(applicationName);
        properties.setProperty("options", SessionSettings.asOptions(version));
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "10");
        return new SlotSettings(
                source.url(),
                properties,
                slot,
                startLsn,
                version.atLeast(MESSAGES),
                settings.frameBytes(),
                settings.linger(),
                version.atLeast(MESSAGES)
                        ? settings.heartbeat()
                        : settings.heartbeat().dividedBy(POSITIONS_PER_HEARTBEAT));
    }

    static SlotSettings of(Configuration config) {
        var properties = new Properties();
        config.subset(PROPERTY, true).asMap().forEach(properties::setProperty);
        return new SlotSettings(
                config.getString(PREFIX + "url"),
                properties,
                config.getString(PREFIX + "slot"),
                config.getLong(PREFIX + "start-lsn"),
                config.getBoolean(PREFIX + "messages"),
                config.getInteger(PREFIX + "frame-bytes"),
                Duration.ofMillis(config.getLong(PREFIX + "linger-ms")),
                Duration.ofMillis(config.getLong(PREFIX + "keep-alive-ms")));
    }

    void writeTo(Properties config) {
        config.setProperty(PREFIX + "url", url);
        config.setProperty(PREFIX + "slot", name);
        config.setProperty(PREFIX + "start-lsn", Long.toString(startLsn));
        config.setProperty(PREFIX + "messages", Boolean.toString(messages));
        config.setProperty(PREFIX + "frame-bytes", Integer.toString(frameBytes));
        config.setProperty(PREFIX + "linger-ms", Long.toString(linger.toMillis()));
        config.setProperty(PREFIX + "keep-alive-ms", Long.toString(keepAlive.toMillis()));
        properties
                .stringPropertyNames()
                .forEach(key -> config.setProperty(PROPERTY + key, properties.getProperty(key)));
    }
}
