// SPDX-License-Identifier: Apache-2.0
/** Tests of what all services know of PostgreSQL. */
@NullMarked
package dev.godwit.postgres;

import org.jspecify.annotations.NullMarked;
