// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

/**
 * The roles that every server of the harness has. Their passwords hold what breaks URLs, SQL
 * literals and shells when it is not quoted, and are told apart from anything else a log may hold.
 */
public enum Roles {
    /** The server's superuser, for the harness's own eyes. */
    SUPERUSER("postgres", "Sup3r'geheim\"%2F"),
    /**
     * Godwit's: LOGIN REPLICATION and pg_signal_backend, owner of the migrated databases, no
     * superuser.
     */
    MIGRATOR("migrator", "Kn0bl'auch\"%\\@/:#?&= 7"),
    /** The application that writes to the source. */
    APP("app", "4pp'lication");

    private final String user;
    private final String password;

    Roles(String user, String password) {
        this.user = user;
        this.password = password;
    }

    public String user() {
        return user;
    }

    public String password() {
        return password;
    }
}
