"""Runs one scanner's own command line on many files. Runs in that scanner's environment, without ours.

    python driver.py TOOL LIST_OF_FILES RESULT.json

The entry point is imported once; every file then gets a process of its own by `fork`, so that neither a
crash nor what a scanner remembers reaches the next file. What is written is, a file: exit code, seconds,
last lines.
"""

from __future__ import annotations

import contextlib
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

WARMED = {"modelaudit"}
"""Load most of what they are made of when the first file of a kind comes."""


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


def warm(entry: object, tool: str, arguments: list[str], paths: list[str]) -> None:
    """Have a scanner load what it loads late: it judges the first small file of each ending, to no end.

    Without it modelaudit takes two seconds for each file, and 0.03 with it.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1), os.dup(2)
    seen = set()
    for path in paths:
        ending = os.path.splitext(path)[1]
        if ending in seen or os.path.getsize(path) > 1 << 20:
            continue
        seen.add(ending)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.argv = [tool, *(each.replace("{}", path) for each in arguments)]
        with contextlib.suppress(SystemExit, Exception):
            entry()  # type: ignore[operator]
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)


def main() -> None:
    tool, listed, result = sys.argv[1:4]
    module, name, arguments = ENTRIES[tool]
    entry = getattr(importlib.import_module(module), name)
    with open(listed, encoding="utf-8") as lines:
        paths = lines.read().splitlines()
    if tool in WARMED:
        warm(entry, tool, arguments, paths)
    found = {}
    for path in paths:
        code, seconds, text = run(entry, [tool, *(each.replace("{}", path) for each in arguments)])
        found[path] = {"code": code, "seconds": round(seconds, 3), "text": text}
    with open(result, "w", encoding="utf-8") as out:
        json.dump(found, out)


if __name__ == "__main__":
    main()
