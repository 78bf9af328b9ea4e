// SPDX-License-Identifier: Apache-2.0
/** What the user says about a server: connection URLs, and the places a password may come from. */
@NullMarked
package dev.godwit.standalone.connection;

import org.jspecify.annotations.NullMarked;
