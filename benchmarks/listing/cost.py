"""Run a client and say what it cost, by the kernel's own account of that one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of one client."""

    items: int
    bytes: int
    first_s: float
    """From the end of the client's imports until it had counted its first blobs."""
    wall_s: float
    """Of the whole process, imports included, as is the CPU."""
    user_s: float
    system_s: float
    peak_mb: float
    """Greatest resident size, 10^6 bytes."""
    file_mb: float

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


class ClientFailedError(Exception):
    """A client ended with an error; its last words are the message."""


def run(script: Path, arguments: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run to the end. Raises `ClientFailedError`."""
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as words:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=words,
        )
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        words.seek(0)
        lines = told.read().decode().splitlines()
        if child.returncode or not lines:
            last = words.read().decode(errors="replace")[-500:]
            raise ClientFailedError(f"{script.name} ended with {child.returncode}: {last}")
    counted = json.loads(lines[-1])
    return Cost(
        items=counted["items"],
        bytes=counted["bytes"],
        first_s=counted["first_s"],
        wall_s=wall_s,
        user_s=usage.ru_utime,
        system_s=usage.ru_stime,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        file_mb=counted.get("file_bytes", 0) / 1e6,
    )
