// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.secret.PasswordSeal;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(Lifecycle.PER_CLASS)
class ControlServiceTest {
    private TestBroker broker;
    private ApplicationContext context;
    private Api api;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        broker = TestBroker.start(directory);
        context =
                Main.start(
                        Map.of(
                                "godwit.kafka.bootstrap-servers",
                                broker.bootstrapServers(),
                                "godwit.keyset",
                                PasswordSeal.newKeyset(),
                                "godwit.token",
                                Api.TOKEN,
                                "micronaut.server.port",
                                -1));
        api = new Api(context.getBean(EmbeddedServer.class).getURI());
    }

    @AfterAll
    void stop() {
        context.close();
        broker.close();
    }

    @Test
    void listsNothingAtFirst() throws Exception {
        var answer = api.get("/api/v1/migrations");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("[]");
    }
}
