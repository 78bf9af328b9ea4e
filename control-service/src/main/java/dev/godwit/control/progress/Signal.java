// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Says that there is something new to look at; many raises before a look are one. */
public final class Signal {
    private final Semaphore raised = new Semaphore(0);

    public void raise() {
        if (raised.availablePermits() == 0) {
            raised.release();
        }
    }

    /** Returns when it was raised since the last return, or after this long. */
    public void await(Duration most) throws InterruptedException {
        boolean _ = raised.tryAcquire(most.toMillis(), TimeUnit.MILLISECONDS);
        raised.drainPermits();
    }
}
