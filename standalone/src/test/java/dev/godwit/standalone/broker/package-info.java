// SPDX-License-Identifier: Apache-2.0
/** Tests of the embedded broker. */
@NullMarked
package dev.godwit.standalone.broker;

import org.jspecify.annotations.NullMarked;
