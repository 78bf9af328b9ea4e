// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.load.LoadSettings;
import dev.godwit.apply.load.LoadWorker;
import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.apply.partition.Workers;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.Topics;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;

/**
 * Makes the worker of each partition that the group gives us, and the reporter beside each owner.
 */
final class Owners implements Workers, AutoCloseable {
    /** More than any operator retries. */
    private static final int CANCELLED = 1 << 24;

    private final Migrations migrations;
    private final LastStatus lastStatus;
    private final PasswordSeal seal;
    private final Producer<String, byte[]> producer;
    private final DatabaseOwner.Surroundings surroundings;
    private final Map<String, StatusReporter> reporters = new ConcurrentHashMap<>();

    Owners(
            Migrations migrations,
            LastStatus lastStatus,
            PasswordSeal seal,
            Producer<String, byte[]> producer,
            DatabaseOwner.Surroundings surroundings) {
        this.migrations = migrations;
        this.lastStatus = lastStatus;
        this.seal = seal;
        this.producer = producer;
        this.surroundings = surroundings;
    }

    @Override
    public Set<String> topics() {
        return migrations.topics();
    }

    @Override
    public PartitionWorker open(TopicPartition partition) {
        String id = databaseId(partition);
        boolean owner = partition.topic().equals(Topics.changes(id));
        if (owner) {
            reporters.computeIfAbsent(id, this::reporter).starting();
        }
        ConnectionSettings target;
        try {
            target =
                    migrations
                            .find(id)
                            .orElseThrow(() ->
                                    new MigrationException(
                                            ErrorCode.BROKER_FAILED,
                                            "the migration of " + partition + " is not known"))
                            .target(seal);
        } catch (MigrationException e) {
            return new StillbornWorker(e);
        }
        if (!owner) {
            return LoadWorker.start(
                    target,
                    id,
                    partition.partition(),
                    surroundings.book(),
                    LoadSettings.DEFAULTS,
                    surroundings.crashPoints());
        }
        DatabaseOwner started =
                DatabaseOwner.start(id, target, () -> migrations.find(id), surroundings);
        StatusReporter reporter = reporters.get(id);
        if (reporter != null) {
            reporter.owner(started::view);
        }
        return started;
    }

    private StatusReporter reporter(String id) {
        return StatusReporter.start(
                id,
                producer,
                surroundings.book(),
                surroundings.clock(),
                () -> retriesOf(id),
                lastStatus.of(id));
    }

    private int retriesOf(String id) {
        return migrations.find(id).map(desired -> desired.database().getRetries()).orElse(0);
    }

    @Override
    public int retries(TopicPartition partition) {
        Optional<Desired> desired = migrations.find(databaseId(partition));
        return desired.map(now ->
                        now.database().getRetries()
                                + (now.phase() == WantedPhase.CANCEL ? CANCELLED : 0))
                .orElse(0);
    }

    @Override
    public void failed(TopicPartition partition, MigrationException failure) {
        StatusReporter reporter = reporters.get(databaseId(partition));
        if (reporter != null && partition.topic().equals(Topics.changes(databaseId(partition)))) {
            reporter.failed(failure);
        }
    }

    @Override
    public void released(TopicPartition partition) {
        String id = databaseId(partition);
        if (partition.topic().equals(Topics.changes(id))) {
            StatusReporter reporter = reporters.remove(id);
            if (reporter != null) {
                reporter.close();
            }
        }
    }

    /** The part between the dots of {@code godwit.<id>.changes}. */
    private static String databaseId(TopicPartition partition) {
        String topic = partition.topic();
        return topic.substring(topic.indexOf('.') + 1, topic.lastIndexOf('.'));
    }

    @Override
    public void close() {
        reporters.values().forEach(StatusReporter::close);
    }
}
