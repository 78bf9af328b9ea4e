// SPDX-License-Identifier: Apache-2.0
/** The whole of Godwit in this JVM, on one data directory: the broker and the three services. */
@NullMarked
package dev.godwit.standalone.engine;

import org.jspecify.annotations.NullMarked;
