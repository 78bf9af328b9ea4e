// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

/**
 * The catalogue of errors. Each says who moves next and what to do; docs/errors.md is made from it.
 */
public enum ErrorCode {
    // Reaching a database
    HOST_UNKNOWN(
            Retry.AFTER_ACTION,
            "Check the host name, and that the name resolves where the Godwit services run."),
    SERVER_UNREACHABLE(
            Retry.AUTOMATIC,
            "Check that the server runs, listens on this address and port, and that no firewall stands between; Godwit tries again by itself."),
    PASSWORD_WRONG(Retry.AFTER_ACTION, "Give the right password for this user."),
    ACCESS_REFUSED(
            Retry.AFTER_ACTION,
            "Add a line for this database, user and address to pg_hba.conf of the server, then SELECT pg_reload_conf()."),
    DATABASE_UNKNOWN(
            Retry.AFTER_ACTION,
            "Check the database name; a target database must exist before the migration: CREATE DATABASE."),
    TLS_FAILED(
            Retry.AFTER_ACTION,
            "Give sslrootcert for the server's certificate, or choose a weaker sslmode if the network is trusted."),
    PERMISSION_DENIED(
            Retry.AFTER_ACTION,
            "Grant the right that the server names; docs/privileges.md lists all that Godwit needs."),

    // Checks before the start
    SOURCE_TOO_OLD(
            Retry.AFTER_ACTION,
            "Godwit reads changes through a publication and pgoutput, which PostgreSQL has from 10 on: upgrade the source to 10 or newer first (pg_upgrade), or, while the application stands still, carry it over with pg_dump and pg_restore."),
    TARGET_OLDER(Retry.AFTER_ACTION, "Choose a target of the source's version or newer."),
    WAL_LEVEL(
            Retry.AFTER_ACTION,
            "On the source: ALTER SYSTEM SET wal_level = 'logical'; then restart it."),
    NO_REPLICATION_RIGHT(Retry.AFTER_ACTION, "On the source: ALTER ROLE <user> REPLICATION."),
    NO_FREE_SLOT(
            Retry.AFTER_ACTION,
            "Drop a slot that nobody uses (SELECT pg_drop_replication_slot('...')), or raise max_replication_slots and max_wal_senders on the source and restart it."),
    TARGET_TABLE_MISSING(
            Retry.AFTER_ACTION,
            "Create the table on the target (pg_dump --schema-only), or start with --schema create."),
    TARGET_TABLE_NOT_EMPTY(
            Retry.AFTER_ACTION,
            "Empty the table on the target (TRUNCATE), or leave it out with --tables."),
    TARGET_COLUMNS_DIFFER(
            Retry.AFTER_ACTION,
            "Make the target table's columns equal to the source's, then retry."),
    TARGET_PARTITIONS_DIFFER(
            Retry.AFTER_ACTION,
            "Attach, detach or drop the partition on the target as on the source, then retry."),
    TABLE_WITHOUT_KEY(
            Retry.AFTER_ACTION,
            "Add a primary key, or run ALTER TABLE ... REPLICA IDENTITY FULL on the source (updates and deletes then cost a search per row), or leave the table out."),
    TYPE_NOT_CARRIED(
            Retry.AFTER_ACTION,
            "PostgreSQL writes values of this type but reads none: give the column the type text on both sides, or leave the table out."),
    UNLOGGED_TARGET(
            Retry.AFTER_ACTION,
            "Run ALTER TABLE ... SET LOGGED on the target: an unlogged table is emptied by a crash."),
    UNLOGGED_SOURCE(
            Retry.AFTER_ACTION,
            "Run ALTER TABLE ... SET LOGGED on the source, or leave the table out: an unlogged table's changes are not in the WAL."),
    ENCODING_DIFFERS(
            Retry.AFTER_ACTION,
            "Create the target database with ENCODING 'UTF8', or with the source's encoding."),
    SERVER_IS_STANDBY(Retry.AFTER_ACTION, "Give the address of the primary server."),
    NOTHING_SELECTED(Retry.AFTER_ACTION, "Name at least one table that exists on the source."),
    MAPPING_INVALID(
            Retry.AFTER_ACTION,
            "Correct the mapping as the message says, and start the migration again: a mapping names selected tables, every target table takes one source table (or the partitions of one), and a column list holds the replica identity."),
    FILTER_REFUSED(
            Retry.AFTER_ACTION,
            "Write the row filter as PostgreSQL takes it for a publication: columns of the table itself and immutable built-in functions and operators; every column in it must belong to the replica identity (ALTER TABLE ... REPLICA IDENTITY FULL)."),
    FILTER_NEEDS_15(
            Retry.AFTER_ACTION,
            "Row filters need a source of PostgreSQL 15 or newer, which evaluates them itself: migrate the whole table, or upgrade the source first."),
    PG_DUMP_MISSING(
            Retry.AFTER_ACTION,
            "Install the PostgreSQL client programs, so that pg_dump is on the PATH, or create the schema yourself and use --schema existing."),
    PG_DUMP_TOO_OLD(
            Retry.AFTER_ACTION,
            "Install the client programs of the source's version (package postgresql-client-<version>), or create the schema yourself and use --schema existing."),
    SCHEMA_FAILED(
            Retry.AFTER_ACTION,
            "Mend what the server names, empty the target database and start again, or create the schema yourself and use --schema existing."),
    GENERATED_COLUMN_IDENTITY(
            Retry.AFTER_ACTION,
            "PostgreSQL does not publish the generated column of a replica identity, and from 18 on refuses the application's updates: add a primary key without generated columns and set REPLICA IDENTITY DEFAULT."),
    ROW_TOO_WIDE(
            Retry.AFTER_ACTION,
            "Make the row narrower on the source, then retry; or cancel this migration and start a fresh one with a larger rowBytesMax (and more heap for the services), or without the table."),

