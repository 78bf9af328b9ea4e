// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

/** How a harness runs the services and the broker. */
public enum Mode {
    ONE_JVM,
    PROCESSES
}
