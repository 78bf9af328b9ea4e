// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.connection.ConnectionUrl;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.connection.Passwords;
import dev.godwit.standalone.migrate.DatabaseMapping;
import dev.godwit.standalone.migrate.MigrateArguments.Server;
import dev.godwit.standalone.migrate.TableWish;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that name the two servers and their databases. */
final class ServerOptions {
    @Option(
            names = "--source",
            required = true,
            paramLabel = "URL",
            description = "postgresql://user@host:port/database[?sslmode=...] of the source.")
    private String source = "";

    @Option(
            names = "--target",
            required = true,
            paramLabel = "URL",
            description = {
                "The same for the target. sslmode is verify-full, and prefer on loopback, unless the URL says otherwise;"
                        + " sslrootcert, sslcert and sslkey may follow."
            })
    private String target = "";

    @Option(
            names = "--database",
            paramLabel = "SRC=DST",
            description =
                    "Source and target database, instead of those in the URLs. May be repeated.")
    private List<String> databases = new ArrayList<>();

    @Option(
            names = "--tables",
            split = ",",
            paramLabel = "PATTERN",
            description =
                    "Only these tables: schema.table, * for any text, ! in front leaves out; comma-separated or repeated. Default: all.")
    private List<String> tables = new ArrayList<>();

    @Option(
            names = "--map",
            paramLabel = "SRC=DST",
            description =
                    "Another name on the target: schema.table=schema.table, or schema.*=schema.* for a whole schema. May be repeated.")
    private List<String> maps = new ArrayList<>();

    @Option(
            names = "--where",
            paramLabel = "TABLE=CONDITION",
            description =
                    "Only the rows of schema.table (or schema.*) for which this SQL condition is true; the source must be PostgreSQL 15 or newer. May be repeated.")
    private List<String> wheres = new ArrayList<>();

    @Option(
            names = "--columns",
            paramLabel = "TABLE=COLUMNS",
            description = "Only these columns of schema.table, comma-separated. May be repeated.")
    private List<String> columns = new ArrayList<>();

    @Option(
            names = "--source-password-file",
            paramLabel = "FILE",
            description = {
                "File whose first line is the password.",
                "Passwords also come from GODWIT_SOURCE_PASSWORD, PGPASSWORD or ~/.pgpass."
            })
    private @Nullable Path sourcePasswordFile;

    @Option(
            names = "--target-password-file",
            paramLabel = "FILE",
            description = "The same for the target (GODWIT_TARGET_PASSWORD).")
    private @Nullable Path targetPasswordFile;

    List<DatabaseMapping> mappings() {
        if (!databases.isEmpty()) {
            return databases.stream().map(DatabaseMapping::parse).toList();
        }
        return List.of(
                new DatabaseMapping(
                        database(sourceUrl(), "--source"), database(targetUrl(), "--target")));
    }

    List<String> tables() {
        for (String pattern : tables) {
            if (pattern.indexOf('.') <= 0 || pattern.endsWith(".")) {
                throw new InvalidArgumentException(
                        "--tables " + pattern + ": write schema.table, for example public.*");
            }
        }
        return tables;
    }

    /** What is to travel otherwise than as it is. */
    List<TableWish> wishes() {
        return TableWish.read(maps, wheres, columns);
    }

    Server source(Console console) {
        ConnectionUrl url = sourceUrl();
        return new Server(
                url,
                passwords(console)
                        .of(
                                Passwords.Side.SOURCE,
                                url,
                                mappings().getFirst().source(),
                                Optional.ofNullable(sourcePasswordFile)));
    }

    Server target(Console console) {
        ConnectionUrl url = targetUrl();
        return new Server(
                url,
                passwords(console)
                        .of(
                                Passwords.Side.TARGET,
                                url,
                                mappings().getFirst().target(),
                                Optional.ofNullable(targetPasswordFile)));
    }

    private ConnectionUrl sourceUrl() {
        return url(source, "--source");
    }

    private ConnectionUrl targetUrl() {
        return url(target, "--target");
    }

    private static ConnectionUrl url(String text, String option) {
        try {
            return ConnectionUrl.parse(text);
        } catch (InvalidArgumentException e) {
            throw new InvalidArgumentException(option + ": " + e.getMessage());
        }
    }

    private static String database(ConnectionUrl url, String option) {
        return url.database()
                .orElseThrow(() ->
                        new InvalidArgumentException(
                                option
                                        + ": no database: write postgresql://user@host:port/database, or give --database source=target"));
    }

    private static Passwords passwords(Console console) {
        return new Passwords(console.environment(), Path.of(System.getProperty("user.home", ".")));
    }
}
