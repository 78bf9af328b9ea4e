// SPDX-License-Identifier: Apache-2.0
/** What a user does, from the request to Completed, with the services and the broker in one JVM. */
@NullMarked
package dev.godwit.tests.scenario;

import org.jspecify.annotations.NullMarked;
