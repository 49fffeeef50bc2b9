#!/usr/bin/env bash
# The data tracker's doors, held by other people's tools (docs/my-data.md): schemathesis against Estonia's description, and
# GovStack's own feature where its repository is at hand.
#   tools/conformance.sh [FOLDER]   a checkout of GovStackWorkingGroup/bb-digital-registries; after tools/setup.sh run
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
govstack=${1:-}
steps_total=3
version=4.32.5
door=127.0.0.1:3333 # the address that GovStack's tests ask

step "installing schemathesis $version into target/tools (once)"
need_command python3 "install Python 3.10 or newer"
venv=target/tools/schemathesis
if [ ! -f "$venv/$version" ]; then
  python3 -m venv "$venv" 2>/dev/null || { apt_install python3-venv && python3 -m venv "$venv"; }
  quietly schemathesis-install "$venv/bin/pip" install "schemathesis==$version"
  touch "$venv/$version"
fi
tool=$PWD/$venv/bin/schemathesis

folder=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap finish EXIT
target/debug/zhengtong dev --data "$folder/data" --http 127.0.0.1:0 --rpc 127.0.0.1:0 --mediator "$door" >"$folder/log" 2>&1 &
server=$!
until grep -q '^ready' "$folder/log"; do
  kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; fail "zhengtong dev did not start" "read the lines above"; }
  sleep 0.2
done

step "schemathesis: every operation of e-gov/AJ's dumonitor-openapi.yaml"
(cd crates/gateway/tests/fixtures/tracker && "$tool" run dumonitor-openapi.yaml --url "http://$door")

step "GovStack: MyPersonalDataUsage"
if [ -z "$govstack" ]; then
  echo "left out: name a checkout of GovStackWorkingGroup/bb-digital-registries, as in: make conformance GOVSTACK=FOLDER"
  exit 0
fi
[ -f "$govstack/test/openAPI/cucumber.js" ] || fail "no GovStack tests in $govstack/test/openAPI" "name the folder of the whole repository"
cp -r "$govstack/test/openAPI" "$folder/govstack"
cd "$folder/govstack"
npm install --silent --no-audit --no-fund
npx cucumber-js --require features/support/data_my_personal_data_usage.js features/data_my_personal_data_usage.feature
