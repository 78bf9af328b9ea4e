// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/errors.md is the catalogue; {@code -Dgodwit.docs.write=true} writes it anew. */
class ErrorsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "errors.md");

    @Test
    void thePageSaysWhatTheCatalogueSays() throws IOException {
        if (Boolean.getBoolean("godwit.docs.write")) {
            Files.createDirectories(PAGE.getParent());
            Files.writeString(PAGE, page());
        }

        assertThat(PAGE).content().isEqualTo(page());
    }

    private static String page() {
        var page =
                new StringBuilder(
                        """
                        # Errors

                        <!-- Made from ErrorCode.java: mvn -pl postgres -am test -Dtest=ErrorsPageTest -Dsurefire.failIfNoSpecifiedTests=false -Dgodwit.docs.write=true -->

                        Every error that Godwit shows has a code, says what happened, and what to do. Nothing is ever skipped to stay up:
                        a database migration stands still at the error, and goes on from there.

                        | code | who moves next | what to do |
                        | --- | --- | --- |
                        """);
        for (ErrorCode code : ErrorCode.values()) {
            page.append(
                    "| `%s` | %s | %s |%n"
                            .formatted(
                                    code, mover(code.retry()), code.remedy().replace("<", "&lt;")));
        }
        return page.toString();
    }

    private static String mover(ErrorCode.Retry retry) {
        return switch (retry) {
            case AUTOMATIC -> "Godwit, by itself";
            case AFTER_ACTION -> "you, then Retry";
            case NEVER -> "nobody: start afresh";
        };
    }
}
