// SPDX-License-Identifier: Apache-2.0
/**
 * An application under load: a schema of awkward tables, and a seeded writer that changes them
 * until it is fenced.
 */
@NullMarked
package dev.godwit.tests.workload;

import org.jspecify.annotations.NullMarked;
