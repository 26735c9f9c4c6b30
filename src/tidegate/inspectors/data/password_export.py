"""Lists of passwords in plain text: what browsers and password managers export."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, nothing, of_a_test, seen, step_of
from tidegate.inspectors.data._password_forms import count
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_WORDS: Final = tuple(
    word.encode()
    for word in (
        "passw", "kennwort", "mot de passe", "contrase", "pwd", "senha", "wachtwoord", "пароль", "密码",
        "パスワード", "title,field,value",
    )
)  # fmt: skip
_MARKS: Final = (
    b'"login"', b"KeePass", b"<pwlist>", b"\nPassword:", b'"secureContents"', b'"password"', b'"secret"',
    b"[keyring]", b'keychain: "', b"AUTHENTIFIANT", b"Clipperz data", b"<revelationdata", b"<FPM ",
    b"secret name", b"otpauth://", b"otpauth:\\/\\/", b"otpauth-migration:", b"otpSecret", b"shared_secret",
    b'"AUTHENTICATOR', b".AUTHENTICATOR_", b"&quot;secret", b"Secret&quot;", b"TOTP_", b'"designation"',
    b'"seed"', b'"Secret"',
)  # fmt: skip
_HEADLESS: Final = re.compile(rb"\A[^\n]*[,;\t]\"?https?://", re.DOTALL)
"""A table whose first lines hold an address: it may be a list without header."""


class PasswordExport:
    """Counts rows; no value leaves the window it is read into."""

    id = "password_export"
    order = 29

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a header with a password beside a login, or by the shape of a manager's export."""
        del tail, size_bytes
        text = plain(head)
        if text is None or named(name) == "source_code":
            return False  # a program with one in it: its secrets are told one by one
        start = text[:1024].lower()
        if any(word in start for word in _WORDS) or any(mark in text for mark in _MARKS):
            return True
        rows = text.count(b"\n", 0, 2048)
        return named(name) == self.id or (rows > 2 and _HEADLESS.match(text[:1024]) is not None)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what kind of list, and how long."""
        del context
        size = data.size_bytes
        raw = data.read(0, min(size, WHOLE_TEXT_BYTES))
        text = plain(raw)
        if text is None:
            return nothing()
        step = step_of(size, len(raw))
        found = count(text, whole=size == len(raw), named=named(name) == self.id)
        if found is None:
            return nothing()
        many = f"{found.entries:,}" if found.exact else f"at least {found.entries:,}"
        words = f"{found.words}: {many} {'entry' if found.entries == 1 else 'entries'} in plain text"
        severity = None
        if of_a_test(name):
            severity, words = Severity.LOW, words + "; its path says it is material of a test suite"
        return judged(
            "password_export",
            seen("password_export", words, severity=severity, step=step, numbers={"rows": found.entries}),
        )


PLUGIN = PasswordExport()
