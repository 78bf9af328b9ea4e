// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * As whom a server runs. PostgreSQL refuses root, so root starts it in a user namespace that maps
 * nobody, or, where namespaces are forbidden, as the user nobody.
 */
enum ServerUser {
    OURSELVES(""),
    NAMESPACE("unshare -U"),
    NOBODY("setpriv --reuid=65534 --regid=65534 --clear-groups");

    private final String prefix;

    ServerUser(String prefix) {
        this.prefix = prefix;
    }

    static ServerUser fitting() throws InterruptedException {
        if (!"root".equals(System.getProperty("user.name"))) {
            return OURSELVES;
        }
        return answers("unshare", "-U", "true") ? NAMESPACE : NOBODY;
    }

    List<String> prefix() {
        return Stream.of(prefix.split(" ", -1)).filter(word -> !word.isEmpty()).toList();
    }

    /** Gives an empty directory to this user. */
    void own(Path directory) throws IOException {
        if (this == NOBODY) {
            Files.setAttribute(directory, "unix:uid", 65534);
            Files.setAttribute(directory, "unix:gid", 65534);
        }
    }

    private static boolean answers(String... command) throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
