#!/usr/bin/env bash
# All benchmarks in one run: transfers beside anvil, cases, verification in the browser. ZHENGTONG_BENCH_QUICK=1 does a tenth.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh bench
source tools/lib.sh
steps_total=4
figures=$PWD/target/bench-figures
mkdir -p "$figures"
quick=()
[ "${ZHENGTONG_BENCH_QUICK:-}" != 1 ] || quick=(--transfers 2000 --rounds 1)

step "ERC-20 transfers, beside anvil"
target/release/zhengtong bench transfers --report "$figures/transfers.json" "${quick[@]}"
step "the same with few and with five million accounts in the state"
state=()
[ "${ZHENGTONG_BENCH_QUICK:-}" != 1 ] || state=(--transfers 2000 --rounds 1 --holders 100000)
target/release/zhengtong bench state --report "$figures/state.json" "${state[@]}"
step "records between two gateways"
exchanges=()
[ "${ZHENGTONG_BENCH_QUICK:-}" != 1 ] || exchanges=(--exchanges 500)
target/release/zhengtong bench exchange --report "$figures/exchange.json" "${exchanges[@]}"
step "cases, and verification in a browser"
ZHENGTONG_BIN=$PWD/target/release/zhengtong npm --prefix portal run --silent bench -- "$figures/transfers.json"
