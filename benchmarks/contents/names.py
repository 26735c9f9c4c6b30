"""How quickly do names tell kinds? The table behind `tidegate.inventory.names`.

    python benchmarks/contents/names.py [--rows 20000000] [--file PATH] [--rounds 3] [--write]

Makes an inventory (Parquet, zstd, in the order of names) and tells the kind of every name: with the rules of
`tidegate.kinds.names`, with Polars and DuckDB as one alternation over the same column, each in a process of
its own on all cores. `--write` puts the table into RESULTS.md. Nothing is sent.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tidegate.inventory.parquet import GROUP_ROWS, Joined

sys.path.insert(0, str(Path(__file__).parents[1] / "speed"))

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
PIECE = 1_000_000
LIMIT_S = 300
FOLDERS = (
    "raw/events", "raw/clicks", "curated/sales", "images/products", "uploads/user", "backups/nightly",
    "logs/app", "logs/nginx", "datasets/imagenet/train", "datasets/common-crawl", "models/bert",
    "www/assets", "home/anna/projects/shop", "home/bob/Documents", "exports/crm", "video/cam",
    "tmp/spark/_temporary", "share/finance/2021", "share/hr", "telemetry/device",
    "repo/src/main/java/org/example", "node_modules/lodash",
)  # fmt: skip
ENDINGS = (
    ".parquet", ".snappy.parquet", ".json", ".json.gz", ".csv", ".csv.gz", ".jpg", ".JPG", ".png", ".webp",
    ".log", ".log.gz", ".txt", ".xml", ".avro", ".mp4", ".pdf", ".docx", ".xlsx", ".html", ".js", ".java",
    ".py", ".bin", ".safetensors", ".pt", ".npy", ".tar.gz", ".zip", "", ".tfrecord-00001-of-01024",
    ".crc", ".ts", ".gz", ".md",
)  # fmt: skip
STEMS = (
    "part", "img", "IMG", "invoice", "report", "event", "chunk", "frame", "scan", "doc", "shard",
    "snapshot", "train", "user", "0a1b2c3d4e5f", "index", "data", "export", "thumb", "session",
    "Component", "Service", "notes", "batch",
)  # fmt: skip


def pieces(rows: int) -> Iterator[pl.DataFrame]:
    """Yield the inventory: folders by date, and among ordinary names one in forty of the rules' examples."""
    from tidegate.kinds import names  # noqa: PLC0415

    examples = np.array([each for rule in names.rules() for each in rule.examples])
    dice = np.random.default_rng(5)
    for number, start in enumerate(range(0, rows, PIECE)):
        count = min(PIECE, rows - start)
        picks = pl.DataFrame(
            {
                "folder": dice.integers(0, len(FOLDERS), count).astype(np.uint32),
                "stem": dice.integers(0, len(STEMS), count).astype(np.uint32),
                "ending": dice.integers(0, len(ENDINGS), count).astype(np.uint32),
                "day": dice.integers(0, 1500, count),
                "number": dice.integers(0, 1 << 40, count),
                "risky": dice.integers(0, 40 * len(examples), count).astype(np.uint32),
                "size_bytes": np.minimum(dice.lognormal(10, 3, count), 2**45).astype(np.int64),
                "age": dice.integers(0, 2000, count),
            }
        )
        name = pl.concat_str(
            pl.lit(f"lake-{number:04}/"),
            pl.lit(pl.Series(FOLDERS)).gather(pl.col("folder")),
            (pl.date(2018, 1, 1) + pl.duration(days="day")).dt.strftime("/%Y/%m/%d/"),
            pl.when(pl.col("risky") < len(examples))
            .then(pl.lit(pl.Series(examples)).gather(pl.col("risky") % len(examples)))
            .otherwise(
                pl.concat_str(
                    pl.lit(pl.Series(STEMS)).gather(pl.col("stem")),
                    pl.lit("-"),
                    pl.col("number").cast(pl.String),
                    pl.lit(pl.Series(ENDINGS)).gather(pl.col("ending")),
                )
            ),
        )
        yield (
            picks.select(
                pl.lit("azure-blob").alias("service"),
                pl.lit("data").alias("container"),
                name.alias("name"),
                pl.lit("live").alias("state"),
                pl.lit("file").alias("kind"),
                "size_bytes",
                (pl.lit(datetime(2026, 1, 1, tzinfo=UTC)) - pl.duration(days="age")).alias("modified_at"),
                pl.lit("hot").alias("tier"),
            ).sort("name")
        )


def make(file: Path, rows: int) -> None:
    """Write the inventory."""
    with file.open("wb") as target:
        joined = Joined(target)
        for piece in pieces(rows):
            for part in piece.iter_slices(GROUP_ROWS):
                joined.add(part)
        joined.close()


