"""What `tidegate inspect` of a folder costs and tells: `folders.py FOLDER [--write]`.

Folders of 10,000 to 300,000 small files are made once: texts, tables, bytes without a form, and in one of a
hundred a password; and in each the spill of `tidegate lab` (39 files, 274 MiB).
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tidegate.lab import spill

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
BEGIN, END = "<!-- folders: begin -->", "<!-- folders: end -->"
COUNTS = (10_000, 100_000, 300_000)
PASSWORDS = 0.01
TOLD = (
    f"{spill.WORKSTATIONS} copies of workstations' disks",
    f"{spill.KEYS} private keys",
    f"{spill.GRAPH_MESSAGES:,} Teams messages",
    f"{spill.SLACK_MESSAGES:,} Slack messages",
    "1 database dump",
)
"""What must be told of the spill, whatever lies beside it."""


def make(folder: Path, count: int) -> None:
    """Make a folder of so many files and the spill, unless it is there."""
    if (folder / "done").exists():
        return
    luck = random.Random(count)
    for number in range(count):
        below = folder / f"team {number % 40}" / f"{number // 500:05}"
        if number % 500 < 40:
            below.mkdir(parents=True, exist_ok=True)
        kind = luck.random()
        if kind < PASSWORDS:
            data = f"host: db.research.example\ndb_password: quiet-Otter-{luck.random()}\n".encode()
        elif kind < 0.5:
            data = b"".join(b"some words on line %d\n" % line for line in range(luck.randrange(1, 60)))
        elif kind < 0.6:
            data = b"a,b,c\n" + b"".join(b"%d,2,x\n" % row for row in range(luck.randrange(1, 60)))
        else:
            data = luck.randbytes(luck.randrange(50, 1500))
        ending = "yaml" if kind < PASSWORDS else "txt" if kind < 0.5 else "csv" if kind < 0.6 else "dat"
        (below / f"{number}.{ending}").write_bytes(data)
    for name, data in spill.files().items():
        (folder / "spill" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "spill" / name).write_bytes(data)
    (folder / "done").write_bytes(b"")


BETWEEN = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
used = os.wait4(process.pid, 0)[2]
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""A small process that starts what is measured: the peak that the system tells counts whoever started it."""


def row(folder: Path) -> str:
    """Inspect it in a process of its own, and say what came of it."""
    out = folder.with_suffix(".json")
    load = os.getloadavg()[0]
    started = time.monotonic()
    command = [sys.executable, "-m", "tidegate", "inspect", str(folder), "--format", "json", "-o", str(out)]
    ran = subprocess.run(
        [sys.executable, "-c", BETWEEN, *command, "--quiet", "--exit-zero"],
        stdout=subprocess.PIPE,
        check=True,
    )
    cpu_s, peak_kb = json.loads(ran.stdout)
    seconds = time.monotonic() - started
    (told,) = json.loads(out.read_text("utf-8"))["contents"]
    phrases = {note["phrase"] for note in told["noted"]}
    share = next(each for each in told["estimates"] if each["kind"] == "credentials")
    interval = f"{share['least']:.2%} to {share['most']:.2%}"
    if share["least"] == share["most"]:
        interval = f"{share['least']:.2%}"
    right = sum(phrase in phrases for phrase in TOLD)
    cells = [
        f"{told['items']:,}",
        f"{told['bytes'] / 1e6:,.0f}",
        f"{told['items_read']:,}",
        f"{told['bytes_read'] / 1e6:.1f} ({told['bytes_read'] / told['bytes']:.1%})",
        f"{right} of {len(TOLD)}",
        interval,
        f"{seconds:.0f}",
        f"{cpu_s:.0f}",
        f"{peak_kb // 1024:,}",
        f"{load:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    rows = [
        "| Files | MB | Looked into | MB read | Of the spill told | Hold credentials (made: 1 %) | Seconds |"
        " CPU s | Memory, MB | Load before |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for count in COUNTS:
        make(asked.folder / str(count), count)
        rows.append(row(asked.folder / str(count)))
        print(rows[-1], flush=True)
    if asked.write:
        text = RESULTS.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        RESULTS.write_text(before + BEGIN + "\n" + "\n".join(rows) + "\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
