// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import io.micronaut.context.ApplicationContext;
import java.util.Map;
import java.util.function.Function;

/** One of the three services, as its {@code Main} starts it. */
record Service(String name, Function<Map<String, Object>, ApplicationContext> starter) {
    ApplicationContext start(Map<String, Object> properties) {
        return starter.apply(properties);
    }
}
