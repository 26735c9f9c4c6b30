"""From a piece of text to observations: whose data, of what sort, how many distinct; never a value."""

from __future__ import annotations

import codecs
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from tidegate.inspectors.personal import national, prose
from tidegate.inspectors.personal.columns import meaning
from tidegate.inspectors.personal.tables import Columns, tables
from tidegate.inspectors.personal.values import (
    CHECKS,
    is_card,
    is_email,
    is_iban,
    is_icd,
    is_persons_email,
    is_us_ssn,
)
from tidegate.inspectors.secrets.place import authors_by_path, public_by_path
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity
from tidegate.records import dataclass, field

INSPECTOR: Final = "personal"
MOST_BYTES: Final = 2 << 20
"""Of one text."""
_FEW: Final = 5
"""Distinct valid values under a name that fits, from which on a column holds what it says."""
_MANY: Final = 10
"""Distinct valid values that need no name over them."""
_CROWD: Final = 20
"""Addresses of mail alone, from which on they are worth a line."""
_MOST_TESTED: Final = 1000
_AGREE: Final = 0.6
"""Share of a column's values that must be what its name says."""
_NEARLY_ALL: Final = 0.85
_IDENTITY: Final = frozenset({"name", "email", "phone", "address", "national", "passport"})
_WORDS: Final = {
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "name": ("name", "names"),
    "address": ("postal address", "postal addresses"),
    "birth": ("date of birth", "dates of birth"),
    "passport": ("passport or licence number", "passport or licence numbers"),
    "national": ("national id", "national ids"),
    "card": ("card number", "card numbers"),
    "iban": ("bank account number", "bank account numbers"),
    "health": ("health record", "health records"),
    "income": ("income", "incomes"),
    "special": ("religion, origin or gender", "religion, origin or gender"),
    "postcode": ("postcode", "postcodes"),
}
_ORDER: Final = tuple(_WORDS)
_CODE_ENDS: Final = (
    ".py",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".go",
    ".rb",
    ".php",
    ".java",
    ".rs",
    ".c",
    ".cc",
    ".cpp",
    ".h",
    ".hpp",
    ".cs",
    ".kt",
    ".swift",
    ".scala",
    ".pl",
    ".pm",
    ".lua",
    ".ipynb",
    ".css",
    ".map",
    ".po",
    ".pot",
    ".lock",
    ".sum",
    ".rst",
    ".md",
    ".adoc",
    ".man",
)
"""Addresses and numbers in code and its documentation are those of authors, and examples."""


@dataclass(slots=True)
class _Seen:
    """Distinct values of one sort."""

    values: set[str] = field(default_factory=set)
    columns: int = 0
    proved: bool = True
    """Values were seen, not names of columns alone."""


def observe(
    text: bytes | str,
    name: str,
    columns: Sequence[str] | None = None,
    *,
    start: int = 0,
    step: Step = Step.SAMPLE,
) -> list[Observation]:
    """Return what a text says of people: sorts and counts of distinct values; never a value.

    columns: of the table that it is, when known; with an empty text they are judged by their names alone.
    start: where in the item the text begins. Any bytes end in a list.
    """
    data = (text.encode("utf-8", "replace") if isinstance(text, str) else text)[:MOST_BYTES]
    decoded = _decoded(data)
    seen: dict[str, _Seen] = {}
    rows = 0
    if not decoded:
        seen = _by_names(columns or ())
    else:
        for table in tables(decoded, name, columns):
            found = _judge(table)
            if table.form == "delimited" or _weight(found) > _weight(seen):
                seen, rows = (found, table.rows) if _weight(found) >= _weight(seen) else (seen, rows)
    if decoded and not _weight(seen):
        return _of_prose(data if data[:2] not in _WIDE else decoded.encode(), name, start, step)
    return list(_of_table(seen, rows, name, start, step))


_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _decoded(data: bytes) -> str:
    if data.startswith(_WIDE):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


def _weight(seen: dict[str, _Seen]) -> int:
    """Order tables by how much they say: sorts first."""
    return len([key for key in seen if key not in {"postcode", "special", "income"}]) * 100 + sum(
        min(len(one.values), 9) for one in seen.values()
    )


def _by_names(columns: Sequence[str]) -> dict[str, _Seen]:
    seen: dict[str, _Seen] = {}
    for column in columns:
        sort = meaning(column)
        if sort is None or sort == "weak_name":
            continue
        seen.setdefault(sort, _Seen(proved=False)).columns += 1
    return seen


