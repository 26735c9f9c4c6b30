"""Write the pages that say what the code says, and the schemas. `--check` only compares."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pages_api import api_page
from pages_commands import commands_page
from pages_schema import schema_files, schema_page

from tidegate.assess import tables
from tidegate.detect.rules import Rule, load_rules
from tidegate.kinds.table import KindOfThing, kinds

DOCS = Path(__file__).parent


def pages() -> dict[str, str]:
    """Return path below `docs/` -> text of everything that is generated."""
    return {
        "api.md": api_page(),
        "commands.md": commands_page(),
        "kinds.md": kinds_page(),
        "rules.md": rules_page(),
        "schema.md": schema_page(),
        "severity.md": severity_page(),
        **schema_files(),
    }


def main() -> int:
    """Write the pages, or with `--check` return 1 when one is not what it would be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, text in pages().items():
        path = DOCS / name
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.parent.mkdir(exist_ok=True)
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


def kinds_page() -> str:
    """Return the page of the kinds of things that lie in storage."""
    groups: dict[str, list[KindOfThing]] = {}
    for each in kinds().values():
        groups.setdefault(each.group, []).append(each)
    parts = [
        "# Kinds",
        "",
        f"{len(kinds())} kinds of things, made from `src/tidegate/kinds/kinds.toml`. *Severity* is how bad it is that",
        "one is exposed, once it was read; a name alone counts one lower. *Inside* is its part of a",
        "[score](severity.md), from 0 (meant to be public) to 4 (opens other systems, or a whole person).",
        "",
    ]
    for group, members in groups.items():
        parts += [f"## {group}", "", "| id | is | severity | inside | because |", "|---|---|---|---|---|"]
        parts += [f"| `{m.id}` | {m.one} | {m.severity} | {m.inside:g} | {m.why} |" for m in members]
        parts += [""]
    return "\n".join(parts)


_NOTES: Mapping[str, Sequence[str]] = {
    "Reach": (
        "Whether a repository is public cannot be told from its files: `published` needs a place with an address of",
        "the web.",
        "",
    ),
    "Time": (
        "From the first commit that holds it to its end. What gives no end is judged as never ending.",
        "",
    ),
    "Write": (
        "A right that cannot be read counts as overwriting, be it an unknown letter of a SAS or the method of a",
        "presigned link that its text does not tell: one object for a day is then medium, where reading it is low.",
        "Once the service has answered, what was shown counts.",
        "",
    ),
}
"""What a table alone does not tell."""


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
        "Each kind of thing has a value from 0 to 4; where the table of [kinds](kinds.md) names none, its severity",
        "gives it:",
        "",
        *_table("severity", {each.value: value for each, value in tables.INSIDE_OF_SEVERITY.items()}),
        f"{tables.INSIDE_MANY:+} from {tables.MANY_ITEMS:,} items on; {tables.INSIDE_NOT_READ:+} where only names or a",
        f"sample tell; at least {tables.INSIDE_WRITABLE} where it can be overwritten. Where nobody looked:",
        "",
        *_table("grant", tables.INSIDE_UNKNOWN),
    ]
    named = {"Opens": tables.OPENS, "Reach": tables.REACH, "Time": times, "Write": tables.WRITE}
    for title, rows in named.items():
        parts += [f"## {title}", "", *_table("word", rows), *_NOTES.get(title, ())]
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


if __name__ == "__main__":
    raise SystemExit(main())
