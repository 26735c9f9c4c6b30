"""Write the pages that say what the code says: rules, command line, severity. `--check` only compares."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tidegate.assess import tables
from tidegate.detect.rules import Rule, load_rules

DOCS = Path(__file__).parent
VERBS = ("scan", "decode", "probe", "list", "inspect", "report", "rules")


def main() -> int:
    """Write the pages, or with `--check` return 1 when one is not what it would be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, text in {
        "rules.md": rules_page(),
        "commands.md": commands_page(),
        "severity.md": severity_page(),
    }.items():
        path = DOCS / name
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, "utf-8")
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run `make format`", file=sys.stderr)
        return 1
    return 0


def rules_page() -> str:
    """Return the page of all rules."""
    rules = load_rules()
    return "\n".join(
        (
            "# Rules",
            "",
            f"{len(rules)} rules, made from the files in `src/tidegate/detect/rules/`. `tidegate rules show ID` prints",
            "one, `tidegate rules check [PATH]` tests them, yours too. Every example and counterexample is run by it.",
            "",
            "| id | finds | decoded as |",
            "|---|---|---|",
            *(f"| [{r.id}](#{r.id}) | {r.title} | `{r.provider}` `{r.kind}` |" for r in rules),
            *(line for rule in rules for line in _rule(rule)),
            "",
        )
    )


def _rule(rule: Rule) -> Iterator[str]:
    yield from ("", f"## {rule.id}", "", f"**{rule.title}.** {rule.why}", "", f"*What to do:* {rule.fix}", "")
    if rule.confidence != "high":
        yield from (f"Confidence: {rule.confidence}.", "")
    if rule.needs:
        yield from (f"Only with {', '.join(rule.needs)} in or near it.", "")
    yield "See " + ", ".join(f"<{link}>" for link in rule.references) + "."


def severity_page() -> str:
    """Return the page of the severity model, from its tables."""
    times = {name: value for _, name, value in tables.TIMES} | dict([tables.TIME_BEYOND])
    parts = [
        "# Severity",
        "",
        "Made from `src/tidegate/assess/tables.py`. A score is a rank from 0 to 100, never a probability:",
        "",
        "`min(100, 25 x Inside x (Opens x Reach x Time)^(1/3) x Write)`, then times each factor of what lowers it.",
        "",
        f"A credential that may work scores at least {tables.FLOOR}. What is open to anyone, or was read from the web,",
        f"and was read to hold the worst, scores at least {tables.OPEN_TO_ANYONE_FLOOR}.",
        "What has ended is info.",
        "",
        "## Bands",
        "",
        *_table("at least", {str(least): severity.value for least, severity in tables.BANDS}, "severity"),
        "## Inside",
        "",
        "Each kind of thing has a value from 0 to 4; where the table of kinds names none, its severity gives it:",
        "",
        *_table("severity", {each.value: value for each, value in tables.INSIDE_OF_SEVERITY.items()}),
        f"{tables.INSIDE_MANY:+} from {tables.MANY_ITEMS:,} items on; {tables.INSIDE_NOT_READ:+} where only names or a",
        f"sample tell; at least {tables.INSIDE_WRITABLE} where it can be overwritten. Where nobody looked:",
        "",
        *_table("grant", tables.INSIDE_UNKNOWN),
    ]
    named = {"Opens": tables.OPENS, "Reach": tables.REACH, "Time": times, "Write": tables.WRITE}
    for title, rows in named.items():
        parts += [f"## {title}", "", *_table("word", rows)]
    parts += ["## What lowers a score", "", "Each is said in the report as `lowered: ...`.", ""]
    parts += _table("because", {text: part for part, text in tables.LOWERS.values()}, "times")
    parts += ["## Kinds with a score of their own", ""]
    parts += _table("because", {text: score for score, text in tables.FLAT.values()}, "score")
    return "\n".join(parts)


def _table(first: str, rows: Mapping[str, object], second: str = "value") -> list[str]:
    return [
        f"| {first} | {second} |",
        "|---|---|",
        *(f"| {word} | {value} |" for word, value in rows.items()),
        "",
    ]


def commands_page() -> str:
    """Return the help texts of the command line."""
    parts = ["# Commands", "", "What `tidegate --help` and the help of each command print.", ""]
    for words in ((), *((verb,) for verb in VERBS)):
        parts += [f"## {' '.join(('tidegate', *words))}", "", "```text", _help(words), "```", ""]
    parts += [
        "## Exit codes",
        "",
        "| code | means |",
        "|---|---|",
        "| 0 | everything was read or asked, and nothing at or above `--fail-on` was found |",
        "| 1 | findings at or above `--fail-on` |",
        "| 2 | usage or configuration error |",
        "| 3 | incomplete: something was not read (see the gaps), or nothing was; and no findings |",
        "| 4 | refused: out of scope, or not authorised |",
        "| 130 | interrupted |",
        "",
    ]
    return "\n".join(parts)


def _help(words: tuple[str, ...]) -> str:
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    command = (sys.executable, "-m", "tidegate", *words, "--help")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.rstrip()


if __name__ == "__main__":
    raise SystemExit(main())
