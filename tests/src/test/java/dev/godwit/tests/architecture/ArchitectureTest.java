// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.conditions.ArchConditions.accessField;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses PRODUCT =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .withImportOption(location -> !location.contains("/test-classes/"))
                    .importPackages("dev.godwit");
    private static final JavaClasses TESTS =
            new ClassFileImporter().importPackages("dev.godwit.tests");

    /** Where a process begins: it may read the clock and speak to the terminal. */
    private static final DescribedPredicate<JavaClass> ENTRY =
            simpleName("Main").or(resideInAnyPackage("dev.godwit.standalone.."));

    @Test
    void findsTheProduct() {
        org.assertj.core.api.Assertions.assertThat(PRODUCT.size()).isGreaterThan(50);
    }

    @Test
    void slicesAreFreeOfCycles() {
        slices().matching("dev.godwit.(**)").should().beFreeOfCycles().check(PRODUCT);
    }

    @Test
    void nobodyDependsOnTheApi() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.godwit.control.api..", "dev.godwit.control")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.godwit.control.api..")
                .check(PRODUCT);
    }

    @Test
    void servicesShareNothingButTopics() {
        String[] services = {"capture", "apply", "control"};
        for (String service : services) {
            for (String other : services) {
                if (!service.equals(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage("dev.godwit." + service + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage("dev.godwit." + other + "..")
                            .allowEmptyShould(true)
                            .check(PRODUCT);
                }
            }
        }
    }

    @Test
    void onlyRoomsThatTalkToADatabaseTouchJdbc() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.godwit.postgres..",
                        "dev.godwit.capture.source..",
                        "dev.godwit.capture.load..",
                        "dev.godwit.capture.wal..",
                        "dev.godwit.apply..",
                        "dev.godwit.control.assessment..",
                        "dev.godwit.control.comparison..",
                        "dev.godwit.standalone..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.sql..")
                .check(PRODUCT);
    }

    @Test
    void namesSayTheOneJob() {
        noClasses()
                .should()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .orShould()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Impl")
                .check(PRODUCT.that(not(GENERATED)));
    }

    @Test
    void nothingStaticChanges() {
        for (JavaClasses classes : new JavaClasses[] {PRODUCT.that(not(GENERATED)), TESTS}) {
            fields().that().areStatic().should().beFinal().check(classes);
        }
    }

    @Test
    void nobodySleeps() {
        for (JavaClasses classes : new JavaClasses[] {PRODUCT, TESTS}) {
            noClasses()
                    .should()
                    .callMethod(Thread.class, "sleep", long.class)
                    .orShould()
                    .callMethod(Thread.class, "sleep", java.time.Duration.class)
                    .check(classes);
        }
    }

    @Test
    void featuresAreGivenTheirClockAndDoNotPrint() {
        noClasses()
                .that(not(ENTRY).and(not(GENERATED)))
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould(accessField(System.class, "out"))
                .orShould(accessField(System.class, "err"))
                .check(PRODUCT);
    }

    /** Avro's records and what Micronaut's processors write. */
    private static final DescribedPredicate<JavaClass> GENERATED =
            DescribedPredicate.describe(
                    "generated",
                    type ->
                            type.getPackageName().equals("dev.godwit.schemas")
                                    || type.getSimpleName().contains("$")
                                    || type.getName().contains(".$")
                                    || type.getName().contains("$Definition")
                                    || type.getName().contains("$Introspection")
                                    || type.getName().contains("$Intercepted"));
}
