#!/usr/bin/env bash
# Scans, writes outputs, annotations and a summary; fails for findings as told.
set -euo pipefail
tidegate="${TIDEGATE:-${RUNNER_TEMP:?}/tidegate/bin/tidegate}"
python="${PYTHON:-${RUNNER_TEMP:?}/tidegate/bin/python}"
case "${FAIL_ON:=low}" in
  critical | high | medium | low | info | never) ;;
  *) echo "::error::fail-on must be critical, high, medium, low, info or never" && exit 2 ;;
esac
paths=()
while IFS= read -r line; do
  [[ -z "$line" ]] && continue
  # A path that begins with a dash would be an option.
  [[ "$line" == -* ]] && line="./$line"
  paths+=("$line")
done <<<"${PATHS:-.}"
options=(--no-progress --format json -o "$RUNNER_TEMP/tidegate.json")
[[ -n "${BASELINE:-}" ]] && options+=("--baseline=$BASELINE")
if [[ "$FAIL_ON" == never ]]; then options+=(--exit-zero); else options+=("--fail-on=$FAIL_ON"); fi
code=0
"$tidegate" scan "${options[@]}" "${paths[@]}" || code=$?
if [[ $code -ne 0 && $code -ne 1 && $code -ne 3 ]]; then exit "$code"; fi
"$tidegate" report "$RUNNER_TEMP/tidegate.json" --format sarif -o "$RUNNER_TEMP/tidegate.sarif"
cp "$RUNNER_TEMP/tidegate.sarif" "./${SARIF:-tidegate.sarif}"
"$tidegate" report "$RUNNER_TEMP/tidegate.json" --format markdown >>"$GITHUB_STEP_SUMMARY"
SARIF="${SARIF:-tidegate.sarif}" "$python" "$ACTION_PATH/annotate.py" "$RUNNER_TEMP/tidegate.json" "$GITHUB_OUTPUT"
exit "$code"
