"""What is counted in the SQLite databases of browsers, chat and mail programs: rows, never a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tidegate.inspectors.messages.tally import rounded
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.model.severity import Severity
from tidegate.packing.sqlite_rows import rows
from tidegate.packing.sqlite_schema import Entry, page_bytes

_COUNTED: Final = {
    "logins": ("logins", "login", "logins"),
    "cookies": ("cookies", "cookie", "cookies"),
    "moz_cookies": ("cookies", "cookie", "cookies"),
    "urls": ("pages", "page", "pages"),
    "moz_places": ("pages", "page", "pages"),
    "visits": ("visits", "visit", "visits"),
    "moz_historyvisits": ("visits", "visit", "visits"),
    "credit_cards": ("cards", "card", "cards"),
    "autofill": ("form_entries", "form entry", "form entries"),
    "moz_formhistory": ("form_entries", "form entry", "form entries"),
    "nssprivate": ("keys", "key", "keys"),
    "message": ("messages", "message", "messages"),
    "messages": ("messages", "message", "messages"),
    "zwamessage": ("messages", "message", "messages"),
    "mails": ("messages", "message", "messages"),
    "chat": ("conversations", "conversation", "conversations"),
    "chat_list": ("conversations", "conversation", "conversations"),
    "conversations": ("conversations", "conversation", "conversations"),
    "contacts": ("people", "person", "people"),
    "abperson": ("people", "person", "people"),
    "zabcdrecord": ("people", "person", "people"),
}
_SENSITIVE: Final = frozenset(("logins", "cookies", "cards", "keys"))
_KINDS: Final = frozenset(("browser_profile", "chat_store", "mail_archive", "contacts"))
_MOST_TABLES: Final = 4


def weight(kind_id: str, numbers: Mapping[str, int]) -> Severity | None:
    """Return the severity where it is not the kind's: nothing is saved in it, or only what was visited."""
    if not numbers:
        return None
    if not any(numbers.values()):
        return Severity.LOW
    plain = {name.removesuffix("_estimated") for name in numbers}
    return Severity.HIGH if kind_id == "browser_profile" and not plain & _SENSITIVE else None


def counts(data: Readable, kind_id: str, tables: Sequence[Entry]) -> tuple[dict[str, int], str]:
    """Return numbers by name, and how they are said: ": 12 logins"; nothing for other kinds."""
    if kind_id not in _KINDS:
        return {}, ""
    numbers: dict[str, int] = {}
    said: list[str] = []
    try:
        size = page_bytes(data.read(0, 100))
        for name, (key, one, many) in _COUNTED.items():
            found = next((each for each in tables if each.name.lower() == name), None)
            if found is None or key in numbers or len(numbers) >= _MOST_TABLES:
                continue
            try:
                count, exact = rows(data.read, size, found.root)
            except ValueError:
                continue
            if not exact:
                count = rounded(count)
            numbers[key if exact else f"{key}_estimated"] = count
            said.append(f"{'' if exact else 'about '}{count:,} {one if count == 1 else many}")
    except (OverBudgetError, ValueError):
        pass  # what was counted before stays; the database is told by its tables all the same
    return numbers, f": {', '.join(said)}" if said else ""
