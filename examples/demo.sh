#!/bin/sh
# Builds a small research repository that leaks as people do, and scans it. BIN: where tidegate is installed.
set -eu
tidegate=$(cd "$BIN" && pwd)/tidegate
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$BIN/python" examples/research_repo.py "$work/robust-models"
echo
echo "\$ tidegate scan robust-models"
echo
cd "$work"
"$tidegate" scan robust-models --exit-zero
