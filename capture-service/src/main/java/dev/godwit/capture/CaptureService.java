// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps one owner for each database migration of this instance's partitions. */
final class CaptureService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CaptureService.class);
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final CaptureContext context;
    private final Ownership ownership;
    private final Semaphore changed;
    private final Map<String, DatabaseOwner> owners = new HashMap<>();
    private final Map<String, DatabaseOwner> leaving = new HashMap<>();
    private final Thread thread;
    private volatile boolean closing;

    /**
     * @param changed has permits when partitions or wishes have changed
     */
    CaptureService(CaptureContext context, Ownership ownership, Semaphore changed) {
        this.context = context;
        this.ownership = ownership;
        this.changed = changed;
        this.thread = Thread.ofPlatform().daemon().name("capture-owners").unstarted(this::run);
    }

    void start() {
        ownership.start();
        thread.start();
    }

    @Override
    public void close() {
        closing = true;
        changed.release();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        ownership.close();
    }

    private void run() {
        try {
            while (!closing) {
                reconcile();
                if (changed.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                    changed.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        owners.values().forEach(DatabaseOwner::leave);
        owners.values().forEach(DatabaseOwner::close);
        leaving.values().forEach(DatabaseOwner::close);
    }

    private void reconcile() {
        leaving.values().removeIf(DatabaseOwner::ended);
        Map<String, Desired> wanted = context.migrations().of(ownership.partitions());
        wanted.values().removeIf(this::over);
        for (String id : java.util.Set.copyOf(owners.keySet())) {
            if (!wanted.containsKey(id)) {
                LOG.atInfo().addKeyValue("migration", id).log("leaving a database migration");
                DatabaseOwner owner = java.util.Objects.requireNonNull(owners.remove(id));
                owner.leave();
                leaving.put(id, owner);
            }
        }
        for (String id : wanted.keySet()) {
            DatabaseOwner owner = owners.get(id);
            if (owner == null) {
                @Nullable DatabaseOwner former = leaving.remove(id);
                owner = new DatabaseOwner(context, id, former);
                owners.put(id, owner);
                owner.start();
            }
            owner.wake();
        }
        context.meters().owned(owners.size());
    }

    private boolean over(Desired desired) {
        return switch (desired.phase()) {
            case COMPLETED -> true;
            case CANCELLED -> !DatabaseOwner.sweeps(desired, context.clock().instant());
            case CHECK, RUN, CUT_OVER, FINALISE, RELEASE_SOURCE, RELEASE_TARGET, CANCEL -> false;
        };
    }
}
