// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.partition.GroupRunner;
import dev.godwit.schemas.topic.KafkaSchemaBook;
import java.time.Duration;
import org.apache.kafka.clients.producer.Producer;

/** The running service; closing it leaves the group first, so that its partitions move at once. */
record ApplyService(
        GroupRunner group,
        Owners owners,
        Producer<String, byte[]> producer,
        LastStatus lastStatus,
        Migrations migrations,
        KafkaSchemaBook book)
        implements AutoCloseable {
    private static final Duration CLOSE_MOST = Duration.ofSeconds(2);

    @Override
    public void close() {
        group.close();
        owners.close();
        producer.close(CLOSE_MOST);
        lastStatus.close();
        migrations.close();
        try {
            book.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
