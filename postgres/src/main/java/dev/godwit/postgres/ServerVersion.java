// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

/** {@code server_version_num}, from 10 on: major * 10000 + minor. */
public record ServerVersion(int number) implements Comparable<ServerVersion> {
    public int major() {
        return number / 10_000;
    }

    public boolean atLeast(int major) {
        return major() >= major;
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
