"""How programs write passwords down: forms of exports, and how many entries one holds.

Sources: what the managers' own manuals say of their exports, and pass-import's list of formats.
Everything is counted; no value leaves here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, Final

from tidegate.inspectors.data._password_json import HASH, TELLING, entries
from tidegate.inspectors.data._seeds import seeds
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES
from tidegate.records import dataclass

_PASSWORD: Final = re.compile(
    r"\A(?:login_|account |user |web ?site |stored )?"
    r"(?:password|passwort|passwd|passphrase|kennwort|pwd|mot de passe|contraseña|senha|wachtwoord|пароль"
    r"|密码|パスワード)(?:_value)?\Z"
)
_WHERE: Final = frozenset((
    "url", "urls", "login_uri", "login_url", "login_urls", "site url", "web site", "website", "webseite",
    "site", "title", "titel", "name", "label", "nickname", "domain", "origin", "origin_url", "action_url",
    "signon_realm", "hostname", "host", "httprealm", "service", "account", "grouping", "group",
    "folder", "entry name", "display_name",
))  # fmt: skip
_WHO: Final = frozenset((
    "username", "user name", "user", "userid", "user id", "login", "login name", "login_username",
    "username_value", "email", "e-mail", "mail", "benutzername", "benutzer", "utilisateur", "usuario",
    "utente",
))  # fmt: skip
_URL: Final = re.compile(r"\Ahttps?://\S{3,}\Z")
_MOST_COLUMNS: Final = 120
_MOST_ROWS: Final = 20_000
_MOST_CELL_BYTES: Final = 1 << 17
_LEAST_HEADLESS: Final = 4
_ENTRY: Final = re.compile(rb"<password>[^<]")
_KEY: Final = re.compile(rb"<Key>Password</Key>")
_XML: Final = (
    (re.compile(rb'ProtectInMemory="True"|<Key>Password</Key>'), _KEY, "KeePass"),
    (re.compile(rb"<pwlist>|<!DOCTYPE KEEPASSX_DATABASE>"), re.compile(rb"<password>"), "KeePass"),
    (re.compile(rb"<FPM\s[^>]{0,200}full_version="), _ENTRY, "Figaro's Password Manager"),
    (re.compile(rb"<passwordsafe\s"), re.compile(rb"<password>"), "Password Safe"),
    (
        re.compile(rb"<revelationdata\s"),
        re.compile(rb'id="generic-(?:password|pin|code)">[^<]'),
        "Revelation",
    ),
)
_PAIRED: Final = re.compile(rb'"(?:Password|Passwort|Kennwort|Mot de passe)","[^"]')
"""Enpass writes a label and a value into neighbouring cells."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a list holds."""

    entries: int
    exact: bool
    words: str
    """What it is: `list of passwords`."""


def count(text: bytes, *, whole: bool, named: bool) -> Counted | None:
    """Return what a text holds, if it is a list of passwords or of their seeds. named: its name says so."""
    found = _passwords(text, whole=whole, named=named)
    return found or _some(seeds(text[:WHOLE_TEXT_BYTES]), "seeds of one-time passwords", whole=whole)


def _passwords(text: bytes, *, whole: bool, named: bool) -> Counted | None:
    start = text[:WHOLE_TEXT_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"[keyring]"):
        return _some(len(re.findall(rb"(?m)^secret=.", start)), "passwords of GNOME's keyring", whole=whole)
    first = start[:1]
    if first in (b"{", b"["):
        found = _in_json(start, whole=whole)
        return found or _lines_of_1password(start, whole=whole)
    if first == b"<":
        return _in_xml(start, whole=whole)
    if start.startswith(b'keychain: "'):
        entries = len(re.findall(rb"(?m)^data:[ \t]*\r?\n?(?:0x[0-9A-F]{4}|\")", start))
        return _some(entries, "passwords of a Mac's keychain, written out", whole=whole)
    if re.match(rb"(?:---\s+)?credentials:\s*\r?\n", start):
        both = re.findall(rb"(?m)^[ \t-]+(login|password):[ \t]*\S", start)
        return _some(min(both.count(b"login"), both.count(b"password")), "list of passwords", whole=whole)
    return _in_table(start, whole=whole, named=named)


def _some(entries: int, words: str, *, whole: bool) -> Counted | None:
    return Counted(entries, whole, words) if entries > 0 else None


def _in_xml(text: bytes, *, whole: bool) -> Counted | None:
    for mark, entry, name in _XML:
        if mark.search(text):
            return _some(len(entry.findall(text)), f"passwords exported from {name}", whole=whole)
    if b"<title>Clipperz data" in text[:1024]:
        return _some(
            text.count(b'"hidden":true') or text.count(b"&quot;hidden&quot;:true"),
            "passwords exported from Clipperz",
            whole=whole,
        )
    return None


