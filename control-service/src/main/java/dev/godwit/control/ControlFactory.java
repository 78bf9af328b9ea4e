// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import dev.godwit.control.cutover.Migrations;
import dev.godwit.control.progress.Progress;
import dev.godwit.control.progress.Signal;
import dev.godwit.control.security.ApiToken;
import dev.godwit.control.security.AuditLog;
import dev.godwit.control.view.Views;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSchemaBook;
import dev.godwit.schemas.topic.TopicAdmin;
import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.env.Environment;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;

/** Builds the object graph in order. */
@Factory
class ControlFactory {
    @Singleton
    ControlConfig config(Environment environment) {
        return ControlConfig.of(environment);
    }

    @Singleton
    Clock clock() {
        return Clock.systemUTC();
    }

    @Singleton
    Signal signal() {
        return new Signal();
    }

    @Singleton
    ApiToken token(ControlConfig config) {
        return new ApiToken(config.token());
    }

    @Singleton
    PasswordSeal seal(ControlConfig config) throws GeneralSecurityException {
        return PasswordSeal.of(config.keyset().reveal());
    }

    @Singleton
    @Bean(preDestroy = "close")
    Admin admin(ControlConfig config) {
        return config.kafka().admin();
    }

    @Singleton
    TopicAdmin topics(ControlConfig config, Admin admin)
            throws InterruptedException, ExecutionException {
        var topics = new TopicAdmin(admin, config.kafka().replicationFactor());
        topics.createShared();
        return topics;
    }

    /** Opened once the topics exist. */
    @Singleton
    @Bean(preDestroy = "close")
    KafkaSchemaBook book(ControlConfig config, TopicAdmin topics)
            throws InterruptedException, ExecutionException, TimeoutException {
        return KafkaSchemaBook.open(config.kafka());
    }

    @Singleton
    @Bean(preDestroy = "close")
    Progress progress(ControlConfig config, SchemaBook book, Signal signal) {
        return Progress.start(config.kafka(), book, signal::raise);
    }

    @Context
    @Bean(preDestroy = "close")
    Migrations migrations(
            ControlConfig config,
            SchemaBook book,
            TopicAdmin topics,
            PasswordSeal seal,
            Progress progress,
            Signal signal,
            Clock clock) {
        return Migrations.start(config.kafka(), book, topics, seal, progress, signal, clock);
    }

    @Singleton
    TemplateEngine pages() {
        return TemplateEngine.createPrecompiled(ContentType.Html);
    }

    @Singleton
    Views views(Progress progress, Migrations migrations, Clock clock) {
        return new Views(progress, migrations::notes, clock);
    }

    @Singleton
    @Bean(preDestroy = "close")
    AuditLog audit(ControlConfig config, SchemaBook book, Clock clock) {
        return new AuditLog(config.kafka(), book, clock);
    }
}
