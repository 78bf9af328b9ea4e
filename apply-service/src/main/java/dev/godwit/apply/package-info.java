// SPDX-License-Identifier: Apache-2.0
/**
 * The apply service: writes the load and the changes to each target, exactly once, and says how far
 * it is.
 */
@Configuration
@Requires(property = "godwit.service", value = "apply")
@NullMarked
package dev.godwit.apply;

import io.micronaut.context.annotation.Configuration;
import io.micronaut.context.annotation.Requires;
import org.jspecify.annotations.NullMarked;
