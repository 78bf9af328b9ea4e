// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.api;

import dev.godwit.control.cutover.Migrations;
import dev.godwit.control.cutover.TableRules;
import dev.godwit.control.view.DatabaseView;
import dev.godwit.control.view.MigrationView;
import dev.godwit.control.view.Views;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Status;
import io.micronaut.http.uri.UriBuilder;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.Operation;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Migrations and what can be done with each of their databases. An {id} is a migration's id or its
 * name.
 */
@Controller("/api/v1/migrations")
@ExecuteOn(TaskExecutors.BLOCKING)
public class MigrationsController {
    private final Migrations migrations;
    private final Views views;

    public MigrationsController(Migrations migrations, Views views) {
        this.migrations = migrations;
        this.views = views;
    }

    /**
     * How a cutover starts: with the fence, the source database is made read-only and other
     * sessions are ended.
     */
    @Serdeable
    public record CutoverRequest(@Nullable Boolean fence) {}

    /** The operator's word that the target may take over. */
    @Serdeable
    public record ApplyRequest(@Nullable Boolean confirm) {}

    /**
     * Tables to be loaded anew, or for the first time.
     *
     * @param tables of the source, as schema.table; a name that holds a dot stands in double
     *     quotes; a partitioned table means its partitions
     * @param add whether tables that are not selected may be among them; default: false
     */
    @Serdeable
    public record ReloadRequest(@Nullable List<String> tables, @Nullable Boolean add) {
        private static final String FIELD = "tables";

        Set<TableName> names() {
            if (tables == null || tables.isEmpty()) {
                throw new MigrationException(
                        ErrorCode.REQUEST_INVALID, FIELD + " must name at least one");
            }
            var names = new LinkedHashSet<TableName>();
            for (int i = 0; i < tables.size(); i++) {
                names.add(TableRules.table(FIELD + "[" + i + "]", tables.get(i)));
            }
            return names;
        }
    }

    @Get
    @Operation(summary = "All migrations, the newest first, without their tables")
    public List<MigrationView> list() {
        return migrations.all().stream().map(migration -> views.of(migration, false)).toList();
    }

    @Post(consumes = MediaType.APPLICATION_JSON)
    @Operation(summary = "Creates a migration; its checks begin at once")
    public HttpResponse<MigrationView> create(@Body MigrationRequest request)
            throws InterruptedException {
        Migration created = migrations.create(request.checked());
        return HttpResponse.created(
                views.of(created, true),
                UriBuilder.of("/api/v1/migrations").path(created.getId()).build());
    }

    @Get("/{id}")
    @Operation(summary = "One migration with its databases and tables")
    public MigrationView show(@PathVariable String id) {
        return views.of(migrations.find(id), true);
    }

    @Get("/{id}/databases/{name}")
    @Operation(summary = "One database of a migration, by the name of its source database")
    public DatabaseView database(@PathVariable String id, @PathVariable String name) {
        return views.of(migrations.database(migrations.find(id), name), true);
    }

    @Post("/{id}/databases/{name}/cutover")
    @Status(HttpStatus.ACCEPTED)
    @Operation(
            summary =
                    "Starts the cutover of a database that is ready; fence makes the source read-only")
    public DatabaseView cutover(
            @PathVariable String id,
            @PathVariable String name,
            @Body @Nullable CutoverRequest request)
            throws InterruptedException {
        boolean fence = request != null && Boolean.TRUE.equals(request.fence());
        Found found = find(id, name);
        return views.of(migrations.cutOver(found.migration(), found.database(), fence), true);
    }

    @Post("/{id}/databases/{name}/apply")
    @Status(HttpStatus.ACCEPTED)
    @Operation(
            summary =
                    "Lets the target take over; 409 while a change is unapplied. Answers within about ten seconds")
    public DatabaseView apply(
            @PathVariable String id,
            @PathVariable String name,
            @Body @Nullable ApplyRequest request)
            throws InterruptedException {
        Found found = find(id, name);
        if (request == null || !Boolean.TRUE.equals(request.confirm())) {
            throw new MigrationException(
                    ErrorCode.CONFIRM_MISSING, "Apply was asked for without confirm = true");
        }
        return views.of(migrations.apply(found.migration(), found.database()), true);
    }

    @Post("/{id}/databases/{name}/reload")
    @Status(HttpStatus.ACCEPTED)
    @Operation(
            summary =
                    "Loads source tables anew, also ones that are new there, while the others sync")
    public DatabaseView reload(
            @PathVariable String id,
            @PathVariable String name,
            @Body @Nullable ReloadRequest request)
            throws InterruptedException {
        Found found = find(id, name);
        ReloadRequest asked = request == null ? new ReloadRequest(null, null) : request;
        return views.of(
                migrations.reload(
                        found.migration(),
                        found.database(),
                        asked.names(),
                        Boolean.TRUE.equals(asked.add())),
                true);
    }

    @Post("/{id}/databases/{name}/cancel")
    @Status(HttpStatus.ACCEPTED)
    @Operation(
            summary = "Ends it: what Godwit made on both sides is undone, the source is as it was")
    public DatabaseView cancel(@PathVariable String id, @PathVariable String name)
            throws InterruptedException {
        Found found = find(id, name);
        return views.of(migrations.cancel(found.migration(), found.database()), true);
    }

    @Post("/{id}/databases/{name}/retry")
    @Status(HttpStatus.ACCEPTED)
    @Operation(summary = "Goes on after what stopped it has been mended")
    public DatabaseView retry(@PathVariable String id, @PathVariable String name)
            throws InterruptedException {
        Found found = find(id, name);
        return views.of(migrations.retry(found.migration(), found.database()), true);
    }

    private record Found(String migration, String database) {}

    private Found find(String id, String name) {
        Migration migration = migrations.find(id);
        DatabaseMigration database = migrations.database(migration, name);
        return new Found(migration.getId(), database.getId());
    }
}
