// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.partition.GroupRunner;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicAdmin;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.env.Environment;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;

/** Builds the service: everything hangs on the running group, which is closed first. */
@Factory
final class ApplyFactory {
    @Singleton
    ApplyConfig config(Environment environment) {
        return ApplyConfig.of(environment);
    }

    @Context
    @Bean(preDestroy = "close")
    ApplyService service(ApplyConfig config)
            throws GeneralSecurityException,
                    InterruptedException,
                    ExecutionException,
                    TimeoutException {
        KafkaSettings kafka = config.kafka();
        var seal = PasswordSeal.of(config.keyset().reveal());
        try (Admin admin = kafka.admin()) {
            new TopicAdmin(admin, kafka.replicationFactor()).createShared();
        }
        Clock clock = Clock.systemUTC();
        KafkaSchemaBook book = KafkaSchemaBook.open(kafka);
        Migrations migrations = Migrations.follow(kafka, book);
        LastStatus lastStatus = LastStatus.follow(kafka, book);
        var producer = kafka.producer(Map.of("client.id", "apply-status"));
        var owners =
                new Owners(
                        migrations,
                        lastStatus,
                        seal,
                        producer,
                        new DatabaseOwner.Surroundings(kafka, book, clock, config.crashPoints()));
        GroupRunner group = GroupRunner.start(kafka, config.instance(), owners, clock);
        return new ApplyService(group, owners, producer, lastStatus, migrations, book);
    }
}
