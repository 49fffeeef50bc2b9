#!/usr/bin/env bash
# Formatting, clippy and the dependency policy.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
steps_total=3
step "formatting"
cargo fmt --all --check
step "clippy"
cargo clippy --locked --workspace --all-targets -- -D warnings
step "dependency policy (licences, sources, bans)"
if ! command -v cargo-deny >/dev/null; then
  echo "installing cargo-deny into target/tools (once)"
  cargo install --locked --version 0.20.2 --root target/tools --target-dir target/tools/build cargo-deny
  export PATH=$PWD/target/tools/bin:$PATH
fi
cargo deny check licenses bans sources
