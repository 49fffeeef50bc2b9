#!/usr/bin/env bash
# Long runs: the chain's simulations with many seeds, then many kills of the real process (docs/testing.md). The simulations
# are built optimised, which is worth a factor of three.
#   ZHENGTONG_SEEDS  seeds of each scenario (1000)     ZHENGTONG_SEED  the first of them (0)
#   SCENARIO         only tests whose path contains it: a name, "four", "seven" or "membership"
#   KILLS            kills of the real process (100; 0 for none)
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
steps_total=2
export ZHENGTONG_SEEDS=${ZHENGTONG_SEEDS:-1000} ZHENGTONG_SEED=${ZHENGTONG_SEED:-0}
step "simulations of the chain, $ZHENGTONG_SEEDS seeds each from $ZHENGTONG_SEED on"
tests=$(cargo test --locked --quiet --release --workspace --test chain -- --list simulation:: |
  sed -n 's/: test$//p' | grep -E '::(four|seven|membership)::' | grep -F -- "${SCENARIO:-}") ||
  fail "no scenario's name contains '${SCENARIO:-}'" "see the list in docs/testing.md"
# shellcheck disable=SC2086 # one word a test
cargo test --locked --quiet --release --workspace --test chain -- --exact --nocapture $tests
step "${KILLS:=100} kills while cases run"
[ "$KILLS" -gt 0 ] || exit 0
cd portal
ZHENGTONG_KILLS=$KILLS node --import tsx --test e2e/crash.test.ts