def ours(file: Path) -> dict[str, int]:
    """Tell the kind of every name, in as many threads as there are cores, piece by piece."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415
    from itertools import accumulate  # noqa: PLC0415

    from tidegate.inventory import names  # noqa: PLC0415
    from tidegate.inventory.parquet import group_rows  # noqa: PLC0415
    from tidegate.kinds.names import NO_RULE, rules  # noqa: PLC0415

    table = pl.scan_parquet(file).select("name")
    groups = group_rows(file)
    ruler = names.Ruler.of(sum(groups))
    starts = list(accumulate(groups, initial=0))

    def told(number: int) -> Any:
        piece = table.slice(starts[number], groups[number]).collect(engine="in-memory")
        return np.bincount(names.rules_of(piece["name"], ruler).to_numpy(), minlength=NO_RULE + 1)

    total = np.zeros(NO_RULE + 1, np.int64)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for counts in pool.map(told, range(len(groups))):
            total += counts
    found: dict[str, int] = {}
    for number, items in enumerate(total.tolist()):
        kind = "other" if number == NO_RULE else (rules()[number].kind if items else "other")
        found[kind] = found.get(kind, 0) + items
    return found


def summed(file: Path) -> dict[str, int]:
    """Sum the inventory up, as `tidegate list` does: kinds, folders, endings, ages, the largest."""
    from tidegate.inventory.summary import summarise  # noqa: PLC0415

    summary = summarise(file, containers=1, now=datetime(2026, 11, 1, tzinfo=UTC))
    return {group.name: group.items for group in summary.kinds}


def alternation() -> str:
    """Return all rules as one expression for Rust's regex or RE2: it tells that one fits, not which."""
    from tidegate.kinds import names  # noqa: PLC0415

    endings = "|".join(names.portable(each[1:].replace("+", r"\+")) for each in names.by_ending())
    return "|".join([*(names.portable(rule.pattern) for rule in names.patterns()), rf"\.(?:{endings})$"])


def plain_polars(file: Path) -> dict[str, int]:
    """Count the names that any rule fits."""
    fits = pl.col("name").str.contains(alternation())
    return {"any": pl.scan_parquet(file).select(fits.sum()).collect(engine="streaming").item()}


def duckdb_alternation(file: Path) -> dict[str, int]:
    """Count the names that any rule fits."""
    import duckdb  # noqa: PLC0415

    query = "select count(*) from read_parquet(?) where regexp_matches(name, ?)"
    rows = duckdb.connect().execute(query, [str(file), alternation()]).fetchall()
    return {"any": int(rows[0][0])}


WAYS = {
    "ours": (ours, "Tidegate, name step: which of the rules, and the kind"),
    "summary": (summed, "Tidegate, the whole summary of `list`"),
    "polars": (plain_polars, "Polars, one alternation: whether any rule fits"),
    "duckdb": (duckdb_alternation, "DuckDB, one alternation: whether any rule fits"),
}


def measured(way: str, file: Path) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--file", str(file), "--only", way]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return {"error": f"not through after {LIMIT_S} s"}
    if made.returncode:
        return {"error": (made.stderr.strip().splitlines() or ["no word"])[-1]}
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def run_one(way: str, file: Path) -> None:
    """Run one way here and print its numbers as JSON."""
    start = time.perf_counter()
    found = WAYS[way][0](file)
    seconds = time.perf_counter() - start
    use = resource.getrusage(resource.RUSAGE_SELF)
    numbers = {"s": seconds, "cpu_s": use.ru_utime + use.ru_stime, "mb": use.ru_maxrss / 1024, "found": found}
    print(json.dumps(numbers))


def table(rows: int, file: Path, runs: dict[str, list[dict[str, Any]]], command: str) -> str:
    """Return the section of RESULTS.md."""
    from results import machine  # noqa: PLC0415

    rounds = max(map(len, runs.values()))
    facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine().items())
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M UTC}, the quickest of {rounds} rounds. `{command}`",
        "",
        f"Machine: {facts}, Polars {pl.__version__}.",
        "",
        f"{rows:,} names, Parquet of {file.stat().st_size / 1e6:,.0f} MB. Compiling is included (ours: 5 s).",
        "",
        "| what | million names/s | wall s | CPU s | peak MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for way, found in runs.items():
        good = [each for each in found if "s" in each]
        if not good:
            lines.append(f"| {WAYS[way][1]} | {found[0]['error']} | | | |")
            continue
        best = min(good, key=lambda each: each["s"])
        lines.append(
            f"| {WAYS[way][1]} | **{rows / best['s'] / 1e6:.1f}** | {best['s']:.1f} | {best['cpu_s']:.1f}"
            f" | {max(each['mb'] for each in good):.0f} |"
        )
    rate = max((rows / each["s"] / 1e6 for each in runs.get("ours", ()) if "s" in each), default=0.0)
    peak = max((each["mb"] for each in runs.get("ours", ()) if "s" in each), default=0.0)
    lines += [
        "",
        "| asked | measured | |",
        "|---|--:|---|",
        f"| name step ≥ 10 million names/s | {rate:.1f} | {'met' if rate >= 10 else '**not met**'} |",
        f"| its memory ≤ 400 MB | {peak:.0f} MB | {'met' if peak <= 400 else '**not met**'} |",
    ]
    return "\n".join(lines)


def main() -> None:
    """Make the inventory where there is none, run every way, print and perhaps write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--file", type=Path, help="the inventory; made if it is not there, and then kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--only", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args()
    if given.only:
        run_one(given.only, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or Path(folder) / "inventory.parquet"
        if not file.exists():
            make(file, given.rows)
        rows = pl.scan_parquet(file).select(pl.len()).collect().item()
        runs = {way: [measured(way, file) for _ in range(given.rounds)] for way in given.ways}
        made = table(rows, file, runs, f"python benchmarks/contents/names.py --rows {rows}")
    print(made)
    if given.write:
        from results import put  # noqa: PLC0415

        put(RESULTS, "names", made)


if __name__ == "__main__":
    main()
