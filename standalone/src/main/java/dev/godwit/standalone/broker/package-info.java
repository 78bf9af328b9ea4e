// SPDX-License-Identifier: Apache-2.0
/**
 * One Kafka broker inside this JVM, for one machine: its log on disk, its listeners on loopback
 * only.
 */
@NullMarked
package dev.godwit.standalone.broker;

import org.jspecify.annotations.NullMarked;
