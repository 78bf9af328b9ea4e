// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.sync.SyncProgress.Final;
import dev.godwit.apply.sync.SyncProgress.Held;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.Sequences;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The marker that the sync stands at, and what has been read behind it. */
final class Hold {
    /** Its name among the ledger's facts. */
    static final String FACT = "held";

    private final String marker;
    private final long offset;
    private final Position position;
    private final Map<String, Seen> finals = new LinkedHashMap<>();
    private long changesBehind;
    private @Nullable Sequences sequences;

    Hold(String marker, long offset, Position position) {
        this.marker = marker;
        this.offset = offset;
        this.position = position;
    }

    /** A final marker, and the row changes between. */
    private record Seen(long finalLsn, long changesBehind) {}

    static Hold parse(String fact) {
        String[] parts = fact.split(" ", 4);
        return new Hold(
                parts[3],
                Long.parseLong(parts[0]),
                new Position(Long.parseLong(parts[1]), Long.parseLong(parts[2])));
    }

    /** For the ledger. */
    String fact() {
        return offset + " " + position.finalLsn() + " " + position.ordinal() + " " + marker;
    }

    String marker() {
        return marker;
    }

    long offset() {
        return offset;
    }

    Position position() {
        return position;
    }

    synchronized void behind(int changes) {
        changesBehind += changes;
    }

    synchronized void behind(Marker read) {
        finals.putIfAbsent(read.getId(), new Seen(read.getFinalLsn(), changesBehind));
    }

    synchronized void behind(Sequences read) {
        if (read.getMarker().equals(marker)) {
            sequences = read;
        }
    }

    synchronized Held view(DesiredMarkers desired) {
        Optional<Seen> end = desired.end().flatMap(id -> Optional.ofNullable(finals.get(id)));
        return new Held(
                marker,
                end.map(Seen::changesBehind).orElse(changesBehind),
                Optional.ofNullable(sequences),
                end.map(seen -> new Final(desired.end().orElseThrow(), seen.finalLsn())));
    }
}
