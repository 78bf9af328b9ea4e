// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.ServerAddress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server, and which of its migrations and databases. */
final class RemoteOptions {
    private static final String URL_VARIABLE = "GODWIT_URL";
    private static final String TOKEN_VARIABLE = "GODWIT_TOKEN";

    @Option(
            names = "--data-dir",
            defaultValue = "./godwit-data",
            paramLabel = "DIR",
            description = "Data directory of a running godwit migrate (default: ${DEFAULT-VALUE}).")
    private Path dataDirectory = Path.of("");

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Address of a control service instead (or GODWIT_URL).")
    private @Nullable String url;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description = "Its API token (better: GODWIT_TOKEN).")
    private @Nullable String token;

    @Option(
            names = "--migration",
            paramLabel = "ID",
            description = "Id or name of the migration (default: the newest).")
    private @Nullable String migration;

    @Option(
            names = "--database",
            paramLabel = "NAME",
            description = "Only this source database (default: all of the migration).")
    private @Nullable String database;

    /** The server to ask. */
    ControlClient client(Console console) throws IOException {
        ServerAddress address =
                address(console)
                        .orElseThrow(() ->
                                new InvalidArgumentException(
                                        "no godwit runs on "
                                                + dataDirectory
                                                + ": start godwit migrate there, or name the server with --data-dir or --url"));
        return new ControlClient(address.url(), address.token());
    }

    Path dataDirectory() {
        return dataDirectory;
    }

    /** Whether a data directory is meant, and not a server of its own. */
    boolean local(Console console) {
        return given(url, console, URL_VARIABLE).isEmpty();
    }

    MigrationStatus migration(ControlClient client) throws InterruptedException {
        if (migration != null) {
            return client.migration(migration);
        }
        Optional<MigrationStatus> newest =
                client.migrations().stream()
                        .max(Comparator.comparing(each -> each.json().path("createdOn").asText()));
        if (newest.isEmpty()) {
            throw new InvalidArgumentException("there is no migration on " + client.server());
        }
        return client.migration(newest.get().id());
    }

    /** The databases that are meant: all of the migration, or the one that is named. */
    List<DatabaseStatus> selected(MigrationStatus status) {
        if (database == null) {
            return status.databases();
        }
        List<DatabaseStatus> named =
                status.databases().stream().filter(each -> each.name().equals(database)).toList();
        if (named.isEmpty()) {
            throw new InvalidArgumentException(
                    "--database %s: migration %s has %s"
                            .formatted(
                                    database,
                                    status.id(),
                                    status.databases().stream()
                                            .map(DatabaseStatus::name)
                                            .collect(Collectors.joining(", "))));
        }
        return named;
    }

    private Optional<ServerAddress> address(Console console) throws IOException {
        Optional<String> named = given(url, console, URL_VARIABLE);
        if (named.isPresent()) {
            return Optional.of(
                    new ServerAddress(
                            uri(named.get()), given(token, console, TOKEN_VARIABLE).orElse("")));
        }
        return DataDirectory.announced(dataDirectory);
    }

    private static URI uri(String text) {
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // The same answer as for one without a host.
        }
        throw new InvalidArgumentException("--url " + text + ": write http://host:port");
    }

    private static Optional<String> given(
            @Nullable String option, Console console, String variable) {
        return Optional.ofNullable(option != null ? option : console.environment().get(variable));
    }
}
