// SPDX-License-Identifier: Apache-2.0
/**
 * The capture service: reads each source once, its tables and its WAL, into Kafka, and says how far
 * it is.
 */
@Configuration
@Requires(property = "godwit.service", value = "capture")
@NullMarked
package dev.godwit.capture;

import io.micronaut.context.annotation.Configuration;
import io.micronaut.context.annotation.Requires;
import org.jspecify.annotations.NullMarked;
