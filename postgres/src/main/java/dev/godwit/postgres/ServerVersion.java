// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

/** {@code server_version_num}, from 10 on: major * 10000 + minor. */
public record ServerVersion(int number) implements Comparable<ServerVersion> {
    private static final int OLDEST_SOURCE = 10;

    public int major() {
        return number / 10_000;
    }

    public boolean atLeast(int major) {
        return major() >= major;
    }

    /** Whether it has publications and pgoutput, which a source needs. */
    public boolean publishes() {
        return atLeast(OLDEST_SOURCE);
    }

    @Override
    public int compareTo(ServerVersion other) {
        return Integer.compare(number, other.number);
    }

    @Override
    public String toString() {
        return number < 100_000
                ? number / 10_000 + "." + number / 100 % 100
                : major() + "." + number % 10_000;
    }
}
