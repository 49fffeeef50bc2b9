#!/usr/bin/env bash
# Long runs: the chain's simulations with many seeds, then many kills of the real process (docs/testing.md). The simulations
# are built optimised and remember signatures that were checked: together worth a factor of three. They run in parts of 100
# seeds, one on each processor, at low priority. What is done is noted in target/soak; a run that is broken off and begun
# again, with the same build, goes on from there.
#   ZHENGTONG_SEEDS  seeds of each scenario (1000)     ZHENGTONG_SEED  the first of them (0)
#   SCENARIO         only tests whose path contains it: a name, "four", "seven" or "membership"
#   KILLS            kills of the real process (100; 0 for none)
#   JOBS             parts at a time (one a processor)
#   SIMULATIONS      a test binary that was built before, instead of building one
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
steps_total=3
seeds=${ZHENGTONG_SEEDS:-1000} first=${ZHENGTONG_SEED:-0} part=100

step "building the simulations"
if [ -z "${SIMULATIONS:-}" ]; then
  built=$(cargo test --locked --release --workspace --test chain --features zhengtong-types/remember --no-run 2>&1) ||
    fail "the simulations do not build" "read: $(tail -n 20 <<<"$built")"
  SIMULATIONS=$PWD/$(sed -n 's/.*(\(.*\))$/\1/p' <<<"$built" | tail -n 1)
fi
[ -x "$SIMULATIONS" ] || fail "there is no program at '$SIMULATIONS'" "set SIMULATIONS to a test binary, or to nothing"

step "simulations of the chain, $seeds seeds each from $first on"
tests=$("$SIMULATIONS" --list simulation:: | sed -n 's/: test$//p' | grep -E '::(four|seven|membership)::' |
  grep -F -- "${SCENARIO:-}") || fail "no scenario's name contains '${SCENARIO:-}'" "see the list in docs/testing.md"
folder=target/soak/$(sha256sum "$SIMULATIONS" | cut -c1-16)
mkdir -p "$folder"
folder=$PWD/$folder
play() {
  local test=$1 from=$2 count=$3 log
  log=$folder/${test//::/.}.$from+$count
  [ -f "$log.held" ] && return
  if ZHENGTONG_SEED=$from ZHENGTONG_SEEDS=$count nice -n 19 "$SIMULATIONS" --exact --nocapture "$test" >"$log.running" 2>&1; then
    mv "$log.running" "$log.held"
    rm -f "$log.failed"
    grep -F "$count of $count seeds hold" "$log.held" || true
  else
    mv "$log.running" "$log.failed"
    printf '\033[31mfailed:\033[0m %s, seeds from %s on; see %s\n' "$test" "$from" "$log.failed"
    return 1
  fi
}
export -f play
export folder SIMULATIONS
parts=$(for test in $tests; do
  for ((from = first; from < first + seeds; from += part)); do
    left=$((first + seeds - from))
    echo "$test $from $((left < part ? left : part))"
  done
done)
# As cargo starts it.
cd crates/chain
xargs -P "${JOBS:-$(nproc)}" -L 1 bash -c 'play "$@"' play <<<"$parts" ||
  fail "properties were violated" "repeat a seed by the command at the end of: $(ls "$folder"/*.failed | tr '\n' ' ')"
cd ../..

step "${KILLS:=100} kills while cases run"
[ "$KILLS" -gt 0 ] || exit 0
cd portal
ZHENGTONG_KILLS=$KILLS node --import tsx --test e2e/crash.test.ts