def _judge(table: Columns) -> dict[str, _Seen]:
    """Return what the table's columns hold. A name and its values must agree; strong values need no name."""
    seen: dict[str, _Seen] = {}
    weak: list[list[str]] = []
    for column, values in table.values.items():
        if not values:
            continue
        tested = values[:_MOST_TESTED]
        sort = meaning(column)
        good = _agreeing(sort, column, tested)
        if sort == "weak_name":
            if len(good) >= _AGREE * len(set(tested)):
                weak.append(values)
            sort = None
        enough = len(set(good)) >= _FEW and len(good) >= _AGREE * len(tested)
        if sort is None or not enough:
            sort, good = _by_values(tested)
            if sort is None:
                continue
        one = seen.setdefault(sort, _Seen())
        one.columns += 1
        one.values.update(good if len(values) <= _MOST_TESTED else [*good, *values[_MOST_TESTED:]])
    if weak and _IDENTITY.intersection(seen) and "name" not in seen:
        seen["name"] = _Seen({value for values in weak for value in values}, len(weak))
    return seen


def _agreeing(sort: str | None, column: str, values: list[str]) -> list[str]:
    if sort is None:
        return []
    if sort == "national":
        names = national.validators(column) or national.validators("national id")
        return [value for value in values if national.valid(value, names)]
    return [value for value in values if CHECKS[sort](value)]


