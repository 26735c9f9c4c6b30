"""Tables, ratios and the file that keeps them."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from measure import Memory, Run


@dataclass(slots=True)
class Row:
    """One contestant's medians."""

    name: str
    what: str
    run: Run
    spread: tuple[float, float]
    """Least and greatest CPU seconds over the runs."""
    memory: Memory | None = None
    found: tuple[int, int] | None = None
    """Planted credentials found, and hits in all."""


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: a ratio of two rows, or one of their numbers, and the bound it is held to."""

    words: str
    value: float | None
    """`None` when what it needs was not run."""
    bound: float
    at_least: bool
    unit: str

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        met = self.value >= self.bound if self.at_least else self.value <= self.bound
        return "met" if met else "**not met**"


def peak_mb(rows: Sequence[Row], name: str, *, beyond_packs: bool = False) -> float | None:
    """Peak memory of a row, without mapped packs when asked; `None` when it was not sampled."""
    found = row(rows, name)
    if found is None or found.memory is None:
        return None
    return found.memory.beyond_packs_mb if beyond_packs else found.memory.total_mb


def at_least(words: str, value: float | None, bound: float, unit: str = "") -> Target:
    return Target(words, value, bound, True, unit)


def at_most(words: str, value: float | None, bound: float, unit: str = "") -> Target:
    return Target(words, value, bound, False, unit)


def machine() -> dict[str, object]:
    """What the numbers depend on, without the machine's name."""
    facts: dict[str, object] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "git": subprocess.run(
            ["git", "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[2],
    }
    for package in ("tidegate", "hyperscan", "google-re2", "kingfisher-bin"):
        try:
            facts[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    name = re.search(r"model name\s*:\s*(.*)", text)
    vector = next((f for f in ("avx512vbmi", "avx2", "ssse3") if f" {f}" in text), "")
    return f"{name[1] if name else platform.machine()} ({vector})"


@dataclass(slots=True)
class Outcome:
    """What one sub-benchmark gave."""

    name: str
    corpus: dict[str, object]
    planted: int
    rounds: int
    rows: list[Row]
    targets: list[Target]
    command: str
    at: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    machine: dict[str, object] = field(default_factory=machine)


def row(rows: Sequence[Row], name: str) -> Row | None:
    return next((r for r in rows if r.name == name), None)


def ratio(rows: Sequence[Row], over: str, under: str, *, wall: bool = False) -> float | None:
    """CPU (or wall time) of `over` divided by that of `under`; `None` when one is missing."""
    first, second = row(rows, over), row(rows, under)
    if first is None or second is None:
        return None
    numbers = [r.run.wall_s if wall else r.run.cpu_s for r in (first, second)]
    return numbers[0] / numbers[1] if numbers[1] else None


def cheapest(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Of these rows the one with the least CPU; the first name when none was run."""
    present = [r for r in rows if r.name in names]
    return min(present, key=lambda r: r.run.cpu_s).name if present else names[0]


def table(rows: Sequence[Row], planted: int, milliseconds: bool = False) -> str:
    """Return the rows as a Markdown table."""
    unit, times = ("ms", 1000) if milliseconds else ("s", 1)
    digits = 0 if milliseconds else 2
    lines = [
        f"| what | CPU {unit} (user + system) | least–most | wall {unit} | peak MB | of it mapped packs"
        " | planted found | hits |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for r in rows:
        user, system, wall = (f"{v * times:.{digits}f}" for v in (r.run.user_s, r.run.system_s, r.run.wall_s))
        least, most = (f"{v * times:.{digits}f}" for v in r.spread)
        peak = f"{r.memory.total_mb:.0f}" if r.memory else "–"
        packs = f"{r.memory.packs_mb:.0f}" if r.memory and r.memory.packs_mb else "–"
        found = f"{r.found[0]} of {planted}" if r.found and planted else "–"
        hits = f"{r.found[1]:,}" if r.found else "–"
        cpu = f"**{r.run.cpu_s * times:.{digits}f}** ({user} + {system})"
        lines.append(f"| {r.what} | {cpu} | {least}–{most} | {wall} | {peak} | {packs} | {found} | {hits} |")
    return "\n".join(lines)


def targets_table(targets: Sequence[Target]) -> str:
    lines = ["| asked | measured | |", "|---|--:|---|"]
    for each in targets:
        sign = "≥" if each.at_least else "≤"
        got = "–" if each.value is None else f"{each.value:,.2f}{each.unit}".replace(".00", "")
        lines.append(f"| {each.words} {sign} {each.bound:g}{each.unit} | {got} | {each.verdict} |")
    return "\n".join(lines)


def markdown(outcome: Outcome) -> str:
    """Return the section of RESULTS.md for one outcome."""
    facts = "; ".join(f"{k.replace('_', ' ')} {_plain(v)}" for k, v in outcome.corpus.items())
    machine_facts = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in outcome.machine.items())
    return "\n".join(
        [
            f"Measured {outcome.at}, median of {outcome.rounds} rounds. `{outcome.command}`",
            "",
            f"Machine: {machine_facts}.",
            "",
            *([f"Corpus: {facts}.", ""] if facts else []),
            table(outcome.rows, outcome.planted, milliseconds=outcome.name == "start"),
            "",
            targets_table(outcome.targets),
        ]
    )


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{_plain(v)} {k}" for k, v in value.items()) + ")"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def update(path: Path, outcome: Outcome) -> None:
    """Replace this outcome's section of RESULTS.md."""
    put(path, outcome.name, markdown(outcome))


def put(path: Path, name: str, section: str) -> None:
    """Replace what stands between the marks of this name; the text around them stays."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        raise SystemExit(f"{path}: the marks {begin} and {end} are missing")
    head, rest = text.split(begin, 1)
    _, tail = rest.split(end, 1)
    path.write_text(f"{head}{begin}\n{section}\n{end}{tail}", encoding="utf-8")


def save(path: Path, outcome: Outcome) -> None:
    """Write every number as JSON."""
    data: dict[str, Any] = asdict(outcome)
    for target, made in zip(outcome.targets, data["targets"], strict=True):
        made["verdict"] = target.verdict.strip("*")
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print(f"numbers: {path}", file=sys.stderr)
