#!/usr/bin/env bash
# Renders the chart with example-values.yaml into example.yaml, which a test reads. Needs helm, version 3.8 or newer.
set -euo pipefail
cd "$(dirname "$0")"
helm lint zhengtong -f example-values.yaml > /dev/null
helm lint zhengtong > /dev/null
sum=$(cat $(find zhengtong -type f | LC_ALL=C sort) example-values.yaml | sha256sum | cut -d' ' -f1)
{
  echo "# Made by render.sh from chart and values with SHA-256 $sum."
  helm template example zhengtong -f example-values.yaml --kube-version 1.30.0
} > example.yaml
