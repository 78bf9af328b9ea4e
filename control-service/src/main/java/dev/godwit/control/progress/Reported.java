// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import java.time.Instant;
import org.apache.avro.specific.SpecificRecordBase;

/** A record as it stands in a topic, and when the broker says that it was written. */
record Reported(Instant at, SpecificRecordBase content) {}
