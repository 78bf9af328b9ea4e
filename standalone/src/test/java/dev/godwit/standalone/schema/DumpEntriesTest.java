// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.godwit.standalone.schema.DumpEntries.Entry;
import org.junit.jupiter.api.Test;

class DumpEntriesTest {
    @Test
    void cutsAtObjectsAndDropsPsqlCommands() {
        String dump =
                """
                --
                -- PostgreSQL database dump
                --

                \\restrict abc

                SET statement_timeout = 0;

                --
                -- Name: f(integer); Type: FUNCTION; Schema: public; Owner: -
                --

                CREATE FUNCTION public.f(integer) RETURNS integer LANGUAGE sql AS $$
                SELECT 1; -- a ';' inside
                $$;


                --
                -- Name: empty; Type: SCHEMA; Schema: -; Owner: -
                --

                -- *not* creating schema, since initdb creates it


                --
                -- Name: t; Type: TABLE; Schema: public; Owner: -
                --

                CREATE TABLE public.t (a integer);

                \\unrestrict abc
                """;

        assertThat(DumpEntries.of(dump))
                .extracting(Entry::type, entry -> entry.sql().strip())
                .containsExactly(
                        tuple(
                                "",
                                "--\n-- PostgreSQL database dump\n--\n\n\nSET statement_timeout = 0;"),
                        tuple(
                                "FUNCTION",
                                "CREATE FUNCTION public.f(integer) RETURNS integer LANGUAGE sql AS $$\nSELECT 1; -- a ';' inside\n$$;"),
                        tuple("TABLE", "CREATE TABLE public.t (a integer);"));
    }
}
