// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.Server;
import dev.godwit.schemas.secret.PasswordSeal;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;

/** Where a migration's databases are; here passwords are sealed and opened. */
final class Connections {
    private final PasswordSeal seal;

    Connections(PasswordSeal seal) {
        this.seal = seal;
    }

    Server sealed(NewMigration.Endpoint endpoint, String migrationId) {
        try {
            ByteBuffer password = seal.seal(endpoint.password().reveal(), migrationId);
            return new Server(
                    endpoint.host(),
                    endpoint.port(),
                    endpoint.user(),
                    password,
                    endpoint.sslMode(),
                    endpoint.parameters());
        } catch (GeneralSecurityException e) {
            throw new MigrationException(ErrorCode.INTERNAL, "the password could not be sealed", e);
        }
    }

    ConnectionSettings source(Migration migration, DatabaseMigration database) {
        return opened(migration, migration.getSource(), database.getSourceDatabase());
    }

    ConnectionSettings target(Migration migration, DatabaseMigration database) {
        return opened(migration, migration.getTarget(), database.getTargetDatabase());
    }

    private ConnectionSettings opened(Migration migration, Server server, String database) {
        try {
            return ConnectionSettings.of(server, database, migration.getId(), seal);
        } catch (GeneralSecurityException e) {
            throw new MigrationException(
                    ErrorCode.KEYSET_WRONG,
                    "the password of %s on %s was sealed with another keyset"
                            .formatted(server.getUser(), server.getHost()),
                    e);
        }
    }
}
