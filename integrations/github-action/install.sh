#!/usr/bin/env bash
# Installs Tidegate into an environment of its own. With REQUIREMENTS, only what its hashes name.
set -euo pipefail
venv="${RUNNER_TEMP:?}/tidegate"
python3 -m venv "$venv"
if [[ -n "${REQUIREMENTS:-}" ]]; then
  "$venv/bin/python" -m pip install --quiet --require-hashes -r "$REQUIREMENTS"
fi
if ! "$venv/bin/python" -c 'import tidegate' 2>/dev/null; then
  root="$(cd "$ACTION_PATH/../.." && pwd)"
  "$venv/bin/python" -m pip install --quiet -r "$root/requirements/run.txt"
  "$venv/bin/python" -m pip install --quiet --no-deps "$root"
fi
