"""Run a command and say what it cost: CPU of the whole process tree, wall time, peak memory.

CPU comes from the kernel's own account (`wait4`), so sampling cannot miss a short-lived process. Memory
needs sampling, and sampling disturbs: it has a run of its own, whose times are thrown away.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_EVERY_S = 0.04
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one command."""

    user_s: float
    system_s: float
    wall_s: float
    exit_code: int

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks over a run, in MB (10^6 bytes), as proportional set size summed over the process tree."""

    total_mb: float
    packs_mb: float
    """Mapped git packs and their indexes: page cache that the kernel may drop at any time."""
    beyond_packs_mb: float
    """The peak of all the rest; not the difference of the two peaks, which fall at different moments."""
    samples: int


def adopt_orphans() -> None:
    """Make this process the one that waits for abandoned grandchildren, so that their CPU is counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command: Sequence[str], *, env: dict[str, str], log: Path, timeout_s: float = 1800) -> Run:
    """Run to the end; stdout and stderr go to `log`."""
    with log.open("wb") as out:
        began = time.perf_counter()
        child = _start(command, env, out.fileno())
        try:
            usage, status, wall_s = _wait(child.pid, began, timeout_s)
        except BaseException:
            _end_session(child)
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
    return Run(usage[0], usage[1], wall_s, child.returncode)


def memory(
    command: Sequence[str], *, env: dict[str, str], log: Path, timeout_s: float = 1800
) -> Memory | None:
    """Run to the end and sample; `None` where there is no /proc to read."""
    if not Path("/proc/self/smaps").exists():
        run(command, env=env, log=log, timeout_s=timeout_s)
        return None
    peak_total = peak_packs = peak_rest = samples = 0
    with log.open("wb") as out:
        child = _start(command, env, out.fileno())
        deadline = time.monotonic() + timeout_s
        while child.poll() is None and time.monotonic() < deadline:
            packs, rest = _session_pss(child.pid)
            peak_total, peak_packs = max(peak_total, packs + rest), max(peak_packs, packs)
            peak_rest, samples = max(peak_rest, rest), samples + 1
            time.sleep(SAMPLE_EVERY_S)
        _end_session(child)
    return Memory(peak_total / 1e6, peak_packs / 1e6, peak_rest / 1e6, samples)


def median_run(runs: Sequence[Run]) -> Run:
    """The median of each column by itself."""
    return Run(
        statistics.median(r.user_s for r in runs),
        statistics.median(r.system_s for r in runs),
        statistics.median(r.wall_s for r in runs),
        runs[-1].exit_code,
    )


def _start(command: Sequence[str], env: dict[str, str], out: int) -> subprocess.Popen[bytes]:
    # A session of its own: whatever the command starts is found by its session id, and ends with it.
    return subprocess.Popen(
        list(command), env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
    )


def _wait(pid: int, began: float, timeout_s: float) -> tuple[tuple[float, float], int, float]:
    """Wait for the child and for what it abandoned. Returns (user, system), wait status, wall seconds."""

    def give_up(*_: object) -> None:
        os.killpg(pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.perf_counter() - began
        user, system = usage.ru_utime, usage.ru_stime
        with contextlib.suppress(ChildProcessError):
            while True:
                usage = os.wait4(-1, 0)[2]
                user, system = user + usage.ru_utime, system + usage.ru_stime
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return (user, system), status, wall_s


def _end_session(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait4(-1, 0)


def _session_pss(session: int) -> tuple[int, int]:
    """Bytes of proportional set size in mapped packs, and in everything else, over one session."""
    packs = rest = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = Path(entry.path, "stat").read_bytes()
            if int(stat[stat.rindex(b")") + 2 :].split()[3]) == session:
                ours = _pss(Path(entry.path, "smaps"))
                packs, rest = packs + ours[0], rest + ours[1]
    return packs, rest


def _pss(smaps: Path) -> tuple[int, int]:
    packs = rest = 0
    in_pack = False
    for line in smaps.read_bytes().splitlines():
        if line.startswith(b"Pss:"):
            size = int(line.split()[1]) * 1024
            if in_pack:
                packs += size
            else:
                rest += size
        elif line[:1] in b"0123456789abcdef" and b"-" in line[:20]:
            in_pack = line.endswith((b".pack", b".idx", b".rev"))
    return packs, rest
