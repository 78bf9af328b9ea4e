// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import dev.godwit.tests.harness.JavaProcess;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.harness.Services;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets a service die at one crash point after the other, and starts it each time for the next; at
 * last without any. It keeps one instance name, so that its partitions wait for it.
 */
final class Deaths implements AutoCloseable {
    private static final int CRASHED = 137;

    private final Services.AsProcesses processes;
    private final Service service;
    private final List<String> ahead;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Thread thread;

    private Deaths(Services.AsProcesses processes, Service service, List<String> points) {
        this.processes = processes;
        this.service = service;
        ahead = Collections.synchronizedList(new ArrayList<>(points));
        processes.stop(service);
        startForNext();
        thread = Thread.ofPlatform().name("deaths").daemon().start(this::run);
    }

    static Deaths of(Services.AsProcesses processes, Service service, List<String> points) {
        return new Deaths(processes, service, points);
    }

    List<String> notReached() {
        return List.copyOf(ahead);
    }

    @Override
    public void close() {
        stopped.set(true);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!ahead.isEmpty()) {
            processes.stop(service);
            processes.start(service);
        }
    }

    private void run() {
        while (!stopped.get() && !ahead.isEmpty()) {
            JavaProcess process = processes.process(service);
            if (process.alive()) {
                LockSupport.parkNanos(20_000_000);
                continue;
            }
            int code = process.awaitEnd();
            if (code != CRASHED) {
                MigrationHarness.say("%s ended with %d instead of at a crash point", service, code);
                return;
            }
            MigrationHarness.say("%s died at %s", service, ahead.removeFirst());
            startForNext();
        }
    }

    private void startForNext() {
        Map<String, String> environment = new HashMap<>();
        environment.put("GODWIT_INSTANCE", "mortal");
        if (!ahead.isEmpty()) {
            environment.put("GODWIT_CRASH_AT", ahead.getFirst() + ":1");
        }
        processes.start(service, environment);
    }
}
