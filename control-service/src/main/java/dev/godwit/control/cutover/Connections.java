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
        return ConnectionSettings.of(
                migration.getSource(), database.getSourceDatabase(), migration.getId(), seal);
    }

    ConnectionSettings target(Migration migration, DatabaseMigration database) {
        return ConnectionSettings.of(
                migration.getTarget(), database.getTargetDatabase(), migration.getId(), seal);
    }
}
