"""Hits, misses and false alarms of Tidegate and of six peers, on the same model files. See ../README.md.

    python benchmarks/accuracy/models.py --models-python PYTHON [--held-out picklescan=FOLDER]

The harmful files are made from opcodes by `tests/corpus_models`; nothing is ever loaded. The benign ones are
made by the libraries (`real_models.py`) and by hand. Peers are installed below `--work`, run without network
where the system allows it, and with their telemetry turned off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = HERE.parent / "RESULTS.md"
sys.path[:0] = [str(ROOT / "tests"), str(HERE.parent / "speed")]

import results  # noqa: E402
from held_out import SUITES  # noqa: E402
from tools import PEERS, Said, judge, judge_ours  # noqa: E402

from corpus_models.every import BENIGN, HARMFUL  # noqa: E402
from corpus_models.model import Want  # noqa: E402

OURS = "Tidegate"


def main() -> int:
    options = _options()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    files = collect(work, options)
    paths = [path for path, _, _ in files]
    said = {OURS: judge_ours(paths)}
    for tool in PEERS:
        if not options.only or tool.id in options.only.split(","):
            print(f"{tool.id} …", file=sys.stderr, flush=True)
            said[tool.id] = judge(tool, paths, work)
    text = markdown(files, said, len(paths))
    print(text)
    each = {str(p): [group, want, {tool: str(a[p]) for tool, a in said.items()}] for p, group, want in files}
    (work / "models.json").write_text(json.dumps(each, indent=0) + "\n", encoding="utf-8")
    if options.write_results:
        results.put(RESULTS, "models-accuracy", text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=HERE / "work", help="environments and files (3 GB)")
    parser.add_argument("--models-python", type=Path, help="a Python with requirements.txt of this folder")
    parser.add_argument(
        "--held-out", action="append", default=[], metavar="SUITE=FOLDER", help=", ".join(SUITES)
    )
    parser.add_argument("--only", default="", help="names of peers, separated by commas")
    parser.add_argument("--write-results", action="store_true")
    return parser.parse_args()


def collect(work: Path, options: argparse.Namespace) -> list[tuple[Path, str, Want]]:
    """Write all files; return (path, group, what must be said)."""
    files = [(each.write(work / "samples"), each.group, each.want) for each in HARMFUL]
    by_hand = [each for each in BENIGN if each.source != "written by its library"]
    files += [(each.write(work / "samples"), "benign, by hand", Want.QUIET) for each in by_hand]
    if options.models_python:
        real = work / "real"
        if not real.exists():
            subprocess.run([str(options.models_python), str(HERE / "real_models.py"), str(real)], check=True)
        files += [(path, "benign, by libraries", Want.QUIET) for path in sorted(real.iterdir())]
    for given in options.held_out:
        suite, _, folder = given.partition("=")
        for path, label in SUITES[suite](Path(folder).resolve()):
            want = Want.QUIET if label == "benign" else Want.DANGEROUS
            files.append((path, f"{suite}'s suite, {label}", want))
    return files


def markdown(
    files: Sequence[tuple[Path, str, Want]], said: Mapping[str, Mapping[Path, Said]], count: int
) -> str:
    """Return both tables: harmful files by group, benign files by group."""
    tools = list(said)
    head = f"| | files | {' | '.join(tools)} |\n|---|--:|{'---|' * len(tools)}"
    harmful = [head]
    benign = [head]
    totals: dict[str, Counter[str]] = {tool: Counter() for tool in tools}
    groups = list(dict.fromkeys(group for _, group, _ in files))
    for group in groups:
        members = [(path, want) for path, each, want in files if each == group]
        quiet = members[0][1] is Want.QUIET
        cells = []
        for tool in tools:
            counted = Counter(_outcome(want, said[tool][path]) for path, want in members)
            if not group.endswith(("harmful", "suite, benign")):
                totals[tool] += counted
            cells.append(_false(counted) if quiet else _hits(counted))
        (benign if quiet else harmful).append(f"| {group} | {len(members)} | {' | '.join(cells)} |")
    own = [want for _, group, want in files if not group.endswith(("harmful", "suite, benign"))]
    bad = sum(want is not Want.QUIET for want in own)
    harmful.append(f"| **all of ours** | {bad} | {' | '.join(_hits(totals[t]) for t in tools)} |")
    benign.append(f"| **all of ours** | {len(own) - bad} | {' | '.join(_false(totals[t]) for t in tools)} |")
    pins = ", ".join(each.pins[0] for each in PEERS if each.id in tools)
    return "\n".join(
        [
            f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M UTC} on {count:,} files; {pins}.",
            "",
            "Harmful files: hits / weaker word or error / silence.",
            "",
            *harmful,
            "",
            "Benign files: false alarms / errors.",
            "",
            *benign,
        ]
    )


def _outcome(want: Want, said: Said) -> str:
    """Return `hit`, `weak`, `miss`, or for a benign file `false`, `error`, `quiet`.

    Where no sink is called, a weaker word of ours is what is wanted, and counts as a hit.
    """
    if want is Want.QUIET:
        return {Said.SILENT: "quiet", Said.ERROR: "error"}.get(said, "false")
    if said is Said.SILENT:
        return "miss"
    return "hit" if said is Said.ALARM or (said is Said.WEAK and want is Want.ALARM) else "weak"


def _hits(counted: Counter[str]) -> str:
    return f"{counted['hit']} / {counted['weak']} / {counted['miss']}"


def _false(counted: Counter[str]) -> str:
    return f"{counted['false']} / {counted['error']}"


if __name__ == "__main__":
    sys.exit(main())
