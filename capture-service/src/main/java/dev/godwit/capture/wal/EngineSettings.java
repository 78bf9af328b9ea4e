// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.SessionSettings;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** Debezium's configuration for a slot, a publication and a snapshot that are ours. */
final class EngineSettings {
    /** Matches nothing, so that Debezium reads no catalog: our own decoder knows the tables. */
    private static final String NO_TABLE = "godwit_reads_no_table\\.by_debezium";

    private EngineSettings() {}

    static Properties of(ConnectionSettings source, ServerVersion version, SlotSettings slot) {
        var config = new Properties();
        config.setProperty("name", slot.name());
        config.setProperty("topic.prefix", slot.name());
        config.setProperty("connector.class", WalConnector.class.getName());
        config.setProperty(
                "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
        // The slot moves to what the handler marks, at once, and to nothing else.
        config.setProperty("offset.flush.interval.ms", "0");

        config.setProperty("database.hostname", source.host());
        config.setProperty("database.port", Integer.toString(source.port()));
        config.setProperty("database.user", source.user());
        config.setProperty("database.password", source.password().reveal());
        config.setProperty(
                "database.dbname", URLEncoder.encode(source.database(), StandardCharsets.UTF_8));
        config.setProperty("database.sslmode", source.sslMode());
        config.setProperty("driver.options", SessionSettings.asOptions(version));
        source.parameters().forEach((key, value) -> config.setProperty("driver." + key, value));

        config.setProperty("plugin.name", "pgoutput");
        config.setProperty("slot.name", slot.name());
        config.setProperty("slot.drop.on.stop", "false");
        config.setProperty("publication.name", slot.name());
        config.setProperty("publication.autocreate.mode", "disabled");
        config.setProperty("snapshot.mode", "no_data");
        config.setProperty("table.include.list", NO_TABLE);
        config.setProperty("skipped.operations", "none");
        config.setProperty("tombstones.on.delete", "false");
        config.setProperty("include.schema.changes", "false");
        config.setProperty("binary.handling.mode", "bytes");
        config.setProperty("event.processing.failure.handling.mode", "fail");
        config.setProperty("event.converting.failure.handling.mode", "fail");

        // One record is a batch: it holds many messages, and no more than these wait in the queue.
        config.setProperty("max.batch.size", "1");
        config.setProperty("max.queue.size", Integer.toString(Waiting.QUEUE));
        config.setProperty("poll.interval.ms", "5");
        // A failure ends the engine: WalStream looks at the slot before it builds the next.
        config.setProperty("errors.max.retries", "0");
        config.setProperty("slot.max.retries", "0");
        config.setProperty("record.processing.threads", "1");
        config.setProperty("record.processing.shutdown.timeout.ms", "1000");
        config.setProperty("executor.shutdown.timeout.ms", "1000");
        config.setProperty("task.management.timeout.ms", "60000");
        slot.writeTo(config);
        return config;
    }
}
