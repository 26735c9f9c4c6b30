"""Accuracy of what Tidegate says lies in storage: recall and precision a kind, beside peers, on made and public files.

    python benchmarks/accuracy/contents.py                                 # the made corpus, ours alone
    python benchmarks/accuracy/contents.py --peers /path/to/venv/bin/python    # and libmagic, Magika, puremagic, filetype
    python benchmarks/accuracy/contents.py --public FOLDER                 # FOLDER/dfvfs, FOLDER/plaso, …: contents_public.toml
    python benchmarks/accuracy/contents.py --public FOLDER --held-out 1    # contents_held_out.toml; 2 to 8: contents_held_out_2.toml, …
    python benchmarks/accuracy/contents.py --tree /usr/share --tree /usr/lib   # every high and critical on installed software
    python benchmarks/accuracy/contents.py … --write-results               # into RESULTS.md

A file is told as a kind when that is its kind, or when an observation of the whole file says so at medium or worse.
What a file may hold besides (`also`) is no false alarm. Peers tell formats, not kinds: contents_labels.toml gives each
answer every kind that has that format, so that they lose nothing by our words. They get no name, as most look at none;
ours is measured with the name and without.
"""

# ruff: noqa: E501 - texts and headers read best in one line

from __future__ import annotations

import argparse
import binascii
import gzip
import json
import lzma
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import cache
from itertools import takewhile
from pathlib import Path
from random import Random

import contents_keys
import contents_machines
import contents_messages
import contents_others
import contents_records
import contents_texts
from contents_corpus import Workshop

from tidegate.engine.texts import texts
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, FileBytes
from tidegate.kinds.table import kinds
from tidegate.model.severity import Severity

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "RESULTS.md"
SEED = 20261127
GROUPS = (contents_keys, contents_machines, contents_messages, contents_records, contents_others)
PEERS = ("libmagic", "magika", "puremagic", "filetype")
PACKED = frozenset(("zip", "tar", "7z", "gzip", "bzip2", "xz", "zstd", "lz4", "torch_tar"))
WANTED = 0.98


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled file."""

    kind: str
    name: str
    path: Path
    how: str
    also: frozenset[str]
    suite: str = "made"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one."""

    kinds: frozenset[str]
    loud: tuple[str, ...] = ()
    """Observations at high or critical, for what holds nothing."""
    bytes_read: int = 0


def corpus(seed: int, work: Path) -> tuple[list[Case], set[str]]:
    """Make the files. Returns them, and which programs were missing."""
    cases: list[Case] = []
    missing: set[str] = set()
    kept = work / "corpus"
    kept.mkdir()
    for group in GROUPS:
        for maker in group.MAKERS:
            with tempfile.TemporaryDirectory(dir=work) as folder:
                shop = Workshop(Path(folder), Random(f"{seed}/{maker.__name__}"), missing)
                for each in maker(shop):
                    path = kept / f"{len(cases):05d}"
                    path.write_bytes(each.data.read_bytes() if isinstance(each.data, Path) else each.data)
                    cases.append(Case(each.kind, each.name, path, each.how, each.also))
    return cases, missing


def public(folder: Path, work: Path, *, held_out: int) -> Iterator[Case]:
    """Yield the public files that a row of the table labels. work: where packed ones are unpacked."""
    names = (
        "contents_public.toml",
        "contents_held_out.toml",
        "contents_held_out_2.toml",
        "contents_held_out_3.toml",
        "contents_held_out_4.toml",
        "contents_held_out_5.toml",
        "contents_held_out_6.toml",
        "contents_held_out_7.toml",
        "contents_held_out_8.toml",
    )
    table = HERE / names[held_out]
    for suite in tomllib.loads(table.read_text(encoding="utf-8"))["suite"]:
        base = folder / suite["name"]
        ending = "." + suite["unpack"] if "unpack" in suite else ""
        for path in sorted(base.rglob("*")):
            if not path.is_file() or path.is_symlink() or not path.stat().st_size:
                continue
            packed = bool(ending) and path.name.endswith(ending)
            name = path.relative_to(base).as_posix()
            name = name.removesuffix(ending) if packed else name
            kind = next((kind for pattern, kind in suite["rows"] if fnmatch(name, pattern)), "")
            first, *others = kind.split() or [""]
            if not first:
                continue
            if packed:
                path = unpacked(path, name, work / suite["name"])
            # The name alone: the folders of a test suite would make every key a test key.
            yield Case(first, path.name, path, "public", frozenset(others), suite["name"])


