"""CPU and memory of Tidegate and of six peers on four loads of model files. See ../README.md.

    python benchmarks/accuracy/models_speed.py [--only hayward,tidegate] [--load small,torch,dense,varied]

Every tool runs as its own command, with a limit of 80 s of CPU and 8 GB; one that took less than 3 s of CPU
runs three times, the tools in turn, and the run that took least counts. CPU is that of the whole process tree
as the kernel accounts for it; memory is the peak of its largest process (`wait4`).
"""

from __future__ import annotations

import argparse
import decimal
import json
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = HERE.parent / "RESULTS.md"
sys.path[:0] = [str(ROOT / "tests"), str(HERE.parent / "speed")]

import results  # noqa: E402
from tools import PEERS, QUIET_ENVIRONMENT, python, without_network  # noqa: E402

from corpus_models.assemble import STOP, proto, push, stream  # noqa: E402
from corpus_models.listing import RECORDED, assemble  # noqa: E402
from corpus_models.zips import tensor  # noqa: E402

LIMIT_S = 80
"""Of CPU, for each process of a tool: a busy machine must not decide who has a result."""
LIMIT_WALL_S = 900
LIMIT_BYTES = 8 << 30
SHORT_S = 3
RUNS = 3
"""Of what takes less than `SHORT_S` of CPU: there a neighbour's work on the same core is a tenth and more."""
OURS = "tidegate"

COMMANDS = {
    OURS: ["-m", "tidegate", "inspect", "--quiet", "--exit-zero", "--format", "jsonl", "{}"],
    "picklescan": ["-m", "picklescan", "-p", "{}"],
    "modelscan": ["-c", "from modelscan.cli import main; main()", "scan", "-p", "{}"],
    "fickling": ["-m", "fickling", "--check-safety", "{}"],
    "modelaudit": ["-c", "from modelaudit.__main__ import _run; _run()", "scan", "{}", "--no-cache"],
    "hayward": ["-c", "from hayward.cli import main; main()", "scan", "{}", "--max-size", "4g"],
    "aisbom-cli": ["-c", "from aisbom.cli import app; app()", "scan", "{}"],
}


