"""Replay the incident at its size: from a repository to a report about 38 TB. See ../README.md.

    python benchmarks/lab/run.py --write-results

It runs `tidegate lab --scale` as a user would. The simulated account answers from the same process, so that
time and memory are those of both. What was read is taken from the audit log and the report it writes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "speed"))

import results  # noqa: E402 - needs the path

RESULTS = HERE.parent / "RESULTS.md"
MOST_S = 1800


@dataclass(frozen=True, slots=True)
class Replay:
    """One run, and what it left."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    """Greatest resident size of one process, 10^6 bytes."""
    report: dict[str, Any]
    listing_bytes: int
    """Of answers that listed or probed."""
    requests: int

    @property
    def contents(self) -> dict[str, Any]:
        """What lies behind the worst finding."""
        found: dict[str, Any] = self.report["findings"][0]["contents"]
        return found

    @property
    def read_percent(self) -> float:
        """Of the bytes that lie there, how many were read of items."""
        read, all_bytes = int(self.contents["bytes_read"]), int(self.contents["bytes"])
        return 100.0 * read / all_bytes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write-results", action="store_true", help="put the table into RESULTS.md")
    options = parser.parse_args()
    machine = results.machine()
    with tempfile.TemporaryDirectory(prefix="tidegate-lab-") as folder:
        text = section(replayed(Path(folder)), machine)
    print(text)
    if options.write_results:
        results.put(RESULTS, "lab", text)
    return 0


def replayed(folder: Path) -> Replay:
    """Run it. Raises `SystemExit` with its last words when it fails."""
    command = [sys.executable, "-m", "tidegate", "lab", "--scale", "--folder", str(folder)]
    with (folder / "said").open("wb") as said:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit((folder / "said").read_text(errors="replace")[-2000:])
    lines = (folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    items = ("read", "bytes of")
    return Replay(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        report=json.loads((folder / "report.json").read_text(encoding="utf-8")),
        listing_bytes=sum(e.get("bytes", 0) for e in answers if not e["asked"].startswith(items)),
        requests=sum(1 for e in answers if "status" in e),
    )


def section(replay: Replay, machine: dict[str, object]) -> str:
    """Return the table."""
    worst, found = replay.report["findings"][0], replay.contents
    facts = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in list(machine.items())[:5])
    rows: Sequence[tuple[str, str]] = [
        ("worst finding", f"{worst['rule']}, {worst['severity']}, reach {worst['reach']['state']}"),
        ("listed", f"{found['items']:,} items, {found['bytes']:,} bytes in {found['containers']} containers"),
        ("looked into", f"{found['items_read']:,} items"),
        ("read of items", f"{found['bytes_read']:,} bytes, {replay.read_percent:.6f} %"),
        ("read of listings and probes", f"{replay.listing_bytes / 1e9:,.2f} GB"),
        ("requests", f"{replay.requests:,}"),
        ("estimates", f"{len(found['estimates'])}"),
        ("attack paths", f"{len(worst['paths'])}"),
        ("wall, with start, repository and server", f"{replay.wall_s:,.0f} s"),
        ("CPU, server's share included", f"{replay.cpu_s:,.0f} s"),
        ("peak memory, server included", f"{replay.peak_mb:,.0f} MB"),
    ]
    targets = [
        results.at_most("scan to report, wall", replay.wall_s, 600, " s"),
        results.at_most("read of items, millionths of all bytes", replay.read_percent * 1e4, 100, ""),
    ]
    return "\n".join(
        [
            f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M UTC}. `python benchmarks/lab/run.py`",
            "",
            f"Machine: {facts}.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
            results.targets_table(targets),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
