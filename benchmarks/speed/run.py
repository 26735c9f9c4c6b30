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
import dataclasses
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import contestants as who
import export
import folder_corpus
import history_corpus
import measure
import results
from contestants import Contestant, Tools
from plant import Planted
from results import Outcome, Row, Target, cheapest, ratio, row

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "RESULTS.md"
SEED = 2023


def main() -> int:
    options = _options()
    measure.adopt_orphans()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    chosen = ("folder", "history", "start") if options.benchmark == "all" else (options.benchmark,)
    tool = who.tools(work)
    for name in chosen:
        outcome = _BENCHMARKS[name](tool, options)
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
        shown += ["--repo", options.repo.name]
    return shown


def _folder(tool: Tools, options: argparse.Namespace) -> Outcome:
    corpus = folder_corpus.make(tool.work, files=options.files, megabytes=options.megabytes, seed=SEED)
    plain = corpus.plain
    field = [
        who.tidegate(tool, "ours-1", "**Tidegate**, one worker", [str(plain)], "--jobs", "1"),
        who.tidegate(tool, "ours-2", "**Tidegate**, two workers", [str(plain)], "--jobs", "2"),
        who.tidegate(
            tool, "ours-all", "**Tidegate**, two workers, and the containers", [str(corpus.plain.parent)]
        ),
    ]
    if tool.limit:
        field += [
            who.limit(tool, "read", "C: read every file, match nothing", 1, plain, scan=False),
            who.limit(tool, "c-1", "C + Hyperscan, the same expressions, one thread", 1, plain, scan=True),
            who.limit(tool, "c-2", "C + Hyperscan, the same expressions, two threads", 2, plain, scan=True),
        ]
    if tool.kingfisher:
        fast = ("--turbo", "--no-extract-archives", "--git-history", "none")
        field += [
            who.kingfisher(
                tool, "kf-exact", "Kingfisher, our rules, turbo, no archives", plain, *fast, rules="exact"
            ),
            who.kingfisher(
                tool,
                "kf-anchors",
                "Kingfisher, our anchors only, turbo, no archives",
                plain,
                *fast,
                rules="anchors",
            ),
            who.kingfisher(
                tool, "kf-exact-1", "the same, our rules, one thread", plain, *fast, "-j", "1", rules="exact"
            ),
            who.kingfisher(
                tool,
                "kf-all",
                "Kingfisher, our rules, turbo, and the containers",
                corpus.plain.parent,
                *("--turbo", "--git-history", "none"),
                rules="exact",
            ),
        ]
        if not options.quick:
            field.append(
                who.kingfisher(tool, "kf-488", "Kingfisher, its own rules, turbo, no archives", plain, *fast)
            )
            field.append(
                who.kingfisher(tool, "kf-488-default", "Kingfisher, its own rules, as it comes", plain)
            )
    rows = _measure(field, corpus.planted, tool, options)
    fastest = cheapest(rows, ("kf-exact", "kf-anchors", "kf-exact-1"))
    ours = cheapest(rows, ("ours-1", "ours-2"))
    targets = [
        Target("CPU: Kingfisher's fastest mode over ours", ratio(rows, fastest, ours), 3, at_least=True),
        Target(
            "wall: the same, two threads each", ratio(rows, "kf-exact", "ours-2", wall=True), 3, at_least=True
        ),
        Target("CPU: ours over the C program, one thread", ratio(rows, "ours-1", "c-1"), 1.3, at_least=False),
        Target("wall: the same, two threads", ratio(rows, "ours-2", "c-2", wall=True), 1.3, at_least=False),
        _memory_target("peak memory, one worker", rows, "ours-1", 300, beyond_packs=False),
        _memory_target("peak memory, two workers", rows, "ours-2", 300, beyond_packs=False),
    ]
    return Outcome("folder", corpus.facts, len(corpus.planted), options.rounds, rows, targets, "")


def _history(tool: Tools, options: argparse.Namespace) -> Outcome:
    if options.repo:
        corpus = history_corpus.copy(tool.work, options.repo, seed=SEED)
    else:
        corpus = history_corpus.make(tool.work, blobs=options.blobs, seed=SEED)
    place = corpus.repository
    scan_only = tool.work / "out-ours-scan.json"
    command = (sys.executable, str(HERE / "scan_only.py"), str(place), "2")
    field = [
        Contestant(
            "ours-scan", "**Tidegate**, reading and matching only (names no commit)", command, scan_only
        ),
        who.tidegate(
            tool, "ours-1", "**Tidegate**, with commits and paths, one worker", [str(place)], "--jobs", "1"
        ),
        who.tidegate(
            tool, "ours-2", "**Tidegate**, with commits and paths, two workers", [str(place)], "--jobs", "2"
        ),
        who.cat_file(tool, place),
    ]
    if tool.kingfisher:
        turbo, commits = ("--turbo",), ("--no-base64", "--commit-metadata=true")
        field += [
            who.kingfisher(
                tool,
                "kf-turbo",
                "Kingfisher, our rules, turbo (names no commit)",
                place,
                *turbo,
                rules="exact",
            ),
            who.kingfisher(
                tool,
                "kf-turbo-anchors",
                "Kingfisher, our anchors only, turbo",
                place,
                *turbo,
                rules="anchors",
            ),
            who.kingfisher(
                tool, "kf-commits", "Kingfisher, our rules, with commits", place, *commits, rules="exact"
            ),
        ]
        if not options.quick:
            field.append(
                who.kingfisher(tool, "kf-488-turbo", "Kingfisher, its own rules, turbo", place, *turbo)
            )
            field.append(who.kingfisher(tool, "kf-488", "Kingfisher, its own rules, as it comes", place))
    rows = _measure(field, corpus.planted, tool, options)
    fastest = cheapest(rows, ("kf-turbo", "kf-turbo-anchors"))
    full = cheapest(rows, ("ours-1", "ours-2"))
    targets = [
        Target(
            "CPU, scanning: Kingfisher's fastest mode over ours",
            ratio(rows, fastest, "ours-scan"),
            4,
            at_least=True,
        ),
        Target(
            "CPU, scanning: ours over the `cat-file` pass",
            ratio(rows, "ours-scan", "cat-file"),
            0.5,
            at_least=False,
        ),
        Target("CPU, with commits: Kingfisher over ours", ratio(rows, "kf-commits", full), 4, at_least=True),
        Target("the same, aimed at", ratio(rows, "kf-commits", full), 6, at_least=True),
        Target(
            "wall, with commits: Kingfisher over ours",
            ratio(rows, "kf-commits", "ours-2", wall=True),
            4,
            at_least=True,
        ),
        _memory_target("peak memory beyond mapped packs, one worker", rows, "ours-1", 400, beyond_packs=True),
        _memory_target(
            "peak memory beyond mapped packs, two workers", rows, "ours-2", 400, beyond_packs=True
        ),
    ]
    name = "history-real" if options.repo else "history-made"
    return Outcome(name, corpus.facts, len(corpus.planted), options.rounds, rows, targets, "")