def _lines_of_1password(text: bytes, *, whole: bool) -> Counted | None:
    """Count entries of 1Password's old form: one object a line, with a mark between them."""
    if b'"secureContents"' not in text or b'"typeName"' not in text:
        return None
    entries = len(re.findall(rb'"typeName"\s*:\s*"(?!system\.)', text))
    return _some(entries, "passwords exported from 1Password", whole=whole)


def _in_json(text: bytes, *, whole: bool) -> Counted | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if whole or b'"items"' not in text:
            return None
        return _some(len(re.findall(rb'"password"\s*:\s*"(?!")', text)), "list of passwords", whole=False)
    logins, records, items = entries(value)
    if items:
        return _some(items, "passwords exported from Bitwarden", whole=whole)
    if logins > 1 or (logins and isinstance(value, dict) and any(key in value for key in TELLING)):
        return _some(logins, "list of passwords", whole=whole)
    return _some(records, "seeds of one-time passwords", whole=whole)


def _in_table(text: bytes, *, whole: bool, named: bool) -> Counted | None:
    lines = text[:8192].split(b"\n", 6)[:6]
    first = max(lines[:1] if b"," in lines[0] or not named else lines, key=len).decode("utf-8", "replace")
    for delimiter in sorted(",;\t", key=first.count, reverse=True):
        if not first.count(delimiter):
            return None
        rows = _rows(text, delimiter, whole=whole)
        if len(rows) < 2:
            continue
        names = [cell.strip().lower() for cell in rows[0]]
        if len(names) > _MOST_COLUMNS:
            return None
        entries = _with_header(names, rows[1:])
        if entries is None and names[:3] == ["title", "field", "value"]:
            entries = len(_PAIRED.findall(text))
        if entries is None and names[0] == "secret name":
            entries = len(rows) - 1
        if entries is None and (named or len(rows) >= _LEAST_HEADLESS):
            entries = _headless(rows, named=named)
        if entries:
            return Counted(entries, whole, "list of passwords")
    return None


def _rows(text: bytes, delimiter: str, *, whole: bool) -> list[list[str]]:
    """Return the rows with quoted line feeds read as one; the last, which may be cut, only of all of it."""
    source = io.StringIO(text.decode("utf-8", "replace"), newline="")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(source, delimiter=delimiter):
            if any(row):
                rows.append(row)
            if len(rows) >= _MOST_ROWS:
                break
    except csv.Error:
        return rows
    return rows if whole or len(rows) < 3 else rows[:-1]


def _with_header(names: list[str], rows: list[list[str]]) -> int | None:
    """Return how many rows hold a password; `None` where the header names none beside a login or place."""
    secret = next((number for number, each in enumerate(names) if _PASSWORD.match(each)), -1)
    who = _WHO.intersection(names)
    where = _WHERE.intersection(names)
    if secret < 0 or not (where or (who and len(names) > 2)) or len(set(names)) < 3:
        return None
    filled = [row[secret] for row in rows if len(row) > secret and row[secret]]
    hashes = sum(bool(HASH.match(each)) for each in filled)
    if hashes * 2 > len(filled):
        return None
    plain = [each for each in filled if not _PASSWORD.match(each.lower()) and len(each) <= 200]
    return len(plain) if len(plain) * 2 >= len(filled) else None


def _headless(rows: list[list[str]], *, named: bool) -> int | None:
    """Return how many rows a list without header has: addresses in a column, what looks chosen in another."""
    width = max(len(row) for row in rows[:50])
    if width < 3 or width > 20:
        return None
    columns = [[row[number] for row in rows if len(row) > number and row[number]] for number in range(width)]
    enough = max(2, len(rows) // 3)
    places = [
        number
        for number, cells in enumerate(columns)
        if len(cells) >= enough and _share(cells, _is_url) >= 0.5
    ]
    chosen = [
        number
        for number, cells in enumerate(columns)
        if number not in places
        and len(cells) >= enough
        and _share(cells, _looks_chosen) >= (0.4 if named else 0.6)
    ]
    return max(len(columns[number]) for number in chosen) if places and chosen else None


def _share(cells: list[str], test: Any) -> float:
    return sum(bool(test(each)) for each in cells) / len(cells)


def _is_url(cell: str) -> bool:
    return _URL.match(cell) is not None


def _looks_chosen(cell: str) -> bool:
    """Tell what a generator of passwords makes: letters of both cases, digits, and signs that no code has."""
    if not 8 <= len(cell) <= 128 or "://" in cell or cell.count(" ") > 1:
        return False
    classes = [
        any(letter.islower() for letter in cell),
        any(letter.isupper() for letter in cell),
        any(letter.isdigit() for letter in cell),
        any(letter in "!\"#$%&'()*;<>?@[\\]^`{|}~," for letter in cell),
    ]
    return sum(classes) >= 3 and classes[3]
