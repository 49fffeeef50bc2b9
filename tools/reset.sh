#!/usr/bin/env bash
# Deletes the data folder of `zhengtong dev`, and nothing that is not one: tools/reset.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/lib.sh
folder=${1:?usage: tools/reset.sh DIR}
[ -e "$folder" ] || { echo "nothing to do: '$folder' does not exist"; exit 0; }
[ -f "$folder/network.json" ] || fail "'$folder' is not a data folder of zhengtong (it has no network.json)" "name the right folder: make reset DATA=…"
rm -rf -- "$folder"
echo "deleted '$folder'; the next 'make run' starts over"
