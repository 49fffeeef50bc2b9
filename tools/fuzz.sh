#!/usr/bin/env bash
# Long fuzzing: contracts and decoders, recovery of senders, then random JSON-RPC against a running node, whose memory must stay flat.
# tools/fuzz.sh MINUTES, after tools/setup.sh network.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
minutes=${1:?usage: tools/fuzz.sh MINUTES}
steps_total=3

step "contracts and decoders"
npm --prefix contracts run --silent fuzz

export SEED=${SEED:-$(date +%s)}
step "a million signatures, side by side and one by one, from seed $SEED"
SIGNATURES=1000000 cargo test --locked --workspace --lib any_numbers_give

step "random JSON-RPC against a node for $minutes minutes"
folder=$(mktemp -d)
node=
finish() {
  [ -z "$node" ] || kill "$node" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
target/debug/zhengtong dev --chain-only --data "$folder/data" --rpc "127.0.0.1:$port" >"$folder/log" 2>&1 &
node=$!
if ! MINUTES=$minutes RPC_URL=http://127.0.0.1:$port RPC_PID=$node \
  cargo test --locked --workspace --test rpc random_requests -- --nocapture; then
  tail -n 40 "$folder/log" >&2
  fail "the node answered a request badly, grew or stopped" "the last lines of its log are above; the seed named there repeats the request"
fi
kill -0 "$node" || fail "the node stopped" "read the lines above"
