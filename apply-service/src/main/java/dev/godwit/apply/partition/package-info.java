// SPDX-License-Identifier: Apache-2.0
/**
 * The consumer group godwit-apply: polling, and one worker for each partition that the group
 * assigns to this instance.
 */
@NullMarked
package dev.godwit.apply.partition;

import org.jspecify.annotations.NullMarked;
