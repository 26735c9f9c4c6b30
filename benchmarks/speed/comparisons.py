"""What is compared with what, and what was promised of it: one function a sub-benchmark."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import contestants as who
import export
import folder_corpus
import history_corpus
from contestants import Contestant, Tools
from plant import Planted
from results import Outcome, Row, at_least, at_most, cheapest, peak_mb, ratio, row

HERE = Path(__file__).resolve().parent
SEED = 2023

slow = partial(dataclasses.replace, once=True)
Measure = Callable[[Sequence[Contestant], Sequence[Planted], Tools, argparse.Namespace], list[Row]]


def folder(tool: Tools, options: argparse.Namespace, measure: Measure) -> Outcome:
    corpus = folder_corpus.make(tool.work, files=options.files, megabytes=options.megabytes, seed=SEED)
    examples = export.examples(export.load_rules())
    folder_corpus.write_examples(corpus.plain, examples)
    rows = measure(_folder_field(tool, corpus, options), corpus.planted, tool, options)
    same, anchors = cheapest(rows, ("kf-exact", "kf-exact-1")), "kf-anchors"
    ours = cheapest(rows, ("ours-1", "ours-2"))
    targets = [
        at_least("CPU: Kingfisher's fastest mode on the same rules over ours", ratio(rows, same, ours), 3),
        at_least(
            "CPU: the same with our anchors only, which confirms nothing", ratio(rows, anchors, ours), 3
        ),
        at_least(
            "wall, two threads: Kingfisher on the same rules over ours",
            ratio(rows, "kf-exact", "ours-2", wall=True),
            3,
        ),
        at_least(
            "wall, two threads: the same with our anchors only", ratio(rows, anchors, "ours-2", wall=True), 3
        ),
        at_most("CPU, one thread: ours over the C program", ratio(rows, "ours-1", "c-1"), 1.3),
        at_most(
            "CPU: ours over the C program that compiles in the run", ratio(rows, "ours-1", "c-cold"), 1.3
        ),
        at_most("wall, two threads: ours over the C program", ratio(rows, "ours-2", "c-2", wall=True), 1.3),
        at_most("peak memory, one worker", peak_mb(rows, "ours-1"), 300, " MB"),
        at_most("peak memory, two workers", peak_mb(rows, "ours-2"), 300, " MB"),
    ]
    facts = corpus.facts | {"rule examples": len(examples)}
    return Outcome("folder", facts, len(corpus.planted), options.rounds, rows, targets, "")


def _folder_field(
    tool: Tools, corpus: folder_corpus.FolderCorpus, options: argparse.Namespace
) -> list[Contestant]:
    plain, both = corpus.plain, corpus.plain.parent
    field = [
        who.tidegate(
            tool, "ours-1", "**Tidegate**, no archives, one worker", [plain], "--jobs", "1", "--no-containers"
        ),
        who.tidegate(
            tool,
            "ours-2",
            "**Tidegate**, no archives, two workers",
            [plain],
            "--jobs",
            "2",
            "--no-containers",
        ),
        who.tidegate(tool, "ours-open", "**Tidegate**, as it comes, one worker", [plain], "--jobs", "1"),
        who.tidegate(
            tool, "ours-all", "**Tidegate**, two workers, and the containers", [both], "--jobs", "2"
        ),
    ]
    field += [
        who.floor(tool, "floor-read", "Python: read every file, match nothing", plain, scan=False),
        who.floor(tool, "floor-scan", "Python + Hyperscan, count only", plain, scan=True),
    ]
    if tool.limit:
        field += [
            who.limit(tool, "read", "C: read every file, match nothing", 1, plain, scan=False),
            who.limit(tool, "c-1", "C + Hyperscan, the same expressions, one thread", 1, plain, scan=True),
            who.limit(tool, "c-2", "C + Hyperscan, the same expressions, two threads", 2, plain, scan=True),
            who.limit(
                tool,
                "c-cold",
                "the same, one thread, expressions compiled in the run",
                1,
                plain,
                scan=True,
                cold=True,
            ),
        ]
    if tool.kingfisher:
        turbo = ("--turbo", "--git-history", "none")
        fast = (*turbo, "--no-extract-archives")
        peer = partial(who.kingfisher, tool)
        field += [
            peer("kf-exact", "Kingfisher, our rules, turbo, no archives", plain, *fast, rules="exact"),
            peer("kf-anchors", "Kingfisher, our anchors only, the same", plain, *fast, rules="anchors"),
            peer("kf-exact-1", "Kingfisher, our rules, one thread", plain, *fast, "-j", "1", rules="exact"),
        ]
        if not options.quick:
            field += [
                slow(
                    peer(
                        "kf-all",
                        "Kingfisher, our rules, turbo, and the containers",
                        both,
                        *turbo,
                        rules="exact",
                    )
                ),
                slow(peer("kf-488", "Kingfisher, its own rules, turbo, no archives", plain, *fast)),
                slow(peer("kf-488-default", "Kingfisher, its own rules, as it comes", plain)),
            ]
    return field


def history(tool: Tools, options: argparse.Namespace, measure: Measure) -> Outcome:
    if options.repo:
        corpus = history_corpus.copy(tool.work, options.repo, seed=SEED)
    else:
        corpus = history_corpus.make(tool.work, blobs=options.blobs, seed=SEED)
    rows = measure(_history_field(tool, corpus.repository, options), corpus.planted, tool, options)
    fastest = cheapest(rows, ("kf-turbo", "kf-turbo-anchors"))
    named, ours = "kf-commits", cheapest(rows, ("ours-1", "ours-2"))
    beyond = partial(peak_mb, rows, beyond_packs=True)
    targets = [
        at_least("CPU, scanning: Kingfisher's fastest mode over ours", ratio(rows, fastest, "ours-scan"), 4),
        at_most("CPU, scanning: ours over the `cat-file` pass", ratio(rows, "ours-scan", "cat-file"), 0.5),
        at_least("CPU, with commits: Kingfisher over ours", ratio(rows, named, ours), 4),
        at_least("the same, aimed at", ratio(rows, named, ours), 6),
        at_least("wall, with commits: Kingfisher over ours", ratio(rows, named, "ours-2", wall=True), 4),
        at_most("peak memory beyond mapped packs, one worker", beyond("ours-1"), 400, " MB"),
        at_most("peak memory beyond mapped packs, two workers", beyond("ours-2"), 400, " MB"),
    ]
    name = "history-real" if options.repo else "history-made"
    return Outcome(name, corpus.facts, len(corpus.planted), options.rounds, rows, targets, "")


def _history_field(tool: Tools, place: Path, options: argparse.Namespace) -> list[Contestant]:
    scan_only = (sys.executable, str(HERE / "scan_only.py"), str(place))
    words = "**Tidegate**, reading and matching only (names no commit)"
    full = "**Tidegate**, with commits and paths"
    nothing = tool.work / "out-scan-only"
    field = [
        Contestant("ours-scan", f"{words}, one worker", (*scan_only, "1"), nothing),
        Contestant("ours-scan-2", f"{words}, two workers", (*scan_only, "2"), nothing),
        who.tidegate(tool, "ours-1", f"{full}, one worker", [place], "--jobs", "1"),
        who.tidegate(tool, "ours-2", f"{full}, two workers", [place], "--jobs", "2"),
        who.cat_file(tool, place),
    ]
    if tool.kingfisher:
        turbo, commits = ("--turbo",), ("--no-base64", "--commit-metadata=true")
        peer = partial(who.kingfisher, tool)
        field += [
            peer("kf-turbo", "Kingfisher, our rules, turbo (names no commit)", place, *turbo, rules="exact"),
            peer("kf-turbo-anchors", "Kingfisher, our anchors only, turbo", place, *turbo, rules="anchors"),
            peer("kf-commits", "Kingfisher, our rules, with commits", place, *commits, rules="exact"),
        ]
        if not options.quick:
            field += [
                slow(peer("kf-488-turbo", "Kingfisher, its own rules, turbo", place, *turbo)),
                slow(peer("kf-488", "Kingfisher, its own rules, as it comes", place)),
            ]
    return field


def start(tool: Tools, options: argparse.Namespace, measure: Measure) -> Outcome:
    """A hook on three small files, and `--help`; bare Python beside, which no Python program can beat."""
    three = _three_files(tool.work / "three")
    files = sorted(three.iterdir())
    nothing = tool.work / "out-nothing"
    first = who.tidegate(tool, "hook-cold", "**Tidegate**, three files, no pattern cache yet", files)
    field = [
        Contestant("python", "bare Python", (sys.executable, "-c", "pass"), nothing),
        Contestant("help", "**Tidegate**, `--help`", (who.TIDEGATE, "--help"), nothing),
        who.tidegate(tool, "hook", "**Tidegate**, three files, patterns cached", files),
        dataclasses.replace(first, cold=True),
    ]
    if tool.kingfisher:
        peer = partial(who.kingfisher, tool)
        field += [
            peer("kf-hook", "Kingfisher, our rules, turbo, rules cached", three, "--turbo", rules="exact"),
            peer("kf-488-hook", "Kingfisher, its own rules, turbo, rules cached", three, "--turbo"),
        ]
    rows = measure(field, (), tool, options)
    bare, shown = _wall_ms(rows, "python"), _wall_ms(rows, "help")
    beyond = shown - bare if shown is not None and bare is not None else None
    targets = [
        at_most("wall: three files, patterns cached", _wall_ms(rows, "hook"), 300, " ms"),
        at_most("wall: three files, the first time ever", _wall_ms(rows, "hook-cold"), 300, " ms"),
        at_most("wall: `--help` beyond bare Python", beyond, 60, " ms"),
    ]
    return Outcome("start", {}, 0, options.rounds, rows, targets, "")


def _three_files(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    texts = export.examples(export.load_rules()).values()
    for name, text in zip(("settings.py", "README.md", ".env"), texts, strict=False):
        (folder / name).write_text(f"# A small file\n{text}\n", encoding="utf-8")
    return folder


def _wall_ms(rows: Sequence[Row], name: str) -> float | None:
    found = row(rows, name)
    return found.run.wall_s * 1000 if found else None