    // Capture
    SLOT_LOST(
            Retry.AFTER_ACTION,
            "The source no longer has the WAL that Godwit needs (raise max_slot_wal_keep_size). Cancel this migration and start a fresh one."),
    LOG_BEHIND_SLOT(
            Retry.NEVER,
            "The Kafka log ends before the position that the source was told is safe: it lost acknowledged records. Cancel this migration and start a fresh one."),
    LOG_FOREIGN(
            Retry.NEVER,
            "The Kafka log is empty or belongs to another stream. Cancel this migration and start a fresh one."),
    SOURCE_CHANGED(
            Retry.NEVER,
            "This is not the server that the migration began with (system identifier or timeline differ). Cancel this migration and start a fresh one."),
    TABLE_REWRITTEN(
            Retry.AUTOMATIC,
            "The table was rewritten before its snapshot was read; Godwit loads it again by itself."),
    LOAD_INTERRUPTED(Retry.AUTOMATIC, "Godwit loads the table again by itself."),
    LOCK_NOT_AVAILABLE(
            Retry.AUTOMATIC,
            "Another session holds a lock on the table; Godwit tries again by itself."),
    SOURCE_FAILED(
            Retry.AUTOMATIC, "Godwit tries again by itself; if it stays, read the server's log."),
    FILTER_ROW_INCOMPLETE(
            Retry.AFTER_ACTION,
            "A row entered the row filter whose values are not all in the WAL. On the source: ALTER TABLE ... REPLICA IDENTITY FULL; then cancel this migration and start a fresh one."),
    SOURCE_REFUSED(
            Retry.AFTER_ACTION,
            "The source knows no object, or takes no statement, that Godwit needs: undo the change of its schema that the message points at, then retry; or cancel and start a fresh migration."),
    TEXT_UNREADABLE(
            Retry.AFTER_ACTION,
            "The source holds text that does not convert to UTF-8 (the message names its bytes): correct it there, or leave the table out; then retry."),
    FENCE_FAILED(
            Retry.AFTER_ACTION,
            "The user must own the source database to make it read-only; or stop the application yourself and start the cutover without the fence."),

