// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.TableLoad;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Other ways that a stream is to give tables' changes from between two transactions on; a round
 * waits for that before it makes its snapshot.
 *
 * @param shapes of tables that the stream has not had
 * @param loads with the sources that they have from then on
 * @param recorded whether it has come to pass
 */
record Reroute(List<SchemaChange> shapes, List<TableLoad> loads, CountDownLatch recorded) {
    Reroute {
        shapes = List.copyOf(shapes);
        loads = List.copyOf(loads);
    }
}
