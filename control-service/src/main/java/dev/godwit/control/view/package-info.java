// SPDX-License-Identifier: Apache-2.0
/**
 * What is shown of a migration: what is wanted joined with what is reported, as JSON and page see
 * it.
 */
@NullMarked
package dev.godwit.control.view;

import org.jspecify.annotations.NullMarked;
