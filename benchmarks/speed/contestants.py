"""Who is measured: one command each, and how to see in its output what it found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import export
from plant import Planted

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Contestant:
    """One command to measure."""

    name: str
    """Key in the results; ratios are formed by it."""
    what: str
    """One line for the table."""
    command: tuple[str, ...]
    out: Path
    """Where it writes what it found."""
    seen: Callable[[str], Iterable[tuple[str, int] | str]] | None = None
    """From its output: (path, line) of every hit, or the hit's text where it names no place."""
    exits: tuple[int, ...] = (0,)
    """Exit codes that mean that it did its work."""
    once: bool = False
    """Too slow for every round, and too far off to need it: one round."""
    cold: bool = False
    """It starts every time with an empty cache folder."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the programs are, and a home for what they keep."""

    work: Path
    rules: dict[str, Path]
    limit: Path | None
    """The compiled C program, or `None` when there is no compiler or no Hyperscan."""
    database: Path | None
    floor: Path
    """The database of the same expressions for the Python program that only reads and matches."""
    kingfisher: str | None

    @property
    def env(self) -> dict[str, str]:
        """A small environment: no proxy, token or setting of the user reaches a contestant."""
        home = str(self.work / "home")
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "HOME": home,
            "XDG_CACHE_HOME": f"{home}/.cache",
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_LAZY_FETCH": "1",
        }


def tools(work: Path) -> Tools:
    """Export the rules and compile the limit below `work`."""
    folder = work / "tools"
    folder.mkdir(parents=True, exist_ok=True)
    (work / "home").mkdir(exist_ok=True)
    rules = export.load_rules()
    files = {}
    for way in export.KINGFISHER_WAYS:
        files[way] = folder / f"kingfisher-{way}.yml"
        files[way].write_text(export.kingfisher(rules, way), encoding="utf-8")
    files["hyperscan"] = folder / "patterns.tsv"
    files["hyperscan"].write_text(export.hyperscan(rules), encoding="ascii")
    limit = _compile_limit(folder)
    database = None
    if limit is not None:
        database = folder / "patterns.hs"
        subprocess.run([limit, "compile", files["hyperscan"], database], check=True, capture_output=True)
    floor_database = folder / "floor.hs"
    compile_floor = [sys.executable, HERE / "floor.py", "compile", files["hyperscan"], floor_database]
    subprocess.run(compile_floor, check=True, capture_output=True)
    return Tools(work, files, limit, database, floor_database, _kingfisher())


def _compile_limit(folder: Path) -> Path | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    out = folder / "limit"
    flags = ["-O2", "-o", str(out), str(HERE / "limit.c"), "-I/usr/include/hs", "-lhs", "-lpthread"]
    done = subprocess.run([compiler, *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"no limit: {done.stderr.strip().splitlines()[0]}", file=sys.stderr)
        return None
    return out


def _kingfisher() -> str | None:
    """The program itself, not the Python script that starts it: the script would cost it 15 ms."""
    try:
        import kingfisher  # type: ignore[import-untyped]  # noqa: PLC0415 - an optional peer
    except ImportError:
        return shutil.which("kingfisher")
    inner = Path(str(kingfisher.__file__)).parent / "bin" / "kingfisher"
    return str(inner) if inner.exists() else shutil.which("kingfisher")


# Ours

TIDEGATE = str(Path(sys.executable).parent / "tidegate")


def tidegate(tool: Tools, name: str, what: str, targets: Sequence[Path], *options: str) -> Contestant:
    out = tool.work / f"out-{name}.json"
    named = map(str, targets)
    command = (TIDEGATE, "scan", *named, "--format", "json", "-o", str(out), "--no-progress", *options)
    return Contestant(name, what, command, out, _seen_by_tidegate, exits=(0, 1, 3))


def _seen_by_tidegate(text: str) -> Iterable[tuple[str, int]]:
    for finding in json.loads(text)["findings"]:
        for place in finding["occurrences"]:
            # Scanned together with the containers, the plain folder is a folder of the target.
            yield place["path"].removeprefix("plain/"), place["line"]


# Kingfisher


def kingfisher(
    tool: Tools, name: str, what: str, target: Path, *options: str, rules: str | None = None
) -> Contestant:
    """Kingfisher without validation and without network; with `rules` only ours, else its own 488."""
    out = tool.work / f"out-{name}.jsonl"
    command = [
        tool.kingfisher or "kingfisher",
        "scan",
        str(target),
        "--no-validate",
        "--no-update-check",
        "--quiet",
    ]
    command += ["--format", "jsonl", "-o", str(out), "--no-dedup", "--confidence", "low"]
    command += ["--rule-cache-dir", str(tool.work / "home" / "kingfisher-rules")]
    if rules is not None:
        command += ["--load-builtins=false", "--rules-path", str(tool.rules[rules])]
    return Contestant(
        name, what, (*command, *options), out, lambda text: _seen_by_kingfisher(text, target), exits=(0, 200)
    )


def _seen_by_kingfisher(text: str, target: Path) -> Iterable[tuple[str, int] | str]:
    prefix = f"{target}/"
    for line in text.splitlines():
        finding = json.loads(line).get("finding")
        if finding is None:
            continue
        path = (finding.get("git_metadata") or {}).get("file", {}).get("path") or finding.get("path") or ""
        yield path.removeprefix(prefix), finding["line"]
        yield finding["snippet"]


# The limits


def limit(
    tool: Tools, name: str, what: str, threads: int, folder: Path, *, scan: bool, cold: bool = False
) -> Contestant:
    """The C program. cold: it compiles the expressions first, as it did when 1.3 times it was first asked."""
    command = [str(tool.limit), "scan" if scan else "read", str(threads), str(folder)]
    command += [str(tool.rules["hyperscan"] if cold else tool.database)] if scan else []
    return Contestant(name, what, tuple(command), tool.work / f"out-{name}.json")


def floor(tool: Tools, name: str, what: str, folder: Path, *, scan: bool) -> Contestant:
    command = [sys.executable, str(HERE / "floor.py"), "scan" if scan else "read", str(folder)]
    command += [str(tool.floor)] if scan else []
    return Contestant(name, what, tuple(command), tool.work / f"out-{name}.json")


def cat_file(tool: Tools, repository: Path) -> Contestant:
    inner = 'exec git -C "$0" cat-file --batch-all-objects --batch --buffer --unordered >/dev/null'
    command = ("sh", "-c", inner, str(repository))
    return Contestant(
        "cat-file", "git cat-file, every object, to nowhere", command, tool.work / "out-cat-file"
    )


def count_found(contestant: Contestant, planted: Sequence[Planted]) -> tuple[int, int] | None:
    """Return (planted credentials found, hits in all), or `None` for one that finds nothing by design.

    A planted credential counts as found by its place or, where none is named, by a part of its value.
    """
    if contestant.seen is None:
        return None
    if not contestant.out.exists():
        return (0, 0)
    seen = list(contestant.seen(contestant.out.read_text("utf-8", "surrogateescape")))
    places = {each for each in seen if isinstance(each, tuple)}
    texts = "\n".join({each for each in seen if isinstance(each, str)})
    found = sum((each.path, each.line) in places or each.marker in texts for each in planted)
    return found, sum(isinstance(each, tuple) for each in seen)
