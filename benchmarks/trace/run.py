"""How fast logs are read for one credential, beside grep on the same file in the same run. See ../README.md.

python benchmarks/trace/run.py [--megabytes 1000] [--write-results]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "tests" / "unit" / "trace"), str(HERE.parent / "speed")]

import results  # noqa: E402
from test_tracing import HASH, LINK, SHAPE, analytics  # noqa: E402
from test_tracing import resource as record  # noqa: E402

MATCHING = 1000
"""One line in so many is about the credential."""


def main() -> int:
    options = _options()
    rows = []
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        for title, mine, other, needle in (
            (
                "Azure Storage Analytics",
                analytics("GetBlob", "model.ckpt"),
                analytics("GetBlob", "other.bin", shape=SHAPE.replace("2051", "2031")),
                "se=2051-10-06",
            ),
            (
                "Azure StorageBlobLogs",
                json.dumps(record("GetBlob", "model.ckpt")),
                json.dumps(record("GetBlob", "other.bin", told="F" * 64)).replace("2051", "2031"),
                HASH,
            ),
        ):
            file = Path(folder) / "log"
            size = _make(file, mine, other, options.megabytes << 20)
            subprocess.run(["cat", str(file)], stdout=subprocess.DEVNULL, check=True)  # into the page cache
            ours = _cost([sys.executable, "-m", "tidegate", "trace", "--log", str(file), "--link", "-"], LINK)
            grep = _cost(["grep", "-ciF", needle, str(file)])
            plain = _cost(["grep", "-cF", needle, str(file)])
            rows += [
                (title, "**Tidegate**", size, *ours),
                (title, "`grep -ciF`, count only", size, *grep),
                (title, "`grep -cF`, count only", size, *plain),
            ]
    text = _table(rows, options.megabytes)
    print(text)
    if options.write_results:
        results.put(HERE.parent / "RESULTS.md", "trace", text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--write-results", action="store_true")
    return parser.parse_args()


def _make(file: Path, mine: str, other: str, size: int) -> int:
    block = ("\n".join([mine, *[other] * (MATCHING - 1)]) + "\n").encode()
    with file.open("wb") as out:
        for _ in range(max(1, size // len(block))):
            out.write(block)
    return file.stat().st_size


def _cost(command: list[str], stdin: str = "") -> tuple[float, float]:
    """Return CPU seconds and peak megabytes of one command. To /dev/null grep stops at its first line."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def _table(rows: list[tuple[str, str, int, float, float]], megabytes: int) -> str:
    lines = [
        results_head(megabytes),
        "",
        "| log | what | CPU s | MB per CPU s |",
        "|---|---|--:|--:|",
    ]
    lines += [f"| {log} | {what} | {cpu:.2f} | {size / cpu / 1e6:,.0f} |" for log, what, size, cpu, _ in rows]
    peak = max(peak for *_, peak in rows)
    slowest = min(size / cpu / 1e6 for _, what, size, cpu, _ in rows if "Tidegate" in what)
    met = "met" if slowest >= 100 else "**not met**"
    lines += [
        "",
        f"Peak memory of any of them: {peak:.0f} MB.",
        "",
        "| asked | measured | |",
        "|---|--:|---|",
    ]
    return "\n".join([*lines, f"| streams at ≥ 100 MB a second | {slowest:,.0f} | {met} |"])


def results_head(megabytes: int) -> str:
    return (
        f"One line in {MATCHING:,} is about the credential; logs of {megabytes:,} MB, one run, CPU."
        f" `python benchmarks/trace/run.py --megabytes {megabytes}`"
    )


if __name__ == "__main__":
    sys.exit(main())
