// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SchemaChange;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gives the reader the shape of each table that it meets: takes the announced ones, checks that the
 * target still fits, and waits until the table is loaded.
 */
final class TableShapes {
    private static final Duration LOADED_LOOK = Duration.ofSeconds(1);

    /** Looks at what control wants, each a second or less, until a table is known to have left. */
    private static final int LEFT_LOOKS = 60;

    private final Stream stream;
    private final Inbox inbox;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final TableBook tables;
    private final DurablePosition durable;
    private final Standing standing;
    private final Requests requests;

    TableShapes(ChangesReader.Parts parts, Standing standing, Requests requests) {
        this.stream = parts.stream();
        this.inbox = parts.inbox();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.tables = parts.tables();
        this.durable = parts.durable();
        this.standing = standing;
        this.requests = requests;
    }

    /**
     * Takes a shape; one that is not known yet is a barrier. Not while the sync holds.
     *
     * @throws MigrationException SCHEMA_CHANGED if the target does not fit it
     */
    void announced(SchemaChange announced, long at) throws SQLException, InterruptedException {
        SchemaChange known = tables.announced(announced.getRelation());
        if (announced.equals(known)) {
            return;
        }
        if (lanes.anyBeyond(standing.position())) {
            throw new MigrationException(
                    ErrorCode.INTERNAL,
                    "a lane is beyond %s, where all must stand level"
                            .formatted(standing.position()));
        }
        lanes.barrier();
        owner.level(
                new Step(standing.position(), at + 1, 0),
                new Tallies(),
                lanes.size(),
                connection -> {
                    var catalog = new TargetCatalog(connection);
                    new SchemaDrift(catalog)
                            .check(
                                    announced,
                                    known,
                                    catalog.table(TableName.of(announced.getTarget())));
                    tables.announce(connection, announced);
                });
        tables.announced(announced);
        durable.committed();
    }

    /** The table's shape, once the table is loaded. */
    RowShape of(int relation) throws SQLException, InterruptedException {
        RowShape known = tables.resolved(relation);
        if (known != null) {
            return known;
        }
        SchemaChange announced = tables.announced(relation);
        if (announced == null) {
            throw new MigrationException(
                    ErrorCode.LOG_FOREIGN,
                    "the changes log has a change of relation %d, which it never announced"
                            .formatted(Integer.toUnsignedLong(relation)));
        }
        TableName target = TableName.of(announced.getTarget());
        awaitLoaded(target);
        while (true) {
            Optional<RowShape> found =
                    owner.alone(connection -> tables.resolve(connection, announced));
            if (found.isPresent()) {
                return found.get();
            }
            // Its changes go to another lane from here on, which has to be as far as the others.
            standing.level();
            lanes.barrier();
            owner.alone(connection -> {
                tables.order(connection, target);
                return true;
            });
        }
    }

    /** One that has left before it was loaded never is: nobody loads it any more. */
    private void awaitLoaded(TableName target) throws SQLException, InterruptedException {
        long left = 0;
        while (!tables.isLoaded(target)) {
            standing.level();
            inbox.awaitSignal(LOADED_LOOK);
            requests.heedWaiting();
            left = stream.sources().get().containsKey(target) ? 0 : left + 1;
            if (left > LEFT_LOOKS) {
                throw new MigrationException(
                        ErrorCode.SCHEMA_CHANGED,
                        "table %s has left the migration before it was loaded, and changes of it wait to be applied"
                                .formatted(target),
                        "Cancel this migration and start a fresh one.",
                        null);
            }
        }
    }

    /** While one is waited for, another may be loaded anew: all must be known at once. */
    List<RowShape> of(List<Integer> relations) throws SQLException, InterruptedException {
        while (true) {
            var shapes = new ArrayList<RowShape>();
            for (int relation : relations) {
                shapes.add(of(relation));
            }
            boolean all = true;
            for (int i = 0; i < shapes.size(); i++) {
                all &= tables.resolved(relations.get(i)) == shapes.get(i);
            }
            if (all) {
                return shapes;
            }
        }
    }
}
