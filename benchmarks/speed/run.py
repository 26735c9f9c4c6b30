"""Measure Tidegate beside its peers and beside the limit. See ../README.md.

    python benchmarks/speed/run.py folder
    python benchmarks/speed/run.py history [--repo PATH]
    python benchmarks/speed/run.py start
    python benchmarks/speed/run.py all --write-results

Every contestant runs once to warm its caches while its memory is sampled, then `--rounds` times in turn with
the others, so that a change of the machine's mood meets all alike.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import comparisons
import contestants as who
import measure
import results
from contestants import Contestant, Tools
from plant import Planted
from results import Row

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "RESULTS.md"


def main() -> int:
    options = _options()
    measure.adopt_orphans()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    chosen = ("folder", "history", "start") if options.benchmark == "all" else (options.benchmark,)
    tool = who.tools(work)
    for name in chosen:
        # A start lasts a few samples: its peak would be an accident.
        sampled = not options.no_memory and name != "start"
        outcome = _BENCHMARKS[name](tool, options, partial(_measure, sampled=sampled))
        outcome.command = shlex.join(["python", "benchmarks/speed/run.py", *_shown(options, name)])
        print(f"\n## {name}\n\n{results.markdown(outcome)}")
        results.save(work / f"{outcome.name}.json", outcome)
        if options.write_results:
            results.update(RESULTS, outcome)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("benchmark", choices=["folder", "history", "start", "all"])
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where corpora are made (3 GB)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="names of contestants, separated by commas")
    parser.add_argument("--files", type=int, default=60_000, help="folder: at least so many files")
    parser.add_argument("--megabytes", type=int, default=1_200, help="folder: at most so many MB")
    parser.add_argument("--repo", type=Path, help="history: copy this repository instead of making one")
    parser.add_argument("--blobs", type=int, default=120_000, help="history: blobs of the made repository")
    parser.add_argument("--quick", action="store_true", help="without the slowest contestants")
    parser.add_argument("--no-memory", action="store_true", help="do not sample memory")
    parser.add_argument("--write-results", action="store_true", help="put the tables into RESULTS.md")
    return parser.parse_args()


def _shown(options: argparse.Namespace, name: str) -> list[str]:
    shown = [name, "--rounds", str(options.rounds)]
    if name == "history" and options.repo:
        shown += ["--repo", "PATH"]
    return shown


_BENCHMARKS = {
    "folder": comparisons.folder,
    "history": comparisons.history,
    "start": comparisons.start,
}


def _measure(
    field: Sequence[Contestant],
    planted: Sequence[Planted],
    tool: Tools,
    options: argparse.Namespace,
    *,
    sampled: bool,
) -> list[Row]:
    """Run all in turn, `--rounds` times, after one round that warms caches and samples memory."""
    only = set(filter(None, options.only.split(",")))
    field = [each for each in field if not only or each.name in only]
    memories: dict[str, measure.Memory | None] = {}
    found: dict[str, tuple[int, int] | None] = {}
    outcomes: dict[str, object] = {}
    for each in field:
        begun = time.monotonic()
        each.out.unlink(missing_ok=True)
        once = measure.memory if sampled else measure.run
        log = tool.work / f"log-{each.name}"
        got = once(each.command, env=_env(each, tool), log=log)
        memories[each.name] = got if isinstance(got, measure.Memory) else None
        found[each.name] = who.count_found(each, planted)
        outcomes[each.name] = _outcome(each, planted, log)
        if planted and found[each.name] == (0, 0):
            raise SystemExit(f"{each.name}: found nothing at all, see {log}")
        _say(f"warm   {each.name:18} {time.monotonic() - begun:6.1f} s  {found[each.name] or ''}")
    runs: dict[str, list[measure.Run]] = {each.name: [] for each in field}
    for turn in range(options.rounds):
        for each in field:
            if each.once and turn:
                continue
            log = tool.work / f"log-{each.name}"
            each.out.unlink(missing_ok=True)
            one = measure.run(each.command, env=_env(each, tool), log=log)
            if one.exit_code not in each.exits:
                raise SystemExit(f"{each.name}: exit code {one.exit_code}, see {log}")
            if _outcome(each, planted, log) != outcomes[each.name]:
                raise SystemExit(f"{each.name}: did other work than in the first run, see {log}")
            runs[each.name].append(one)
            _say(f"round {turn + 1} {each.name:18} {one.cpu_s:7.2f} CPU-s {one.wall_s:7.2f} s")
    return [
        Row(
            each.name,
            f"{each.what} (one run)" if each.once else each.what,
            measure.median_run(runs[each.name]),
            (min(r.cpu_s for r in runs[each.name]), max(r.cpu_s for r in runs[each.name])),
            memories.get(each.name),
            found[each.name],
        )
        for each in field
    ]


def _outcome(each: Contestant, planted: Sequence[Planted], log: Path) -> object:
    """What must be the same in every run: the planted credentials found, or else what was printed."""
    found = who.count_found(each, planted)
    if found is None:
        return log.read_bytes()
    return found[0] if planted else found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _env(each: Contestant, tool: Tools) -> dict[str, str]:
    """The environment of one run; a contestant that must start cold gets an empty cache folder."""
    if not each.cold:
        return tool.env
    cold = tool.work / "cold"
    shutil.rmtree(cold, ignore_errors=True)
    cold.mkdir(mode=0o700)
    return tool.env | {"XDG_CACHE_HOME": str(cold)}


if __name__ == "__main__":
    sys.exit(main())
