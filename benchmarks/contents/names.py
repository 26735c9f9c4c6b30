"""How quickly do names tell kinds? The table behind `tidegate.inventory.names`.

    python benchmarks/contents/names.py [--rows 100000000] [--file PATH] [--rounds 3] [--write]

Makes an inventory (Parquet, LZ4, by name; 28 bytes and 3 µs a row) and tells the kind of every name, with
the rules of `tidegate.kinds.names`. Beside it: what reading the column alone takes, and what Polars and
DuckDB take to tell whether any rule fits, as one alternation over the first rows of the same column. Each has
all cores, one after the other. `--write` puts the table into RESULTS.md. Nothing is sent.
"""

from __future__ import annotations

import argparse
import json
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

from tidegate.inventory.parquet import GROUP_ROWS, Joined, whole_groups

sys.path.insert(0, str(Path(__file__).parents[1] / "speed"))

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
PIECE = 1_000_000
LIMIT_S = 900
NO_RULE = 1023
"""Stands for no rule where names are counted by rule."""
PIECE_ROWS = 4 * GROUP_ROWS
"""Names that are told at a time."""
PEERS_ROWS = 5_000_000
"""So many of the first rows are told by the others: they take minutes for all."""
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
    """Yield the inventory: folders by date; one in two hundred names is one of the rules' examples."""
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
                "risky": dice.integers(0, 200 * len(examples), count).astype(np.uint32),
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


def ours(file: Path, cache_dir: Path) -> dict[str, int]:
    """Tell the kind of every name, in one thread more than there are cores."""
    from tidegate.inventory.names import Ruler  # noqa: PLC0415
    from tidegate.inventory.parts import in_parts  # noqa: PLC0415
    from tidegate.kinds.names import rules  # noqa: PLC0415

    table = pl.scan_parquet(file, parallel="none").select("name")
    ruler = Ruler(0, cache_dir)

    def told(first: int, rows: int) -> Any:
        counts = np.zeros(NO_RULE + 1, np.int64)
        for start, count in whole_groups(file, PIECE_ROWS, first, rows):
            piece = table.slice(start, count).collect(engine="in-memory")
            counts += np.bincount(np.minimum(ruler.rules(piece["name"]), NO_RULE), minlength=NO_RULE + 1)
        return counts

    total = sum(in_parts(told, file))
    found: dict[str, int] = {}
    for number, items in enumerate(total.tolist()):
        kind = "other" if number == NO_RULE else (rules()[number].kind if items else "other")
        found[kind] = found.get(kind, 0) + items
    return found


def only_read(file: Path, _cache_dir: Path) -> dict[str, int]:
    """Read the names and do nothing with them."""
    length = pl.col("name").str.len_bytes().sum()
    return {"bytes": pl.scan_parquet(file).select(length).collect(engine="streaming").item()}


def summed(file: Path, cache_dir: Path) -> dict[str, int]:
    """Sum the inventory up, as `tidegate list` does: kinds, folders, endings, ages, the largest."""
    from tidegate.inventory.summary import summarise  # noqa: PLC0415

    summary = summarise(file, containers=1, now=datetime(2026, 11, 1, tzinfo=UTC), cache_dir=cache_dir)
    return {group.name: group.items for group in summary.kinds}


def alternation() -> str:
    """Return all rules as one expression for Rust's regex or RE2: it tells that one fits, not which."""
    from tidegate.kinds import names  # noqa: PLC0415

    endings = "|".join(names.portable(each[1:].replace("+", r"\+")) for each in names.by_ending())
    return "|".join([*(names.portable(rule.pattern) for rule in names.patterns()), rf"\.(?:{endings})$"])


def plain_polars(file: Path, _cache_dir: Path) -> dict[str, int]:
    """Count the names that any rule fits."""
    fits = pl.col("name").str.contains(alternation())
    rows = pl.scan_parquet(file).head(PEERS_ROWS)
    return {"any": rows.select(fits.sum()).collect(engine="streaming").item()}


def duckdb_alternation(file: Path, _cache_dir: Path) -> dict[str, int]:
    """Count the names that any rule fits."""
    import duckdb  # noqa: PLC0415

    query = f"select count(*) from (from read_parquet(?) limit {PEERS_ROWS}) where regexp_matches(name, ?)"
    rows = duckdb.connect().execute(query, [str(file), alternation()]).fetchall()
    return {"any": int(rows[0][0])}


