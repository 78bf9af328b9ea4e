// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.api.RefusedException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks the server about one migration several times a second. A server that does not answer is
 * asked for a minute more.
 */
public final class Polling {
    private static final Duration PERIOD = Duration.ofMillis(250);
    private static final int OTHERS_PERIODS = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ControlClient control;
    private final String migration;

    public Polling(ControlClient control, String migration) {
        this.control = control;
        this.migration = migration;
    }

    /** Something that is shown each answer and says when to stop. */
    @FunctionalInterface
    public interface Watcher {
        boolean done(MigrationStatus status) throws InterruptedException;
    }

    /** A question to the server. */
    @FunctionalInterface
    public interface Question<T> {
        T ask() throws InterruptedException;
    }

    /** Returns the answer with which the watcher was done. */
    public MigrationStatus until(Watcher watcher) throws InterruptedException {
        while (true) {
            MigrationStatus status = answered(() -> control.migration(migration));
            if (watcher.done(status)) {
                return status;
            }
            pause();
        }
    }

    /** Asks until somebody answers: a service that has just started may still read its topics. */
    public static <T> T answered(Question<T> question) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return question.ask();
            } catch (RefusedException e) {
                if (!e.passing() || System.nanoTime() > deadline) {
                    throw e;
                }
            }
            pause();
        }
    }

    /** Keeps a server that is about to go for those who poll it too: they see the end. */
    public static void letOthersSee() throws InterruptedException {
        for (int i = 0; i < OTHERS_PERIODS; i++) {
            pause();
        }
    }

    private static void pause() throws InterruptedException {
        LockSupport.parkNanos(PERIOD.toNanos());
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
