// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Keeps one harness at a time for the whole test JVM: a class of the other mode closes it and gets
 * its own.
 */
final class HarnessExtension implements ParameterResolver, BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace OURS =
            ExtensionContext.Namespace.create(HarnessExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == MigrationHarness.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return current(context).of(mode(context), ServersExtension.shared(context));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(OURS).put("began", System.nanoTime());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Duration took =
                Duration.ofNanos(
                        System.nanoTime() - context.getStore(OURS).get("began", Long.class));
        MigrationHarness.say(
                "%s.%s: %s in %d s",
                context.getRequiredTestClass().getSimpleName(),
                context.getDisplayName(),
                context.getExecutionException()
                        .map(thrown -> "FAILED (" + thrown.getMessage() + ")")
                        .orElse("passed"),
                took.toSeconds());
        current(context).of(mode(context), ServersExtension.shared(context)).afterScenario();
    }

    private static Mode mode(ExtensionContext context) {
        for (Class<?> type = context.getRequiredTestClass();
                type != null;
                type = type.getEnclosingClass()) {
            MigrationTest annotation = type.getAnnotation(MigrationTest.class);
            if (annotation != null) {
                return annotation.value();
            }
        }
        throw new IllegalStateException(context.getRequiredTestClass() + " is no @MigrationTest");
    }

    private static Current current(ExtensionContext context) {
        // The servers first: the store closes what came last before what came first.
        ServersExtension.shared(context);
        return context.getRoot()
                .getStore(OURS)
                .getOrComputeIfAbsent(Current.class, type -> new Current(), Current.class);
    }

    private static final class Current implements AutoCloseable {
        private @Nullable MigrationHarness harness;
        private @Nullable Mode mode;

        MigrationHarness of(Mode wanted, Servers servers) {
            MigrationHarness open = harness;
            if (open != null && mode == wanted) {
                return open;
            }
            close();
            open =
                    switch (wanted) {
                        case ONE_JVM -> MigrationHarness.inThisJvm(servers);
                        case PROCESSES -> MigrationHarness.asProcesses(servers);
                    };
            harness = open;
            mode = wanted;
            return open;
        }

        @Override
        public void close() {
            MigrationHarness open = harness;
            harness = null;
            if (open != null) {
                open.close();
            }
        }
    }
}