def _start(tool: Tools, options: argparse.Namespace) -> Outcome:
    """A hook on three small files, and `--help`; bare Python beside, which no Python program can beat."""
    folder = tool.work / "three"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in zip(
        ("settings.py", "README.md", ".env"),
        list(export.examples(export.load_rules()).values()),
        strict=False,
    ):
        (folder / name).write_text(f"# A small file\n{text}\n", encoding="utf-8")
    files = [str(p) for p in sorted(folder.iterdir())]
    program = who.tidegate(tool, "x", "", []).command[0]
    nothing = tool.work / "out-nothing"
    cold = who.tidegate(tool, "hook-cold", "**Tidegate**, three files, no pattern cache yet", files)
    cold = dataclasses.replace(cold, cold=True)
    field = [
        Contestant("python", "bare Python", (sys.executable, "-c", "pass"), nothing),
        Contestant("help", "**Tidegate**, `--help`", (program, "--help"), nothing),
        who.tidegate(tool, "hook", "**Tidegate**, three files, patterns cached", files),
        cold,
    ]
    if tool.kingfisher:
        field.append(
            who.kingfisher(
                tool,
                "kf-hook",
                "Kingfisher, our rules, turbo, rules cached",
                folder,
                "--turbo",
                rules="exact",
            )
        )
        field.append(
            who.kingfisher(
                tool, "kf-488-hook", "Kingfisher, its own rules, turbo, rules cached", folder, "--turbo"
            )
        )
    rows = _measure(field, (), tool, options)
    hook, cold_hook = _wall_ms(rows, "hook"), _wall_ms(rows, "hook-cold")
    bare, shown = _wall_ms(rows, "python"), _wall_ms(rows, "help")
    beyond = shown - bare if shown is not None and bare is not None else None
    targets = [
        Target("wall: three files, patterns cached", hook, 300, at_least=False, unit=" ms"),
        Target("wall: three files, first time ever", cold_hook, 300, at_least=False, unit=" ms"),
        Target("wall: `--help` beyond bare Python", beyond, 60, at_least=False, unit=" ms"),
    ]
    return Outcome("start", {}, 0, options.rounds, rows, targets, "")


_BENCHMARKS = {"folder": _folder, "history": _history, "start": _start}


def _wall_ms(rows: Sequence[Row], name: str) -> float | None:
    found = row(rows, name)
    return found.run.wall_s * 1000 if found else None


def _memory_target(words: str, rows: Sequence[Row], name: str, bound: float, *, beyond_packs: bool) -> Target:
    found = row(rows, name)
    peak = None
    if found and found.memory:
        peak = found.memory.beyond_packs_mb if beyond_packs else found.memory.total_mb
    return Target(words, peak, bound, at_least=False, unit=" MB")


def _measure(
    field: Sequence[Contestant], planted: Sequence[Planted], tool: Tools, options: argparse.Namespace
) -> list[Row]:
    """Run all in turn, `--rounds` times, after one round that warms caches and samples memory."""
    only = set(filter(None, options.only.split(",")))
    field = [each for each in field if not only or each.name in only]
    memories = {}
    found = {}
    for each in field:
        each.out.unlink(missing_ok=True)
        begun = time.monotonic()
        env = _env(each, tool)
        log = tool.work / f"log-{each.name}"
        if options.no_memory:
            measure.run(each.command, env=env, log=log)
        else:
            memories[each.name] = measure.memory(each.command, env=env, log=log)
        found[each.name] = who.count_found(each, planted)
        print(
            f"warm   {each.name:18} {time.monotonic() - begun:6.1f} s  {found[each.name] or ''}",
            file=sys.stderr,
        )
    runs: dict[str, list[measure.Run]] = {each.name: [] for each in field}
    for turn in range(options.rounds):
        for each in field:
            log = tool.work / f"log-{each.name}"
            one = measure.run(each.command, env=_env(each, tool), log=log)
            if one.exit_code not in each.exits:
                raise SystemExit(f"{each.name}: exit code {one.exit_code}, see {log}")
            runs[each.name].append(one)
            print(
                f"round {turn + 1} {each.name:18} {one.cpu_s:7.2f} CPU-s {one.wall_s:7.2f} s", file=sys.stderr
            )
    return [
        Row(
            each.name,
            each.what,
            measure.median_run(runs[each.name]),
            (min(r.cpu_s for r in runs[each.name]), max(r.cpu_s for r in runs[each.name])),
            memories.get(each.name),
            found[each.name],
        )
        for each in field
    ]


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
