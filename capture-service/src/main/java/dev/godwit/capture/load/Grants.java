// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import java.time.Duration;
import java.util.Optional;

/** What apply says of the attempts of one database migration. */
public interface Grants {
    /** The attempt that apply has granted for this target table and emptied it for. */
    Optional<Attempt> granted(TableName target);

    /** The attempt that can never become whole. */
    Optional<Attempt> broken(TableName target);

    /** Returns when something may have changed, or after that time. */
    void awaitNews(Duration most) throws InterruptedException;
}
