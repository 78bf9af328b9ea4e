// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.schemas.topic.Topics;
import java.util.Objects;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Two global stores in memory, rebuilt from their topics at every start: the migrations, and what
 * is reported of them.
 */
final class ProgressTopology {
    static final String MIGRATIONS_STORE = "migrations";
    static final String STATUS_STORE = "status";

    private ProgressTopology() {}

    /**
     * @param changed called on the topology's thread after a report has been taken
     */
    static Topology build(ReportedSerde serde, Runnable changed) {
        var topology = new Topology();
        add(topology, serde, MIGRATIONS_STORE, Topics.MIGRATIONS, changed);
        add(topology, serde, STATUS_STORE, Topics.STATUS, changed);
        return topology;
    }

    private static void add(
            Topology topology, ReportedSerde serde, String store, String topic, Runnable changed) {
        topology.addGlobalStore(
                Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore(store), Serdes.String(), serde)
                        .withLoggingDisabled(),
                store + "-source",
                Serdes.String().deserializer(),
                Serdes.ByteArray().deserializer(),
                topic,
                store + "-keep",
                () -> new Keep(serde, store, changed));
    }

    private static final class Keep implements Processor<String, byte[], Void, Void> {
        private final ReportedSerde serde;
        private final String name;
        private final Runnable changed;
        private @org.jspecify.annotations.Nullable KeyValueStore<String, Reported> store;

        Keep(ReportedSerde serde, String name, Runnable changed) {
            this.serde = serde;
            this.name = name;
            this.changed = changed;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            store = context.getStateStore(name);
        }

        @Override
        public void process(Record<String, byte[]> message) {
            KeyValueStore<String, Reported> reports = Objects.requireNonNull(store);
            if (message.value() == null) {
                reports.delete(message.key());
            } else {
                Reported next = serde.decode(message.value(), message.timestamp());
                Reported known = reports.get(message.key());
                Optional<SpecificRecordBase> kept =
                        known == null
                                ? Optional.of(next.content())
                                : Merge.of(known.content(), next.content());
                kept.ifPresent(
                        content -> reports.put(message.key(), new Reported(next.at(), content)));
            }
            changed.run();
        }
    }
}
