#!/usr/bin/env bash
# All tests, in the order in which they fail fastest. Works from a clean clone.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh test
source tools/lib.sh
steps_total=7
step "formatting"
cargo fmt --all --check
step "contracts: unit, fuzz, invariants, gas, ABI drift"
npm --prefix contracts test --silent
step "scale: the model of docs/scale.md"
node --test --test-reporter=dot tools/scale/scale.test.mjs
step "portal: types, unit tests"
npm --prefix portal run --silent check
npm --prefix portal test --silent
step "Rust: building the binary and all tests (the first time takes half an hour on two cores)"
cargo build --locked --workspace --bins --tests
step "Rust: all crates"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked --workspace
  cargo test --locked --workspace --doc --quiet
else
  cargo test --locked --workspace
fi
step "the real binary in a real browser: journeys, pages, tools, kills, privacy, bad input"
npm --prefix portal run --silent e2e
