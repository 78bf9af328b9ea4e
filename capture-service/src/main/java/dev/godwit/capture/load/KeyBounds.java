// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

/** The smallest and the largest key of a table. */
record KeyBounds(long least, long greatest) {}
