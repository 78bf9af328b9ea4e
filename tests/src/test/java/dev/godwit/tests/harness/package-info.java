// SPDX-License-Identifier: Apache-2.0
/**
 * The one harness: databases, a broker, the three services, and the verbs that scenarios are told
 * in.
 */
@NullMarked
package dev.godwit.tests.harness;

import org.jspecify.annotations.NullMarked;
