// SPDX-License-Identifier: Apache-2.0
/** Real PostgreSQL servers of any major version, and the databases in them. */
@NullMarked
package dev.godwit.tests.postgres;

import org.jspecify.annotations.NullMarked;
