// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.Engine;
import dev.godwit.standalone.migrate.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * An engine that stops in order exactly once: at the end of the command, or at a signal, which then
 * ends the process.
 */
final class EngineSession implements AutoCloseable {
    private final DataDirectory directory;
    private final Runnable farewell;
    private final Thread hook = new Thread(this::interrupted, "interrupted");
    private @Nullable Engine engine;
    private boolean closed;

    private EngineSession(DataDirectory directory, Runnable farewell) {
        this.directory = directory;
        this.farewell = farewell;
    }

    /**
     * Takes care of this directory from now on.
     *
     * @param farewell said after a signal has stopped everything
     */
    static EngineSession on(DataDirectory directory, Runnable farewell) {
        var session = new EngineSession(directory, farewell);
        Runtime.getRuntime().addShutdownHook(session.hook);
        return session;
    }

    /** Starts the engine. */
    Engine start() throws InterruptedException {
        Engine started = Engine.start(directory);
        synchronized (this) {
            engine = started;
        }
        return started;
    }

    @Override
    public void close() {
        stop();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // A signal came first: the hook ends the process.
        }
    }

    private void interrupted() {
        stop();
        farewell.run();
        Runtime.getRuntime().halt(Outcome.INTERRUPTED.exitCode());
    }

    private synchronized void stop() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (engine != null) {
                engine.close();
            }
            directory.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
