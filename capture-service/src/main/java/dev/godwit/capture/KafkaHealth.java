// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import io.micronaut.core.async.publisher.Publishers;
import io.micronaut.health.HealthStatus;
import io.micronaut.management.health.indicator.HealthIndicator;
import io.micronaut.management.health.indicator.HealthResult;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.reactivestreams.Publisher;

/** Up while Kafka answers. A source that does not is a migration's trouble, not the service's. */
final class KafkaHealth implements HealthIndicator {
    private static final String NAME = "kafka";
    private static final int ANSWER_SECONDS = 5;

    private final Admin admin;

    KafkaHealth(Admin admin) {
        this.admin = admin;
    }

    @Override
    public Publisher<HealthResult> getResult() {
        return Publishers.fromCompletableFuture(this::ask);
    }

    private CompletableFuture<HealthResult> ask() {
        return admin.describeCluster()
                .nodes()
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
                .handle((nodes, failure) -> failure == null && !nodes.isEmpty())
                .thenApply(up ->
                        HealthResult.builder(NAME, up ? HealthStatus.UP : HealthStatus.DOWN)
                                .build());
    }
}