def _by_values(values: list[str]) -> tuple[str | None, list[str]]:
    """Return what values are by themselves, whatever stands over them: nearly all, and many distinct."""
    if len(set(values[:_MOST_TESTED])) < _MANY:
        return None, []
    for sort, check in (("email", is_email), ("iban", is_iban), ("card", is_card), ("national", _dashed_ssn)):
        if not check(values[0]) and not check(values[-1]) and not check(values[len(values) // 2]):
            continue
        good = [value for value in values if check(value)]
        if len(good) >= _NEARLY_ALL * len(values) and len(set(good)) >= _MANY:
            return sort, good
    return None, []


def _dashed_ssn(value: str) -> bool:
    return value[3:4] == "-" and value[6:7] == "-" and is_us_ssn(value)


def _of_table(seen: dict[str, _Seen], rows: int, name: str, start: int, step: Step) -> Iterator[Observation]:
    sorts = set(seen)
    proved = all(one.proved for one in seen.values())
    people = _IDENTITY.intersection(sorts)
    emails = seen["email"].values if "email" in seen else set()
    made_up = bool(emails) and sum(map(is_persons_email, emails)) * 10 < len(emails)
    base = {
        "health_data": _health(seen, people),
        "payment_data": _payment(seen),
        "personal_data": _personal(seen, people),
    }
    for kind, severity in base.items():
        if severity is None:
            continue
        why = (
            public_by_path(name)
            or _authors(kind, name, sorts)
            or ("its addresses are made up" if made_up else "")
        )
        if why:
            severity = min(severity, Severity.LOW, key=lambda word: word.rank)
        elif not proved:
            severity, why = _one_lower(severity), "by the names of its columns"
        yield Observation(
            inspector=INSPECTOR,
            kind=kind,
            severity=severity,
            confidence="high" if proved else "medium",
            offset=start or None,
            summary=_sentence(kind, seen, rows, why),
            step=step if proved else Step.ENDS,
            numbers=_numbers(seen, rows),
        )


def _authors(kind: str, name: str, sorts: set[str]) -> str:
    """Return why a table names people openly: authors. Who has more of them than that is no such list."""
    if kind != "personal_data" or sorts.intersection(
        {"birth", "national", "passport", "income", "special", "address"}
    ):
        return ""
    return authors_by_path(name) or ""


def _health(seen: dict[str, _Seen], people: Collection[str]) -> Severity | None:
    if "health" not in seen:
        return None
    if people or "birth" in seen:
        return Severity.CRITICAL
    one = seen["health"]
    coded = one.proved and sum(map(is_icd, one.values)) * 2 > len(one.values)
    return Severity.MEDIUM if coded or one.columns > 1 else None


def _payment(seen: dict[str, _Seen]) -> Severity | None:
    severity: Severity | None = None
    for sort in ("card", "iban"):
        one = seen.get(sort)
        if one is None:
            continue
        few = one.proved and len(one.values) < _MANY
        own = Severity.HIGH if few or (not one.proved and sort == "iban") else Severity.CRITICAL
        severity = own if severity is None or own.rank > severity.rank else severity
    return severity


def _personal(seen: dict[str, _Seen], people: Collection[str]) -> Severity | None:
    strong = {"national", "passport"}.intersection(seen)
    private = {"birth", "income", "special"}.intersection(seen)
    if "national" in strong or len(people) >= 2 or (people and "birth" in private):
        return Severity.HIGH
    if people and private:
        return Severity.MEDIUM
    if "email" in people and (len(seen["email"].values) >= _CROWD):
        return Severity.MEDIUM
    if "phone" in people and len(seen["phone"].values) >= _CROWD:
        return Severity.MEDIUM
    return None


def _sentence(kind: str, seen: dict[str, _Seen], rows: int, why: str) -> str:
    said = {"health_data": "health data", "payment_data": "payment data", "personal_data": "personal data"}[
        kind
    ]
    parts = []
    for sort in _ORDER:
        if sort in seen:
            one, many = _WORDS[sort]
            count = len(seen[sort].values)
            parts.append(f"{count:,} {one if count == 1 else many}" if seen[sort].proved else many)
    read = f" in {rows:,} rows read" if rows else ""
    return f"{said}: {', '.join(parts)}{read}{f' ({why})' if why else ''}"


def _numbers(seen: dict[str, _Seen], rows: int) -> dict[str, int]:
    numbers = {
        f"{sort}_values": len(seen[sort].values) for sort in _ORDER if sort in seen and seen[sort].proved
    }
    numbers["columns"] = sum(one.columns for one in seen.values())
    if rows:
        numbers["rows"] = rows
    return numbers


def _of_prose(data: bytes, name: str, start: int, step: Step) -> list[Observation]:
    seen: defaultdict[str, set[str]] = defaultdict(set)
    unsure: defaultdict[str, set[str]] = defaultdict(set)
    for hit in prose.find(data):
        (seen if hit.sure else unsure)[hit.meaning].add(hit.value)
    seen["email"] = {value.lower() for value in seen["email"] if is_persons_email(value)}
    # Without a word beside them only a list of them is believed.
    for sort, values in unsure.items():
        # Of running numbers of 16 digits one in ten has the check digit of a card: those are never believed.
        if len(values) >= _MANY and sort != "card":
            seen[sort] |= values
    counts = {sort: len(values) for sort, values in seen.items() if values}
    code = name.lower().endswith(_CODE_ENDS)
    public = (
        public_by_path(name) or authors_by_path(name) or ("it is code or its documentation" if code else "")
    )
    made = []
    for kind, sorts, severity in (
        ("payment_data", ("card", "iban"), _prose_payment(counts)),
        ("personal_data", ("email", "phone", "birth", "national"), _prose_personal(counts)),
    ):
        if severity is None:
            continue
        if public:
            severity = min(severity, Severity.LOW, key=lambda word: word.rank)
        shown = {sort: _Seen(seen[sort]) for sort in sorts if counts.get(sort)}
        made.append(
            Observation(
                inspector=INSPECTOR,
                kind=kind,
                severity=severity,
                confidence="medium",
                offset=start or None,
                summary=_sentence(kind, shown, 0, public),
                step=step,
                numbers={f"{sort}_values": len(one.values) for sort, one in shown.items()},
            )
        )
    return made


def _prose_payment(counts: dict[str, int]) -> Severity | None:
    most = max(counts.get("card", 0), counts.get("iban", 0))
    if not most:
        return None
    return Severity.CRITICAL if most >= _MANY else Severity.HIGH if most >= 3 else Severity.MEDIUM


def _prose_personal(counts: dict[str, int]) -> Severity | None:
    national_ids = counts.get("national", 0)
    if national_ids:
        return Severity.HIGH if national_ids >= 3 else Severity.MEDIUM
    mails, phones, births = (counts.get(sort, 0) for sort in ("email", "phone", "birth"))
    if births >= 3 and (mails >= 3 or phones >= 3):
        return Severity.HIGH
    if mails >= _CROWD and phones >= _CROWD // 2:
        return Severity.HIGH
    if mails >= _FEW and phones >= 3:
        return Severity.MEDIUM
    return Severity.LOW if mails >= _CROWD or phones >= _CROWD else None


def _one_lower(severity: Severity) -> Severity:
    return tuple(Severity)[max(0, severity.rank - 1)]
