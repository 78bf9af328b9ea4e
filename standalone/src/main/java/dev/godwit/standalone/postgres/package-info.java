// SPDX-License-Identifier: Apache-2.0
/**
 * PostgreSQL servers of several major versions as child processes, from programs that the build has
 * fetched.
 */
@NullMarked
package dev.godwit.standalone.postgres;

import org.jspecify.annotations.NullMarked;
