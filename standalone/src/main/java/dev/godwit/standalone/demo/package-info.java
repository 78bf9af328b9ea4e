// SPDX-License-Identifier: Apache-2.0
/**
 * A whole migration for somebody who has nothing but this program: two servers, a sample, a live
 * writer, a proof.
 */
@NullMarked
package dev.godwit.standalone.demo;

import org.jspecify.annotations.NullMarked;
