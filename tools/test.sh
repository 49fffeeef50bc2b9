#!/usr/bin/env bash
# All tests but the end-to-end ones (`make e2e`), in the order in which they fail fastest. Works from a clean clone.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh test
source tools/lib.sh
steps_total=4
step "contracts: unit, fuzz, invariants, gas, ABI drift"
npm --prefix contracts test --silent
step "portal: types, unit tests"
npm --prefix portal run --silent check
npm --prefix portal test --silent
step "Rust: all crates"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked --workspace
  cargo test --locked --workspace --doc --quiet
else
  cargo test --locked --workspace
fi
step "formatting"
cargo fmt --all --check
