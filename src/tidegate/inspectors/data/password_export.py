"""Lists of passwords in plain text: what browsers and password managers export."""

from __future__ import annotations

import json
import re
from typing import Final

from tidegate.inspectors.data._columns import delimited, rows_of
from tidegate.inspectors.data._notes import judged, nothing, of_a_test, seen, step_of
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_PASSWORDS: Final = frozenset(
    ("password", "passwort", "passwd", "login_password", "mot de passe", "contraseña", "kennwort")
)
_PASSWORDS_MORE: Final = re.compile(
    r"\A(?:login_|account |user |web ?site )?(?:password|passwort|passphrase)\Z"
)
_WHERE: Final = frozenset(
    "url|login_uri|title|origin|website|web site|hostname|site|httprealm|service|host|account|name|grouping|group".split(  # noqa: E501
        "|"
    )
)
_BESIDE: Final = _WHERE | frozenset(
    "username|user|login|login_username|email|benutzername|user name|login name".split("|")
)
_BITWARDEN: Final = re.compile(rb'"items"\s*:\s*\[')
_LOGIN: Final = re.compile(rb'"password"\s*:\s*"(?!")')
_KEEPASS_XML: Final = re.compile(
    rb'ProtectInMemory="True"|<Key>Password</Key>|<pwlist>|<!DOCTYPE KEEPASSX_DATABASE>'
)


class PasswordExport:
    """Counts rows; no value leaves the window it is read into."""

    id = "password_export"
    order = 40

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a header with a password beside a login, or by the shape of a manager's export."""
        del tail, size_bytes, name
        text = plain(head)
        if text is None:
            return False
        start = text[:1024].lower()
        if any(word in start for word in (b"passw", b"kennwort", b"mot de passe", b"contrase")):
            return True
        return b'"login"' in text or b"KeePass" in text or b"<pwlist>" in text or b"\nPassword:" in text

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what kind of list, and how long."""
        del context
        size = data.size_bytes
        raw = data.read(0, min(size, WHOLE_TEXT_BYTES))
        text = plain(raw)
        if text is None:
            return nothing()
        step = step_of(size, len(raw))
        rows, exact, form = _counted(text, size if len(text) == len(raw) else len(text))
        if rows <= 0:
            return nothing()
        count = f"{rows:,}" if exact else f"about {rows:,}"
        words = f"{form}: {count} {'entry' if rows == 1 else 'entries'} in plain text"
        severity = None
        if of_a_test(name):
            severity, words = Severity.LOW, words + "; its path says it is material of a test suite"
        return judged(
            "password_export",
            seen("password_export", words, severity=severity, step=step, numbers={"rows": rows}),
        )


def _counted(text: bytes, size_bytes: int) -> tuple[int, bool, str]:
    """Return (entries, whether that is exact, what it is); no entries: no list of passwords."""
    whole = len(text) >= size_bytes
    if text.lstrip()[:1] == b"{" and _BITWARDEN.search(text):
        found = _bitwarden(text) if whole else len(_LOGIN.findall(text))
        return found, whole, "passwords exported from Bitwarden"
    if text.lstrip()[:1] == b"<" and _KEEPASS_XML.search(text[:WHOLE_TEXT_BYTES]):
        found = text.count(b"<Key>Password</Key>") or text.count(b"<password>")
        return found, whole, "passwords exported from KeePass"
    table = delimited(text)
    if table is None or len(table.columns) > 60:
        return 0, True, ""
    names = [column.lower().strip() for column in table.columns]
    secret = [
        number for number, each in enumerate(names) if each in _PASSWORDS or _PASSWORDS_MORE.match(each)
    ]
    if not secret or not _BESIDE & set(names):
        return 0, True, ""
    if not _WHERE & set(names):
        return 0, True, ""
    rows, exact = rows_of(table, size_bytes, text)
    return rows, exact, "list of passwords"


def _bitwarden(text: bytes) -> int:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return len(_LOGIN.findall(text))
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        return 0
    logins = [each.get("login") for each in items if isinstance(each, dict)]
    return sum(isinstance(each, dict) and bool(each.get("password")) for each in logins)


PLUGIN = PasswordExport()
