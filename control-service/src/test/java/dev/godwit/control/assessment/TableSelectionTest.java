// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TableSelectionTest {
    private static final CatalogTable ORDERS = table("orders");
    private static final CatalogTable LOG = table("log");
    private static final CatalogTable PAYMENT = new Table("payment").partitioned().build();
    private static final CatalogTable JANUARY = new Table("payment_1").below("payment").build();
    private static final CatalogTable FEBRUARY = new Table("payment_2").below("payment").build();

    @Test
    void selectsEverythingThatHasRowsByDefault() {
        assertThat(selected(List.of(), catalog(ORDERS, LOG, PAYMENT, JANUARY, FEBRUARY)))
                .containsExactly(
                        "public.log > public.log",
                        "public.orders > public.orders",
                        "public.payment_1 > public.payment_1",
                        "public.payment_2 > public.payment_2");
    }

    @Test
    void aPartitionedTableNamesItsPartitions() {
        assertThat(selected(List.of("public.payment"), catalog(PAYMENT, JANUARY, FEBRUARY)))
                .containsExactly(
                        "public.payment_1 > public.payment_1",
                        "public.payment_2 > public.payment_2");
    }

    @Test
    void leavesOutWhatIsMarked() {
        assertThat(
                        selected(
                                List.of("public.*", "!public.log", "!public.payment"),
                                catalog(ORDERS, LOG)))
                .containsExactly("public.orders > public.orders");
    }

    @Test
    void allPartitionsGoToTheRootWhenOneIsMissingOnTheTarget() {
        assertThat(selected(List.of("public.payment*"), catalog(PAYMENT, JANUARY)))
                .containsExactly(
                        "public.payment_1 > public.payment", "public.payment_2 > public.payment");
    }

    @Test
    void meanwhileAFurtherPartitionGoesWhereTheOthersGo() {
        assertThat(meanwhile(Set.of(), JANUARY, PAYMENT, catalog(PAYMENT, JANUARY, FEBRUARY)))
                .containsExactly(
                        "public.payment_1 > public.payment", "public.payment_2 > public.payment");
        assertThat(meanwhile(Set.of(), JANUARY, JANUARY, catalog(PAYMENT, JANUARY)))
                .containsExactly(
                        "public.payment_1 > public.payment_1",
                        "public.payment_2 > public.payment_2");
    }

    @Test
    void meanwhileWhatIsAddedIsSelectedWhateverThePatternsSay() {
        assertThat(
                        meanwhile(
                                Set.of(LOG.name(), ORDERS.name()),
                                JANUARY,
                                JANUARY,
                                catalog(ORDERS, LOG)))
                .contains("public.log > public.log", "public.orders > public.orders");
    }

    @Test
    void namesThePatternsThatMatchNothing() {
        TableSelection selection =
                TableSelection.of(
                        List.of("public.orders", "public.ordres", "publicXorders"),
                        TableRuleBook.EMPTY,
                        catalog(ORDERS),
                        catalog(ORDERS));

        assertThat(selection.unmatched()).containsExactly("public.ordres", "publicXorders");
    }

    /** One partition travels already. */
    private static List<String> meanwhile(
            Set<TableName> added,
            CatalogTable source,
            CatalogTable to,
            Map<TableName, CatalogTable> target) {
        return ways(
                TableSelection.meanwhile(
                        List.of("public.payment", "!public.log"),
                        added,
                        List.of(
                                TableMapping.newBuilder()
                                        .setSource(source.name().toAvro())
                                        .setTarget(to.name().toAvro())
                                        .setRoot(PAYMENT.name().toAvro())
                                        .build()),
                        TableRuleBook.EMPTY,
                        catalog(ORDERS, LOG, PAYMENT, JANUARY, FEBRUARY),
                        target));
    }

    private static List<String> selected(
            List<String> patterns, Map<TableName, CatalogTable> target) {
        return ways(
                TableSelection.of(
                        patterns,
                        TableRuleBook.EMPTY,
                        catalog(ORDERS, LOG, PAYMENT, JANUARY, FEBRUARY),
                        target));
    }

    private static List<String> ways(TableSelection selection) {
        return selection.tables().stream()
                .map(mapping ->
                        TableName.of(mapping.getSource())
                                + " > "
                                + TableName.of(mapping.getTarget()))
                .toList();
    }

    private static Map<TableName, CatalogTable> catalog(CatalogTable... tables) {
        var catalog = new TreeMap<TableName, CatalogTable>();
        for (CatalogTable table : tables) {
            catalog.put(table.name(), table);
        }
        return catalog;
    }

    private static CatalogTable table(String name) {
        return new Table(name).build();
    }

    private record Table(String name, List<TableName> ancestors, boolean isPartitioned) {
        Table(String name) {
            this(name, List.of(), false);
        }

        Table partitioned() {
            return new Table(name, ancestors, true);
        }

        Table below(String parent) {
            return new Table(name, List.of(new TableName("public", parent)), isPartitioned);
        }

        CatalogTable build() {
            return new CatalogTable(
                    new TableName("public", name),
                    ancestors,
                    isPartitioned,
                    false,
                    false,
                    'd',
                    true,
                    true,
                    false,
                    true,
                    "me",
                    true,
                    true,
                    false,
                    List.of());
        }
    }
}
