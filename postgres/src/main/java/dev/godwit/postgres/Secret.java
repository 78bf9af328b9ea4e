// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

/** A password. It prints as stars, so that no log, status or error can show it. */
public final class Secret {
    private final String value;

    private Secret(String value) {
        this.value = value;
    }

    public static Secret of(String value) {
        return new Secret(value);
    }

    /** The password itself, for the driver only. */
    public String reveal() {
        return value;
    }

    @Override
    public String toString() {
        return "***";
    }
}