    // Apply
    TARGET_UNREACHABLE(
            Retry.AUTOMATIC,
            "Check that the target accepts connections; apply tries again by itself."),
    TARGET_FAILED(
            Retry.AUTOMATIC, "Godwit tries again by itself; if it stays, read the server's log."),
    PIECE_REFUSED(
            Retry.AFTER_ACTION,
            "The target does not accept rows of the source: mend the target table as the message says, then retry."),
    LOAD_CORRUPT(
            Retry.AUTOMATIC,
            "Blocks of the load do not agree with their count or checksum; Godwit loads the table again by itself."),
    SCHEMA_CHANGED(Retry.AFTER_ACTION, "Make the same change on the target, then retry."),
    CHANGE_REFUSED(
            Retry.AFTER_ACTION,
            "Mend the target so that it accepts this change, then retry; nothing was skipped. A type that has got a further value or attribute on the source needs it on the target, too (ALTER TYPE ... ADD VALUE, ADD ATTRIBUTE)."),
    ROW_MISSING(
            Retry.AFTER_ACTION,
            "The target lacks a row that the source changed, so somebody else writes to the target. Restore the row, then retry; or have the table loaded anew: godwit reload."),
    LOG_TRIMMED(
            Retry.NEVER,
            "The Kafka log begins behind what the target holds. Cancel this migration and start a fresh one."),
    LEDGER_FOREIGN(
            Retry.AFTER_ACTION,
            "The target's schema godwit belongs to another migration. Finish or cancel that one first, or drop the schema if it is a leftover."),
    COUNT_MISMATCH(
            Retry.NEVER,
            "Captured and applied disagree at a marker. Keep both databases as they are and report this."),
    RESTORE_FAILED(
            Retry.AFTER_ACTION,
            "Mend what the message names on the target, then retry: Godwit restores the rest."),

    // Cutover
    CUTOVER_NOT_READY(Retry.AFTER_ACTION, "Wait for Ready to cutover, then start the cutover."),
    CONFIRM_MISSING(Retry.AFTER_ACTION, "Send confirm = true (on the command line: --confirm)."),
    CHANGES_PENDING(
            Retry.AFTER_ACTION,
            "Stop the application's writes on the source, or start the cutover with the fence, wait for pending changes 0, and apply again."),
    PREPARED_TRANSACTION(
            Retry.AFTER_ACTION,
            "Commit or roll back the prepared transactions on the source (pg_prepared_xacts), then apply again."),
    COMPARISON_REFUSED(
            Retry.AFTER_ACTION,
            "Source and target were not compared to the end, and the source is untouched. Mend what the server named complains of, then retry; if a table was dropped for good, let it go: godwit reload."),
    ROWS_DIFFER(
            Retry.AFTER_ACTION,
            "Somebody else wrote to the target, rows changed on the source without a row change in the WAL, or a row cannot be carried. The source is untouched: compare the table named, then have it loaded anew (godwit reload), retry, or cancel."),
    LARGE_OBJECTS_CHANGED(
            Retry.AFTER_ACTION,
            "No stream tells of large objects: the load copies them, and the cutover finds what happened to them since. Stop what writes them on the source, then have them loaded anew (godwit reload pg_catalog.pg_largeobject); or undo the change there, then retry and apply again."),

    // Requests
    REQUEST_INVALID(Retry.AFTER_ACTION, "Correct the field that the message names."),
    NOT_FOUND(
            Retry.AFTER_ACTION, "List the migrations and use one of their ids and database names."),
    UNAUTHORIZED(Retry.AFTER_ACTION, "Send the API token as a bearer token."),
    STATE_CONFLICT(
            Retry.AFTER_ACTION,
            "Look at the state of the database migration, and use what it allows."),
    ARGUMENTS_DIFFER(
            Retry.AFTER_ACTION,
            "Use the same arguments to resume, or another --data-dir for another migration."),
    DATA_DIRECTORY_IN_USE(
            Retry.AFTER_ACTION,
            "Another godwit runs on this data directory: stop it first, or use another --data-dir."),
    KEYSET_WRONG(
            Retry.AFTER_ACTION,
            "Give all three services the keyset that the migration was created with (godwit.keyset or godwit.keyset-file)."),
    BROKER_FAILED(
            Retry.AUTOMATIC,
            "Check that Kafka runs and is reachable; Godwit tries again by itself."),
    INTERNAL(Retry.NEVER, "This is a defect of Godwit: please report it with the log.");

    /** Who moves next. */
    public enum Retry {
        /** Godwit, by itself. */
        AUTOMATIC,
        /** The operator, then Retry. */
        AFTER_ACTION,
        /** Nobody: this migration cannot go on. */
        NEVER
    }

    private final Retry retry;
    private final String remedy;

    ErrorCode(Retry retry, String remedy) {
        this.retry = retry;
        this.remedy = remedy;
    }

    public Retry retry() {
        return retry;
    }

    /** One or two sentences an operator can act on. */
    public String remedy() {
        return remedy;
    }
}
