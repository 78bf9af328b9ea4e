// SPDX-License-Identifier: Apache-2.0
/**
 * What all services know of PostgreSQL: how to connect, names, positions, the catalog, and the
 * catalogue of errors.
 */
@NullMarked
package dev.godwit.postgres;

import org.jspecify.annotations.NullMarked;