WAYS = {
    "ours": (ours, "Tidegate, name step: which of the rules, and the kind"),
    "read": (only_read, "Polars, reading the names and nothing else: the limit"),
    "summary": (summed, "Tidegate, the whole summary of `list`"),
    "polars": (plain_polars, f"Polars, one alternation: whether any rule fits (the first {PEERS_ROWS:,})"),
    "duckdb": (
        duckdb_alternation,
        f"DuckDB, one alternation: whether any rule fits (the first {PEERS_ROWS:,})",
    ),
}
PEERS = ("polars", "duckdb")


def measured(way: str, file: Path, cache_dir: Path) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--file", str(file), "--cache", str(cache_dir), "--only", way]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return {"error": f"not through after {LIMIT_S} s"}
    if made.returncode:
        return {"error": (made.stderr.strip().splitlines() or ["no word"])[-1]}
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def make_rules(cache_dir: Path) -> float:
    """Make what the rules are made into, as the first run on a machine does. Returns the CPU seconds."""
    from tidegate.inventory.names import Ruler  # noqa: PLC0415

    start = time.process_time()
    Ruler(few=0, cache_dir=cache_dir).rules(pl.Series(["a"]))
    return time.process_time() - start


def run_one(way: str, file: Path, cache_dir: Path) -> None:
    """Run one way here and print its numbers as JSON."""
    start = time.perf_counter()
    found = WAYS[way][0](file, cache_dir)
    seconds = time.perf_counter() - start
    uses = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(use.ru_utime + use.ru_stime for use in uses)
    numbers = {"s": seconds, "cpu_s": cpu_s, "mb": uses[0].ru_maxrss / 1024, "found": found}
    print(json.dumps(numbers))


def table(rows: int, file: Path, runs: dict[str, list[dict[str, Any]]], command: str, made_s: float) -> str:
    """Return the section of RESULTS.md."""
    from results import machine  # noqa: PLC0415

    rounds = max(map(len, runs.values()))
    facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine().items())
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M UTC}, the quickest of {rounds} rounds. `{command}`",
        "",
        f"Machine: {facts}, Polars {pl.__version__}.",
        "",
        f"{rows:,} names of 61 bytes, Parquet of {file.stat().st_size / 1e6:,.0f} MB; one in two hundred is a"
        f" rule's example. What the rules are made into, and the loop ({made_s:.1f} CPU s), were kept"
        " from an earlier run. While others use the machine, only the names a CPU second count.",
        "",
        "| what | million names/s | million names a CPU second | wall s | CPU s | peak MB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for way, found in runs.items():
        good = [each for each in found if "s" in each]
        if not good:
            lines.append(f"| {WAYS[way][1]} | {found[0]['error']} | | | | |")
            continue
        best = min(good, key=lambda each: each["s"])
        count = (min(rows, PEERS_ROWS) if way in PEERS else rows) / 1e6
        lines.append(
            f"| {WAYS[way][1]} | **{count / best['s']:.1f}** | {count / best['cpu_s']:.1f} | {best['s']:.1f}"
            f" | {best['cpu_s']:.1f} | {max(each['mb'] for each in good):.0f} |"
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
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--file", type=Path, help="the inventory; made if it is not there, and then kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--only", choices=["make", *WAYS], help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args()
    if given.only == "make":
        make(given.file, given.rows)
        return
    if given.only:
        run_one(given.only, given.file, given.cache)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = given.file or Path(folder) / "inventory.parquet"
        if not file.exists():
            # Elsewhere: the most memory that a process had is passed on to what it starts.
            command = [sys.executable, __file__, "--only", "make", "--file", str(file)]
            subprocess.run([*command, "--rows", str(given.rows)], check=True)
        rows = pl.scan_parquet(file).select(pl.len()).collect().item()
        cache_dir = Path(folder) / "cache"
        made_s = make_rules(cache_dir)
        runs = {way: [measured(way, file, cache_dir) for _ in range(given.rounds)] for way in given.ways}
        made = table(rows, file, runs, f"python benchmarks/contents/names.py --rows {rows}", made_s)
    print(made)
    if given.write:
        from results import put  # noqa: PLC0415

        put(RESULTS, "names", made)


if __name__ == "__main__":
    main()