@dataclass(frozen=True, slots=True)
class Cost:
    """One run."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    exit_code: int
    """-9 or -24: stopped at the limit of time."""


def small(folder: Path) -> Path:
    """10,000 pickles of 0.8 KB: arrays in a dictionary, as protocol 4 holds them."""
    target = folder / "small"
    if not target.exists():
        target.mkdir(parents=True)
        text = (RECORDED / "numpy-4.pkl.txt").read_text(encoding="ascii").partition("\n")[2]
        model = assemble(text)
        at = model.rindex(bytes(16))
        for number in range(10_000):
            (target / f"{number}.pkl").write_bytes(
                model[:at] + number.to_bytes(16, "little") + model[at + 16 :]
            )
    return target


def varied(folder: Path) -> Path:
    """2,000 pickles of 0.2 to 40 KB, 4 KB on average, no two of one form: what `small` says nothing about.

    Dictionaries of numbers, texts, dates, lists and numpy arrays, of protocols 2, 4 and 5.
    """
    import numpy as np  # noqa: PLC0415 - only to make them

    target = folder / "varied"
    if not target.exists():
        target.mkdir(parents=True)
        draw, numbers = random.Random(1), np.random.default_rng(1)

        def value(depth: int = 0) -> object:
            plain: tuple[Callable[[], object], ...] = (
                draw.random,
                lambda: draw.randrange(10**6),
                lambda: "".join(draw.choices("abcdefghij ", k=draw.randrange(40))),
                lambda: decimal.Decimal(draw.randrange(1000)) / 7,
                lambda: datetime(2024, 1, 1 + draw.randrange(28), tzinfo=UTC),
                lambda: numbers.random(draw.randrange(1, 200)),
                lambda: numbers.integers(0, 9, (draw.randrange(1, 30), draw.randrange(1, 9))),
                lambda: np.float64(draw.random()),
                lambda: [value(depth + 1) for _ in range(draw.randrange(6))],
                lambda: {f"key{n}": value(depth + 1) for n in range(draw.randrange(8))},
            )
            return draw.choice(plain[: 8 if depth > 2 else len(plain)])()

        for number in range(2_000):
            held = {f"field{n}": value() for n in range(draw.randrange(3, 20))}
            data = pickle.dumps(held, protocol=draw.choice((2, 4, 4, 5)))
            (target / f"{number}.pkl").write_bytes(data)
    return target


def dense(folder: Path) -> Path:
    """One pickle of 40 million opcodes in 150 MB: a list of tuples of numbers and short texts."""
    target = folder / "dense.pkl"
    if not target.exists():
        rows = b"".join(
            b"(" + push(n) + push(n * 7 % 60_000) + push(f"a longer word {n % 97}") + b"\x94t\x94"
            for n in range(1000)
        )
        # seven opcodes a tuple; a thousand tuples between MARK and APPENDS
        batch = b"(" + rows + b"e"
        with target.open("wb") as out:
            out.write(proto(4) + b"]")
            for _ in range(40_000_000 // 7002):
                out.write(batch)
            out.write(STOP)
    return target


def torch(folder: Path) -> Path:
    """One torch zip of 1.05 GB with 400 tensors."""
    target = folder / "torch.pt"
    if not target.exists():
        shape = (640, 1024)
        data = stream(
            push({f"layers.{n}.weight": tensor(str(n), shape) for n in range(400)}, old=True), protocol=2
        )
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("archive/data.pkl", data)
            archive.writestr("archive/version", b"3\n")
            for number in range(400):
                archive.writestr(f"archive/data/{number}", bytes(4 * shape[0] * shape[1]))
    return target


LOADS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "small": ("10,000 pickles of 0.8 KB", small),
    "varied": ("2,000 pickles of 4 KB, no two alike", varied),
    "dense": ("one pickle of 40 million opcodes", dense),
    "torch": ("one torch zip of 1.05 GB", torch),
}
TARGETS = (
    ("small", "CPU: picklescan over ours", lambda rows: _over(rows, "small"), 4.0, True, ""),
    ("dense", "40 million opcodes, CPU", lambda rows: _ours(rows, "dense", "cpu_s"), 8.0, False, " s"),
    (
        "dense",
        "40 million opcodes, peak memory",
        lambda rows: _ours(rows, "dense", "peak_mb"),
        300.0,
        False,
        " MB",
    ),
    ("torch", "torch zip of 1 GB, wall", lambda rows: _ours(rows, "torch", "wall_s"), 0.3, False, " s"),
    (
        "torch",
        "torch zip of 1 GB, peak memory",
        lambda rows: _ours(rows, "torch", "peak_mb"),
        60.0,
        False,
        " MB",
    ),
)

Rows = dict[str, dict[str, Cost]]


def _over(rows: Rows, load: str) -> float | None:
    ours, theirs = rows.get(OURS, {}).get(load), rows.get("picklescan", {}).get(load)
    return theirs.cpu_s / ours.cpu_s if ours and theirs else None


def _ours(rows: Rows, load: str, what: str) -> float | None:
    cost = rows.get(OURS, {}).get(load)
    return getattr(cost, what) if cost else None


def measure(command: Sequence[str], work: Path) -> Cost:
    """Run once, in a session of its own, and stop it at the limits."""
    home = work / "home"
    home.mkdir(exist_ok=True)
    env = QUIET_ENVIRONMENT | {"HOME": str(home), "TMPDIR": str(home)}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))

    with (work / "log").open("wb") as log:
        began = time.perf_counter()
        child = subprocess.Popen(
            list(command), env=env, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=limit,  # noqa: PLW1509 - this program has one thread
        )  # fmt: skip
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, LIMIT_WALL_S)
        _, status, usage = os.wait4(child.pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e6, child.returncode)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=HERE / "work", help="environments and files (3 GB)")
    parser.add_argument("--only", default="", help="names of tools, separated by commas")
    parser.add_argument("--load", default="small,torch,dense,varied")
    parser.add_argument("--write-results", action="store_true")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    pythons = {OURS: Path(sys.executable)} | {each.id: python(each, work) for each in PEERS}
    chosen = options.only.split(",") if options.only else list(pythons)
    rows: Rows = {name: {} for name in chosen}
    loads, text = options.load.split(","), ""
    for load in loads:
        path = LOADS[load][1](_folder(work))
        for name in chosen * RUNS:
            known = rows[name].get(load)
            if known is not None and known.cpu_s >= SHORT_S:
                continue
            prefix = without_network() if name != OURS else []
            command = [each.replace("{}", str(path)) for each in COMMANDS[name]]
            cost = measure([*prefix, str(pythons[name]), *command], work)
            rows[name][load] = min(known or cost, cost, key=lambda each: each.cpu_s)
            print(load, name, cost, file=sys.stderr, flush=True)
        text = markdown(rows, [each for each in loads if each in rows[chosen[0]]])
        if options.write_results:
            results.put(RESULTS, "models-speed", text)
    print(text)
    numbers = {name: {load: asdict(cost) for load, cost in costs.items()} for name, costs in rows.items()}
    (work / "models-speed.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    return 0


def _folder(work: Path) -> Path:
    folder = work / "speed-files"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def markdown(rows: Rows, loads: Sequence[str]) -> str:
    facts = ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in list(results.machine().items())[:5]
    )
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M UTC}; CPU s / wall s / peak MB, one run, or the least of"
        f" {RUNS} where that takes less than {SHORT_S} s of CPU."
        f" Machine: {facts}.",
        "",
        f"| | {' | '.join(LOADS[load][0] for load in loads)} |",
        f"|---|{'---|' * len(loads)}",
    ]
    for name, costs in rows.items():
        lines.append(f"| {name} | {' | '.join(_cell(costs[load]) for load in loads)} |")
    targets = [
        results.Target(words, value(rows), bound, more, unit)
        for load, words, value, bound, more, unit in TARGETS
        if load in loads
    ]
    return "\n".join([*lines, "", results.targets_table(targets)])


def _cell(cost: Cost) -> str:
    numbers = f"{cost.cpu_s:.2f} / {cost.wall_s:.2f} / {cost.peak_mb:,.0f}"
    if cost.exit_code in (-signal.SIGKILL, -signal.SIGXCPU):
        return f"no result in {LIMIT_S} s of CPU ({numbers})"
    return numbers if cost.exit_code in (0, 1, 2) else f"{numbers}, exit {cost.exit_code}"


if __name__ == "__main__":
    sys.exit(main())
