// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import io.debezium.config.Configuration;
import io.debezium.connector.common.CdcSourceTaskContext;
import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.util.List;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's PostgreSQL connector with one seam replaced: how it reads from the slot. Engine, task,
 * coordinator, queue and offsets stay Debezium's; what travels through them are undecoded pgoutput
 * messages. The engine makes this class by its name.
 */
public final class WalConnector extends PostgresConnector {
    @Override
    public Class<? extends Task> taskClass() {
        return WalTask.class;
    }

    /** The task that reads from the slot by our connection. */
    public static final class WalTask extends PostgresConnectorTask {
        private final Waiting waiting = new Waiting();
        private Configuration config = Configuration.empty();

        @Override
        public CdcSourceTaskContext<PostgresConnectorConfig> preStart(Configuration taskConfig) {
            config = taskConfig;
            return super.preStart(taskConfig);
        }

        @Override
        protected ReplicationConnection buildReplicationConnection(
                PostgresConnection jdbcConnection,
                PostgresSchema schema,
                PostgresConnectorConfig connectorConfig) {
            return new SlotConnection(SlotSettings.of(config), waiting);
        }

        @Override
        public List<SourceRecord> doPoll() throws InterruptedException {
            waiting.handled();
            List<SourceRecord> taken = super.doPoll();
            waiting.taken(taken.size());
            return taken;
        }
    }
}
