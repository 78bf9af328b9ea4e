// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class WalLagTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    private final Hand hand = new Hand();
    private final WalLag lag = new WalLag(hand);

    @Test
    void knowsNothingBeforeTheFirstEndIsPassed() {
        look(0, 100, 0);
        look(1, 200, 99);

        assertThat(lag.capturedUntil()).isEmpty();
        assertThat(lag.bytes()).isEqualTo(101);
    }

    @Test
    void tellsWhenThePassedEndWasTheEnd() {
        look(0, 100, 0);
        look(30, 5_000, 100);

        assertThat(lag.capturedUntil()).contains(BEGIN);

        look(31, 5_100, 4_999);
        assertThat(lag.capturedUntil()).contains(BEGIN);

        look(32, 5_200, 5_000);
        assertThat(lag.capturedUntil()).contains(BEGIN.plusSeconds(30));
    }

    @Test
    void doesNotLookTwiceWithinASecond() {
        look(0, 100, 0);
        look(0, 900, 900);

        assertThat(lag.bytes()).isEqualTo(100);
    }

    private void look(long second, long walEnd, long captured) {
        hand.now = BEGIN.plusSeconds(second);
        lag.look(() -> walEnd, () -> captured);
    }

    private static final class Hand extends Clock {
        private Instant now = BEGIN;

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
