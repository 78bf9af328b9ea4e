// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSettings;
import java.time.Clock;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;

/**
 * What all owners of one instance share.
 *
 * @param status writes to godwit.status
 */
record CaptureContext(
        KafkaSettings kafka,
        SchemaBook book,
        Admin admin,
        Producer<String, byte[]> status,
        Migrations migrations,
        StatusBoard board,
        PasswordSeal seal,
        CrashPoints crashPoints,
        CaptureMeters meters,
        Clock clock) {}
