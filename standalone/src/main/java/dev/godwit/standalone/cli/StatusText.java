// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.DatabaseStatus.LoadProgress;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.progress.Wording;
import java.time.Duration;
import java.util.StringJoiner;

/** One database migration as a block of text. */
final class StatusText {
    private StatusText() {}

    static String of(MigrationStatus migration, DatabaseStatus database) {
        var text = new StringJoiner(System.lineSeparator());
        LoadProgress load = database.load();
        text.add(
                "%s -> %s   (migration %s, %s)"
                        .formatted(
                                database.name(),
                                database.targetName(),
                                migration.id(),
                                migration.name()));
        text.add("  state            " + database.state() + details(database));
        text.add(
                "  full load        %d of %d tables, %s rows, %s"
                        .formatted(
                                load.tablesCompleted(),
                                load.tables(),
                                Wording.count(load.rows()),
                                Wording.bytes(load.bytes())));
        text.add("  pending changes  " + Wording.count(database.pendingChanges()));
        text.add("  applied changes  " + Wording.count(database.appliedChanges()));
        text.add("  uncaptured WAL   " + Wording.bytes(database.uncapturedWalBytes()));
        if (database.latencyMillis() > 0) {
            text.add(
                    "  latency          "
                            + Wording.time(Duration.ofMillis(database.latencyMillis())));
        }
        database.waitingFor().forEach(reason -> text.add("  waiting for      " + reason));
        database.notes().forEach(note -> text.add("  note             " + note));
        database.reopened().ifPresent(reason -> text.add("  gate reopened    " + reason));
        database.failure().ifPresent(trouble -> text.add("  failure          " + trouble));
        if (database.state().equals("ready_to_cutover")) {
            text.add("  next             godwit cutover --confirm --fence");
        }
        database.report()
                .ifPresent(report ->
                        text.add(
                                "  report           %s rows in %d tables equal, write outage %s"
                                        .formatted(
                                                Wording.count(report.rows()),
                                                report.tables(),
                                                Wording.time(
                                                        Duration.ofMillis(
                                                                report.outageMillis())))));
        return text.toString();
    }

    private static String details(DatabaseStatus database) {
        String details = database.json().path("details").asText("");
        return details.isEmpty() ? "" : " (" + details + ")";
    }
}
