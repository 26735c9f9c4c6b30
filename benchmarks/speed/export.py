"""Give our rules to the other programs, so that all look for the same things.

python export.py kingfisher exact|anchors OUT.yml
python export.py hyperscan OUT.tsv
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tidegate.detect.matcher import _expressions as expressions_of
from tidegate.detect.rules import Rule
from tidegate.detect.rules import load_rules as load_rules  # noqa: PLC0414 - for those who import this

KINGFISHER_WAYS = ("exact", "anchors")


def kingfisher(rules: Sequence[Rule], way: str) -> str:
    """Return the rules as a Kingfisher 1.x rule file (YAML; JSON is a part of YAML).

    `exact` hands over each rule's exact pattern, made fit for a first pass: what is reported is confirmed,
    as with us. `anchors` hands over only what our first pass seeks: cheaper to match, nothing confirmed.
    Which of the two is faster depends on the rules, so both are measured and the faster one counts.
    """
    made: list[dict[str, Any]] = []
    for rule in rules:
        patterns = (
            [first_pass(rule.pattern)] if way == "exact" else [f"({anchor})" for anchor in rule.anchors]
        )
        for number, pattern in enumerate(patterns):
            name = rule.id if len(patterns) == 1 else f"{rule.id}.{number}"
            made.append(
                {
                    "name": rule.title,
                    "id": f"custom.{name}",
                    "pattern": pattern,
                    "min_entropy": 0.0,
                    "confidence": "high",
                    "examples": [],
                }
            )
    return json.dumps({"rules": made}, indent=1) + "\n"


def first_pass(pattern: str) -> str:
    """Return `pattern` as somebody would write it who seeks it in everything, not only near an anchor.

    Optional parts at either end are cut: they capture context, and would make every word of a text a
    beginning. Borders lose their `^` and `$` alternatives, which Vectorscan refuses inside an expression.
    """
    for sign in ("^", "$"):
        pattern = pattern.replace(f"(?:{sign}|", "(?:")
    flags = "(?i)" if pattern.startswith("(?i)") else ""
    parts = _parts(pattern.removeprefix(flags))
    if "|" not in parts:
        while len(parts) > 1 and _OPTIONAL.search(parts[0]):
            del parts[0]
        while len(parts) > 1 and _OPTIONAL.search(parts[-1]):
            del parts[-1]
    return flags + "".join(parts)


_OPTIONAL = re.compile(r"(?<!\\)(?:[?*]|\{0,[0-9]*\})\Z")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[]", re.DOTALL)
_REPEAT = re.compile(r"[?*+]|\{[0-9]+(?:,[0-9]*)?\}")


def _parts(pattern: str) -> list[str]:
    """Cut an expression into its outermost groups, classes and characters, each with its repeat."""
    parts: list[str] = []
    depth = at = 0
    while at < len(pattern):
        repeat = _REPEAT.match(pattern, at)
        atom = _ATOM.match(pattern, at)
        assert atom is not None, f"cannot read {pattern[at:]!r}"
        if depth or (parts and repeat) or atom[0] == ")":
            text = repeat[0] if repeat and not depth else atom[0]
            parts[-1] += text
        else:
            text = atom[0]
            parts.append(text)
        depth += {"(": 1, ")": -1}.get(text, 0)
        at += len(text)
    return parts


def hyperscan(rules: Sequence[Rule]) -> str:
    """Return every expression of our first pass, encodings included: one a line, id, flags, expression.

    A line break inside an expression is written as `\\x0a`, a tabulator as `\\x09`.
    """
    expressions, _ = expressions_of(rules)
    lines = []
    for number, expression in enumerate(expressions):
        safe = "".join(chr(b) if 32 <= b < 127 else f"\\x{b:02x}" for b in expression)
        lines.append(f"{number}\t0\t{safe}\n")
    return "".join(lines)


def examples(rules: Sequence[Rule]) -> dict[str, str]:
    """Return file name -> text: every example of every rule."""
    return {
        f"{rule.id}-{number}.txt": example.text
        for rule in rules
        for number, example in enumerate(rule.examples)
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", choices=["kingfisher", "hyperscan"])
    parser.add_argument("rest", nargs="+", help="exact|anchors OUT.yml, or OUT.tsv")
    chosen = parser.parse_args()
    rules = load_rules()
    if chosen.program == "kingfisher":
        way, out = chosen.rest
        Path(out).write_text(kingfisher(rules, way), encoding="utf-8")
    else:
        Path(chosen.rest[0]).write_text(hyperscan(rules), encoding="ascii")


if __name__ == "__main__":
    main()
