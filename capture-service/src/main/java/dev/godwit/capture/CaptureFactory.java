// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSchemaBook;
import dev.godwit.schemas.topic.TopicAdmin;
import io.micrometer.core.instrument.MeterRegistry;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.env.Environment;
import io.micronaut.management.health.indicator.HealthIndicator;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;

/** Builds the capture service's objects, in order. */
@Factory
final class CaptureFactory {
    @Singleton
    CaptureConfig config(Environment environment) {
        return CaptureConfig.of(environment);
    }

    @Bean(preDestroy = "close")
    @Singleton
    Admin admin(CaptureConfig config) throws InterruptedException, ExecutionException {
        Admin admin = config.kafka().admin();
        new TopicAdmin(admin, config.kafka().replicationFactor()).createShared();
        return admin;
    }

    @Bean(preDestroy = "close")
    @Singleton
    KafkaSchemaBook book(CaptureConfig config, Admin topicsExist)
            throws InterruptedException, TimeoutException, ExecutionException {
        return KafkaSchemaBook.open(config.kafka());
    }

    @Singleton
    HealthIndicator kafkaHealth(Admin admin) {
        return new KafkaHealth(admin);
    }

    @Singleton
    Semaphore changed() {
        return new Semaphore(0);
    }

    @Bean(preDestroy = "close")
    @Singleton
    Migrations migrations(CaptureConfig config, KafkaSchemaBook book, Semaphore changed)
            throws InterruptedException, TimeoutException {
        return Migrations.follow(config.kafka(), book, changed::release);
    }

    @Bean(preDestroy = "close")
    @Singleton
    StatusBoard board(CaptureConfig config, KafkaSchemaBook book)
            throws InterruptedException, TimeoutException {
        return StatusBoard.follow(config.kafka(), book);
    }

    @Bean(preDestroy = "close")
    @Singleton
    KafkaProducer<String, byte[]> status(CaptureConfig config, Admin topicsExist) {
        return config.kafka().producer(Map.of("client.id", "capture-status"));
    }

    @Singleton
    CaptureContext context(
            CaptureConfig config,
            KafkaSchemaBook book,
            Admin admin,
            KafkaProducer<String, byte[]> status,
            Migrations migrations,
            StatusBoard board,
            MeterRegistry registry)
            throws GeneralSecurityException {
        SchemaBook schemas = book;
        return new CaptureContext(
                config.kafka(),
                schemas,
                admin,
                status,
                migrations,
                board,
                PasswordSeal.of(config.keyset().reveal()),
                config.crashPoints(),
                new CaptureMeters(registry),
                Clock.systemUTC());
    }

    @Context
    @Bean(preDestroy = "close")
    CaptureService service(CaptureConfig config, CaptureContext context, Semaphore changed) {
        var service =
                new CaptureService(
                        context,
                        new Ownership(config.kafka(), config.instance(), changed::release),
                        changed);
        service.start();
        return service;
    }
}
