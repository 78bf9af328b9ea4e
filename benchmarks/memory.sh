#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All services and the broker in one JVM with a hard heap limit: whatever does not fit dies of OutOfMemoryError.
#   benchmarks/memory.sh rows      1 GB: a 10-million-row load, and a single transaction of 2 million rows in the sync
#   benchmarks/memory.sh wide      2 GB: a row with a 100 MB bytea loaded, one inserted, one updated
. "$(dirname "$0")/servers.sh"
start_servers
"$TOP/godwit" --version >/dev/null
sql_equal() { # table
  [ "$(on_source -c "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM $1 t")" = "$(on_target -c "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM $1 t")" ]
}
await() { until grep -q "$1" "$WORK/godwit.jsonl" 2>/dev/null; do sleep 0.5; kill -0 "$godwit" 2>/dev/null || { tail -3 "$WORK/godwit.jsonl" "$WORK/godwit.err"; exit 1; }; done; }

case ${1:-rows} in
  rows)
    heap=1g
    on_source -c "CREATE TABLE wide_load (id bigint PRIMARY KEY, a int, b text, c timestamptz)" \
      -c "INSERT INTO wide_load SELECT i, i % 1000, md5(i::text), 'epoch'::timestamptz + i * interval '1 s' FROM generate_series(1, 10000000) i"
    change() { on_source -c "INSERT INTO wide_load SELECT i, i % 1000, md5(i::text), now() FROM generate_series(10000001, 12000000) i"; }
    ;;
  wide)
    heap=2g
    on_source -c "CREATE TABLE wide_load (id bigint PRIMARY KEY, note text, b bytea)"
    bytes="(SELECT decode(string_agg(md5((i * s)::text), ''), 'hex') FROM generate_series(1, 6553600) i)"
    on_source -c "INSERT INTO wide_load SELECT s, 'loaded', $bytes FROM (VALUES (1)) v(s)"
    change() {
      on_source -c "INSERT INTO wide_load SELECT s, 'inserted', $bytes FROM (VALUES (2)) v(s)"
      on_source -c "UPDATE wide_load SET b = (SELECT $bytes FROM (VALUES (3)) v(s)) WHERE id = 1"
      on_source -c "UPDATE wide_load SET note = 'toast unchanged' WHERE id = 2"
    }
    ;;
esac

pg_dump -O -x -s -p "$SOURCE_PORT" bench | on_target -f - >/dev/null
export GODWIT_JAVA_OPTS="-Xmx$heap -XX:+ExitOnOutOfMemoryError"
began=$(millis)
"$TOP/godwit" migrate --source "$SOURCE" --target "$TARGET" --data-dir "$WORK/data" --json >"$WORK/godwit.jsonl" 2>"$WORK/godwit.err" &
godwit=$!
await '"ready_to_cutover"'
loaded=$(($(millis) - began))
began=$(millis)
change
"$TOP/godwit" cutover --data-dir "$WORK/data" --confirm --fence --timeout 1800 >/dev/null
wait $godwit
sql_equal wide_load || { echo "wide_load differs" >&2; exit 1; }
echo "$1: within -Xmx$heap; load $loaded ms, changes and cutover $(($(millis) - began)) ms; $(grep '"completed"' "$WORK/godwit.jsonl")"
