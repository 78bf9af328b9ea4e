// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.schemas.topic.Topics;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transactions of former owners that stand open in a partition although the coordinator knows of
 * none (KIP-664): a broker that was away for a while can leave one, and whoever reads committed
 * records waits there for ever.
 */
final class HangingTransactions {
    private static final Logger LOG = LoggerFactory.getLogger(HangingTransactions.class);
    private static final long ANSWER_SECONDS = 30;
    private static final int NO_COORDINATOR_EPOCH = -1;

    private final Admin admin;
    private final String databaseId;
    private final String transactionalId;

    HangingTransactions(Admin admin, String databaseId, String transactionalId) {
        this.admin = admin;
        this.databaseId = databaseId;
        this.transactionalId = transactionalId;
    }

    /**
     * Aborts them, as an operator would. Each owner has a higher producer epoch than those before,
     * and the coordinator is asked last: an epoch below its own can be no living owner's. Without
     * the right to do so it only says so.
     */
    void abort() throws InterruptedException {
        for (String topic : List.of(Topics.state(databaseId), Topics.changes(databaseId))) {
            try {
                abort(new TopicPartition(topic, 0));
            } catch (ExecutionException | TimeoutException e) {
                LOG.atWarn()
                        .setCause(e)
                        .addKeyValue("migration", databaseId)
                        .addKeyValue("topic", topic)
                        .log("open transactions of former owners cannot be looked for");
            }
        }
    }

    private void abort(TopicPartition partition)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<ProducerState> open =
                admin
                        .describeProducers(List.of(partition))
                        .partitionResult(partition)
                        .get(ANSWER_SECONDS, TimeUnit.SECONDS)
                        .activeProducers()
                        .stream()
                        .filter(producer -> producer.currentTransactionStartOffset().isPresent())
                        .toList();
        if (open.isEmpty()) {
            return;
        }
        TransactionDescription living =
                admin.describeTransactions(List.of(transactionalId))
                        .description(transactionalId)
                        .get(ANSWER_SECONDS, TimeUnit.SECONDS);
        for (ProducerState producer : open) {
            if (producer.producerId() == living.producerId()
                    && producer.producerEpoch() < living.producerEpoch()) {
                LOG.atWarn()
                        .addKeyValue("migration", databaseId)
                        .addKeyValue("partition", partition)
                        .addKeyValue("epoch", producer.producerEpoch())
                        .log("a former owner's transaction hangs; it is aborted");
                admin.abortTransaction(
                                new AbortTransactionSpec(
                                        partition,
                                        producer.producerId(),
                                        (short) producer.producerEpoch(),
                                        producer.coordinatorEpoch().orElse(NO_COORDINATOR_EPOCH)))
                        .all()
                        .get(ANSWER_SECONDS, TimeUnit.SECONDS);
            }
        }
    }
}
