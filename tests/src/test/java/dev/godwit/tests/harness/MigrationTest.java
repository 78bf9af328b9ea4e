// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** A class of scenarios: its constructor or its tests take a {@link MigrationHarness}. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(HarnessExtension.class)
public @interface MigrationTest {
    Mode value() default Mode.ONE_JVM;
}