def unpacked(path: Path, name: str, work: Path) -> Path:
    """Write what is in a packed file under its own name."""
    raw = path.read_bytes()
    if path.suffix == ".uu":
        body = raw if raw.startswith(b"begin ") else raw.split(b"\nbegin ", 1)[-1]
        rows = takewhile(lambda row: row.strip() != b"end", body.splitlines()[1:])
        # Some writers add a letter behind a row: its first letter says how long it is.
        data = b"".join(binascii.a2b_uu(row[: (((row[0] - 32) & 63) * 4 + 5) // 3]) for row in rows if row)
    else:
        data = {".xz": lzma.decompress, ".gz": gzip.decompress}[path.suffix](raw)
    made = work / name
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(data)
    return made


def ours(path: Path, name: str) -> Said:
    """Ask ourselves."""

    def beside(other: str) -> FileBytes | None:
        sibling = path.parent / other
        return FileBytes(sibling) if "/" not in other and sibling.is_file() else None

    with FileBytes(path) as file:
        data = Counted(file)
        item = look(data, name, texts=texts(None), siblings=beside)
    said = set()
    if item.kind in PACKED:
        said.add("archive")
    elif item.verdict is not None:
        said.add("model")
    elif item.kind != "unknown":
        said.add(item.kind)
    own = [each for each in item.observations if not each.member]
    said |= {each.kind for each in own if each.severity.rank >= Severity.MEDIUM.rank and each.kind in kinds()}
    loud = tuple(each.summary for each in own if each.severity.rank >= Severity.HIGH.rank)
    return Said(frozenset(said), loud, data.bytes_read)


def ask_us(cases: Sequence[Case], *, names: bool) -> dict[Path, Said]:
    with ProcessPoolExecutor(2) as pool:
        given = [case.name if names else "x/item" for case in cases]
        return dict(
            zip(
                [case.path for case in cases],
                pool.map(ours, [case.path for case in cases], given, chunksize=20),
                strict=True,
            )
        )


@cache
def labels(peer: str) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    rows = tomllib.loads((HERE / "contents_labels.toml").read_text(encoding="utf-8"))["label"]
    return tuple(
        (re.compile(pattern), frozenset(meant.split()))
        for row in rows
        if peer in row["peers"]
        for pattern, meant in row["rows"]
    )


def ask_peer(peer: str, python: str, cases: Sequence[Case], work: Path) -> dict[Path, Said]:
    listed, result = work / f"{peer}.list", work / f"{peer}.json"
    listed.write_text("\n".join(str(case.path) for case in cases), encoding="utf-8")
    subprocess.run(
        [python, str(HERE / "contents_peer.py"), peer, str(listed), str(result)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    answers: Mapping[str, str] = json.loads(result.read_text(encoding="utf-8"))["answers"]
    return {
        Path(path): Said(
            next((meant for pattern, meant in labels(peer) if pattern.search(answer)), frozenset())
        )
        for path, answer in answers.items()
    }


@dataclass(slots=True)
class Score:
    files: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        return self.right / self.files if self.files else float("nan")

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else float("nan")


def score(
    cases: Iterable[Case], said: Mapping[Path, Said], tell: Callable[[str], None] = lambda _: None
) -> dict[str, Score]:
    scores: defaultdict[str, Score] = defaultdict(Score)
    for case in cases:
        told = said[case.path].kinds
        if case.kind != "nothing":
            scores[case.kind].files += 1
            # Of a public file several kinds may be right: its label says which.
            right = case.kind in told or (case.suite != "made" and bool(told & case.also))
            scores[case.kind].right += right
            if not right:
                tell(
                    f"missed  {case.kind:18} {case.suite}/{case.name} ({case.path}, {case.how}): {', '.join(sorted(told)) or 'nothing'}"
                )
                if told & case.also:
                    continue
        # A generous answer that holds the truth, or what the file may also be, is no false alarm for its other kinds.
        if case.kind in told and len(told) > 1 and not told - {case.kind} - case.also:
            continue
        for kind in told - {case.kind} - case.also:
            scores[kind].wrong += 1
            tell(f"wrong   {kind:18} {case.suite}/{case.name} ({case.path}, {case.how}) is {case.kind}")
    return dict(scores)


def score_peer(cases: Iterable[Case], said: Mapping[Path, Said]) -> dict[str, Score]:
    """Score answers that stand for several kinds: wrong only when none of them is right."""
    scores: defaultdict[str, Score] = defaultdict(Score)
    for case in cases:
        told = said[case.path].kinds
        if case.kind != "nothing":
            scores[case.kind].files += 1
            scores[case.kind].right += case.kind in told
        if not told & ({case.kind} | case.also):
            for kind in told:
                scores[kind].wrong += 1
    return dict(scores)


def number(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"  # noqa: PLR0124 - not a number


def table(cases: Sequence[Case], columns: Mapping[str, Mapping[str, Score]]) -> list[str]:
    """Lay out: recall / precision of each program, kind by kind."""
    files = Counter(case.kind for case in cases)
    order = [each for each in kinds() if files[each]]
    lines = ["| kind | files | " + " | ".join(columns) + " |", "|---|--:|" + "--:|" * len(columns)]
    for kind in order:
        cells = []
        for found in columns.values():
            one = found.get(kind, Score(files[kind]))
            cells.append(f"{number(one.recall)} / {number(one.precision)}")
        cells[0] = f"**{cells[0]}**"
        lines.append(f"| {kind} | {files[kind]} | " + " | ".join(cells) + " |")
    return lines


def measured(
    cases: Sequence[Case], peers: str | None, work: Path, *, title: str, nameless: bool = True
) -> list[str]:
    """Measure all programs on these files."""
    began = time.perf_counter()
    named = ask_us(cases, names=True)
    took = time.perf_counter() - began
    columns = {"Tidegate": score(cases, named, print)}
    if nameless:
        columns["Tidegate, no names"] = score(cases, ask_us(cases, names=False))
    if peers:
        for peer in PEERS:
            columns[peer] = score_peer(cases, ask_peer(peer, peers, cases, work))
    size = sum(case.path.stat().st_size for case in cases)
    read = sum(each.bytes_read for each in named.values())
    loud = [
        (case, said) for case in cases if case.kind == "nothing" for said in [named[case.path]] if said.loud
    ]
    for case, said in loud:
        print(f"loud    {case.name} ({case.path.name}): {said.loud}")
    low = {
        kind: one
        for kind, one in columns["Tidegate"].items()
        if one.files and not (one.recall >= WANTED and one.precision >= WANTED)
    }
    lines = [
        f"{title}: {len(cases):,} files, {sum(case.kind == 'nothing' for case in cases):,} of them hold nothing, {size / 1e6:,.0f} MB; read {read / 1e6:,.0f} MB, {took:.0f} s.",
        "",
        *table(cases, columns),
        "",
        "| asked | measured | |",
        "|---|--:|---|",
    ]
    kinds_met = sum(1 for one in columns["Tidegate"].values() if one.files) - len(low)
    lines.append(
        f"| kinds with recall and precision ≥ {WANTED} | {kinds_met} of {kinds_met + len(low)} | {'met' if not low else '**not met**: ' + ', '.join(sorted(low))} |"
    )
    lines.append(
        f"| files that hold nothing and were told high or critical | {len(loud)} | {'met' if not loud else '**not met**'} |"
    )
    return lines


def tree(folders: Sequence[str]) -> list[str]:
    """Inspect installed software as `tidegate inspect` does; every high and critical is listed."""
    lines: list[str] = []
    for folder in folders:
        with tempfile.TemporaryDirectory() as work:
            out = Path(work, "out.jsonl")
            command = [
                sys.executable,
                "-m",
                "tidegate",
                "inspect",
                folder,
                "--all",
                "--format",
                "jsonl",
                "-o",
                str(out),
                "--no-progress",
                "--exit-zero",
            ]
            began = time.perf_counter()
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
            took = time.perf_counter() - began
            files = 0
            size = sum(
                each.lstat().st_size
                for each in Path(folder).rglob("*")
                if each.is_file() and not each.is_symlink()
            )
            found: Counter[str] = Counter()
            for line in out.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if "path" not in row or "observations" not in row:
                    continue
                files += 1
                for each in row["observations"]:
                    if each["severity"] in ("high", "critical"):
                        found[each["severity"]] += 1
                        where = row["path"] + ("!" + each["member"] if each.get("member") else "")
                        print(f"{each['severity']:8} {each['kind']:18} {where}: {each['summary']}")
            shown = folder if folder.startswith("/usr/") else Path(folder).name
            lines.append(
                f"| `{shown}` | {files:,} | {size / 1e9:.2f} | {found['critical']} | {found['high']} | {took:.0f} |"
            )
            print(lines[-1], flush=True)
    return ["| tree | files | GB | critical | high | wall s |", "|---|--:|--:|--:|--:|--:|", *lines]


def write(marker: str, lines: Sequence[str]) -> None:
    text = RESULTS.read_text(encoding="utf-8")
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    before, _, rest = text.partition(begin)
    RESULTS.write_text(
        before + begin + "\n" + "\n".join(lines) + "\n" + end + rest.partition(end)[2], encoding="utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--peers",
        metavar="PYTHON",
        help="of an environment with magika, puremagic and filetype; `file` on the path",
    )
    parser.add_argument("--public", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--held-out",
        type=int,
        choices=(0, 1, 2, 3, 4, 5, 6, 7, 8),
        default=0,
        help="which of the tables that were held out",
    )
    parser.add_argument("--tree", action="append", metavar="FOLDER")
    parser.add_argument("--detect-secrets", metavar="COMMAND")
    parser.add_argument("--texts", action="store_true", help="secrets and data of people in texts")
    parser.add_argument("--keep", type=Path, help="leave the made corpus in this folder")
    parser.add_argument("--write-results", action="store_true")
    args = parser.parse_args()
    # Paths of this machine are nobody's business.
    given = [
        "PYTHON" if before == "--peers" else "FOLDER" if before == "--public" else each
        for before, each in zip(["", *sys.argv[1:]], sys.argv[1:], strict=False)
        if each != "--write-results"
    ]
    given = [Path(each).name if "/" in each and not each.startswith("/usr/") else each for each in given]
    stamp = f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. `python benchmarks/accuracy/contents.py {' '.join(given)}`, seed {args.seed}."
    with tempfile.TemporaryDirectory() as folder:
        work = args.keep or Path(folder)
        work.mkdir(exist_ok=True)
        if args.tree:
            lines, marker = tree(args.tree), "contents-tree"
        elif args.texts:
            lines, marker = contents_texts.measure(args.seed, args.detect_secrets), "contents-texts"
        elif args.public:
            lines, marker = (
                measured(
                    list(public(args.public, work, held_out=args.held_out)),
                    args.peers,
                    work,
                    title="Public files",
                    nameless=not args.held_out,
                ),
                (
                    "contents-public",
                    "contents-held-out",
                    "contents-held-out-2",
                    "contents-held-out-3",
                    "contents-held-out-4",
                    "contents-held-out-5",
                    "contents-held-out-6",
                    "contents-held-out-7",
                    "contents-held-out-8",
                )[args.held_out],
            )
        else:
            cases, missing = corpus(args.seed, work)
            lines, marker = measured(cases, args.peers, work, title="Made files"), "contents-kinds"
            how = Counter(case.how for case in cases)
            lines.insert(
                1,
                f"Made by the real program or library {how['tool']:,}, by us after the format's description {how['form']:,}, a real header with noise behind {how['header']:,}.",
            )
            if missing:
                lines.insert(2, f"Not here when it was measured: {'; '.join(sorted(missing))}.")
    lines = [stamp, "", *lines]
    print("\n".join(lines))
    if args.write_results:
        write(marker, lines)


if __name__ == "__main__":
    main()
