// SPDX-License-Identifier: Apache-2.0
/** The target's schema made from the source's, by pg_dump and an ordinary session. */
@NullMarked
package dev.godwit.standalone.schema;

import org.jspecify.annotations.NullMarked;
