#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Full load, schema, data and keys, of pgbench's tables: Godwit's loadMillis beside the wall time of pgcopydb clone, in one run.
#   benchmarks/full-load.sh [scale]      (default 20: 2 million rows)
. "$(dirname "$0")/servers.sh"
scale=${1:-20}
start_servers
"$TOP/godwit" --version >/dev/null # builds what is missing, outside the measurement
pgbench -p "$SOURCE_PORT" -i -q -s "$scale" bench 2>/dev/null
# It has no key, and is empty: its changes would need all columns.
on_source -c 'ALTER TABLE pgbench_history REPLICA IDENTITY FULL' -c 'VACUUM ANALYZE' -c CHECKPOINT

for round in 1 2; do
  fresh_target
  began=$(millis)
  pgcopydb clone --source "$SOURCE" --target "$TARGET" --table-jobs 4 --index-jobs 4 --dir "$WORK/pgcopydb" --restart >"$WORK/pgcopydb.log" 2>&1 \
    || { tail -5 "$WORK/pgcopydb.log" >&2; exit 1; }
  pgcopydb_millis=$(($(millis) - began))
  rows=$(on_target -c 'SELECT count(*) FROM pgbench_accounts')

  fresh_target
  began=$(millis)
  "$TOP/godwit" migrate --source "$SOURCE" --target "$TARGET" --schema create --cutover when-ready --data-dir "$WORK/data" --json >"$WORK/godwit.jsonl" \
    || { tail -3 "$WORK/godwit.jsonl" >&2; exit 1; }
  wall=$(($(millis) - began))
  godwit_millis=$(field loadMillis <"$WORK/godwit.jsonl")
  rm -rf "$WORK/data"
  on_source -d postgres -c "ALTER DATABASE bench RESET default_transaction_read_only"
  echo "round $round: rows $rows  pgcopydb $pgcopydb_millis ms  godwit load $godwit_millis ms (whole command $wall ms)  ratio $(ratio "$godwit_millis" "$pgcopydb_millis")"
done
