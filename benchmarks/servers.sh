# SPDX-License-Identifier: Apache-2.0
# Sourced by the benchmarks: two PostgreSQL servers of one version in a temporary directory, gone at exit.
# PG_BIN names the directory with initdb and postgres (default: Debian's 15), so that peers and Godwit meet the same server.
set -euo pipefail

PG_BIN=${PG_BIN:-/usr/lib/postgresql/15/bin}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/.." && pwd)
WORK=$(mktemp -d --suffix=.godwit-bench)
SOURCE_PORT=${SOURCE_PORT:-54815}
TARGET_PORT=${TARGET_PORT:-54816}
export PGUSER=postgres PGHOST=127.0.0.1 PGPASSWORD=bench
SOURCE="postgresql://postgres@127.0.0.1:$SOURCE_PORT/bench"
TARGET="postgresql://postgres@127.0.0.1:$TARGET_PORT/bench"

[ -x "$PG_BIN/postgres" ] || { echo "no PostgreSQL in $PG_BIN: apt-get install postgresql-15, or set PG_BIN" >&2; exit 2; }

# postgres does not run as root
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

start_server() { # name port
  local data=$WORK/$1
  mkdir -p "$data" && { [ "$(id -u)" != 0 ] || chown postgres "$data" "$WORK"; }
  echo bench > "$WORK/pw" && chmod 644 "$WORK/pw"
  as_postgres "$PG_BIN/initdb" -D "$data" -U postgres -A scram-sha-256 --pwfile="$WORK/pw" -E UTF8 --locale=C >/dev/null
  as_postgres "$PG_BIN/pg_ctl" -D "$data" -w -s -l "$WORK/$1.log" -o "-p $2 -k $data -c listen_addresses=127.0.0.1 -c wal_level=logical \
    -c shared_buffers=512MB -c max_wal_size=8GB -c checkpoint_timeout=30min -c maintenance_work_mem=256MB -c max_connections=100" start
}
stop_servers() {
  kill $(jobs -p) 2>/dev/null || true
  for name in source target; do
    [ -d "$WORK/$name" ] && as_postgres "$PG_BIN/pg_ctl" -D "$WORK/$name" -m immediate -s stop || true
  done
  rm -rf "$WORK"
}
trap stop_servers EXIT

on_source() { psql -XqAt -p "$SOURCE_PORT" -d bench -v ON_ERROR_STOP=1 "$@"; }
on_target() { psql -XqAt -p "$TARGET_PORT" -d bench -v ON_ERROR_STOP=1 "$@"; }
fresh_target() {
  psql -XqAt -p "$TARGET_PORT" -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS bench WITH (FORCE)' -c 'CREATE DATABASE bench'
}
start_servers() {
  start_server source "$SOURCE_PORT"
  start_server target "$TARGET_PORT"
  psql -XqAt -p "$SOURCE_PORT" -d postgres -c 'CREATE DATABASE bench'
  fresh_target
}
millis() { date +%s%3N; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
# field NAME: the last value of that field in JSON lines on stdin
field() { grep -o "\"$1\":[0-9]*" | tail -1 | cut -d: -f2; }
