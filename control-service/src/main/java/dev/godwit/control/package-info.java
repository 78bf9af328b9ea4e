// SPDX-License-Identifier: Apache-2.0
/**
 * The control service: decides, writes only topics, and reads both databases to check and to
 * compare them.
 */
@Configuration
@Requires(property = "godwit.service", value = "control")
@NullMarked
package dev.godwit.control;

import io.micronaut.context.annotation.Configuration;
import io.micronaut.context.annotation.Requires;
import org.jspecify.annotations.NullMarked;
