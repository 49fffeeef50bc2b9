#!/usr/bin/env bash
# Long runs: the chain's simulations again and again, then many kills of the real process. ROUNDS and KILLS set how long.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
steps_total=2
step "simulations of the chain, ${ROUNDS:=20} rounds"
for round in $(seq "$ROUNDS"); do
  echo "round $round of $ROUNDS"
  cargo test --locked --quiet -p zhengtong-chain --test chain
done
step "${KILLS:=100} kills while cases run"
cd portal
ZHENGTONG_KILLS=$KILLS node --import tsx --test e2e/crash.test.ts
