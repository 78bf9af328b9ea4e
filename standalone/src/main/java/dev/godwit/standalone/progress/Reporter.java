// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

/** Takes the events of a run. Calls come from one thread at a time. */
public interface Reporter {
    void report(Event event);

    /** A line about the run as a whole; not shown where only JSON is wanted. */
    void say(String line);
}
