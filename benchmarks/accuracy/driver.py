"""Runs one scanner's own command line on many files. Runs in that scanner's environment, without ours.

    python driver.py TOOL LIST_OF_FILES RESULT.json

The entry point is imported once; every file then gets a process of its own by `fork`, so that neither a
crash nor what a scanner remembers reaches the next file. What is written is, a file: exit code, seconds,
last lines.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback

LIMIT_S = 30
MEMORY_BYTES = 4 << 30
CRASHED, TIMED_OUT = 99, 98

ENTRIES = {
    "picklescan": ("picklescan.cli", "main", ["-p", "{}"]),
    "modelscan": ("modelscan.cli", "main", ["scan", "-p", "{}"]),
    "fickling": ("fickling.__main__", "main", ["--check-safety", "{}"]),
    "hayward": ("hayward.cli", "main", ["scan", "{}", "--color", "never"]),
    "aisbom-cli": ("aisbom.cli", "app", ["scan", "{}"]),
    "modelaudit": ("modelaudit.__main__", "_run", ["scan", "{}", "--no-cache", "--format", "text"]),
}


def child(entry: object, arguments: list[str], out: int) -> None:
    """Run the command line; end the process with its exit code."""
    code: object = CRASHED
    try:
        os.dup2(out, 1)
        os.dup2(out, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os.chdir(tempfile.mkdtemp())
        sys.argv = arguments
        code = entry()  # type: ignore[operator]
    except SystemExit as done:
        code = done.code
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def run(entry: object, arguments: list[str]) -> tuple[int, float, str]:
    """Return exit code, wall seconds and the last lines."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        pid = os.fork()
        if not pid:
            child(entry, arguments, out.fileno())
        code = CRASHED
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                break
            if time.monotonic() - began > LIMIT_S:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                code = TIMED_OUT
                break
            time.sleep(0.002)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
        return code, time.monotonic() - began, text[-3000:]


def main() -> None:
    tool, listed, result = sys.argv[1:4]
    module, name, arguments = ENTRIES[tool]
    entry = getattr(importlib.import_module(module), name)
    with open(listed, encoding="utf-8") as lines:
        paths = lines.read().splitlines()
    found = {}
    for path in paths:
        code, seconds, text = run(entry, [tool, *(each.replace("{}", path) for each in arguments)])
        found[path] = {"code": code, "seconds": round(seconds, 3), "text": text}
    with open(result, "w", encoding="utf-8") as out:
        json.dump(found, out)


if __name__ == "__main__":
    main()
