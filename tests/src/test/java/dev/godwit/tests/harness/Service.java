// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

/** The three services. */
public enum Service {
    CONTROL("dev.godwit.control.Main"),
    CAPTURE("dev.godwit.capture.Main"),
    APPLY("dev.godwit.apply.Main");

    private final String main;

    Service(String main) {
        this.main = main;
    }

    String main() {
        return main;
    }
}
