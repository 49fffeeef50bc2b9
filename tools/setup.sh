#!/usr/bin/env bash
# Installs what the asked-for target needs and builds it: tools/setup.sh run|network|test|e2e|bench|contracts
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh

target=${1:?usage: tools/setup.sh run|network|test|e2e|bench|contracts}
case $target in
  contracts) steps_total=3 ;;
  network) steps_total=4 ;;
  run) steps_total=5 ;;
  bench) steps_total=6 ;;
  test) steps_total=6 ;;
  e2e) steps_total=6 ;;
  *) fail "unknown target '$target'" "use run, network, test, e2e, bench or contracts" ;;
esac

step "looking for Rust and Node"
need_command cargo "install Rust with rustup, version 1.95 or newer"
need_command cc "install a C compiler (Debian: apt-get install build-essential)"
need_node 20

step "installing the packages of contracts/"
npm_install contracts
step "compiling the contracts"
quietly contracts-build npm --prefix contracts run --silent build
[ "$target" = contracts ] && exit 0

if [ "$target" != network ]; then
  step "building the portal"
  npm_install portal
  quietly portal-build npm --prefix portal run --silent build
fi

case $target in
  test) # tools/test.sh builds the binary together with the tests
    step "looking for PostgreSQL and MariaDB"
    need_postgres
    need_mariadb
    ;;
  bench)
    step "building the binary, optimised (the first time takes some minutes)"
    cargo build --locked --release -p zhengtong
    ;;
  *)
    step "building the binary (the first time takes some minutes)"
    cargo build --locked -p zhengtong
    ;;
esac

if [ "$target" != run ] && [ "$target" != network ]; then
  step "looking for Chromium and its fonts"
  need_chromium
  need_openssl
fi
