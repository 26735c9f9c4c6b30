"""Password managers' databases: KeePass with its version, keychains, and encrypted exports. Never tried.

Source: KeePass help center, "KDBX file format".
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, of_a_test, seen
from tidegate.inspectors.data._seeds import sealed
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_KEEPASS: Final = b"\x03\xd9\xa2\x9a"
_BITWARDEN: Final = re.compile(rb'"encrypted"\s*:\s*true')


class PasswordVault:
    """Reads the first bytes."""

    id = "password_vault"
    order = 20

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by magic, or as an encrypted export of Bitwarden."""
        del tail, size_bytes, name
        return bool(_words(head))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say which program's it is, and how old its form."""
        del context
        head = data.read(0, 4096)
        words = _words(head)
        if not words:
            return nothing()
        tested = of_a_test(name)
        words += "; its path says it is material of a test suite" if tested else ""
        note = seen("password_vault", words, severity=Severity.LOW if tested else None)
        return judged("password_vault", note)


def _words(head: bytes) -> str:
    if head.startswith(_KEEPASS):
        version = {0x65: "1", 0x66: "2 (before its release)"}.get(head[4])
        if version is None:
            if head[4:8] != b"\x67\xfb\x4b\xb5":
                return ""
            version = f"{int.from_bytes(head[10:12], 'little')}.{int.from_bytes(head[8:10], 'little')}"
        return f"KeePass database, version {version}: a person's passwords behind one"
    if head.startswith(b"kych\x00\x01"):
        return "Apple keychain: a person's passwords and keys behind one password"
    if head.startswith(b"PWS3") and plain(head) is None:
        return "Password Safe database: a person's passwords behind one"
    if _is_bitwarden(head):
        return "encrypted export of Bitwarden: a person's passwords behind one"
    return sealed(head) if plain(head) is not None else ""


def _is_bitwarden(head: bytes) -> bool:
    if not head[:64].lstrip().startswith(b"{") or plain(head) is None:
        return False
    return _BITWARDEN.search(head[:400]) is not None and b'"encKeyValidation_DO_NOT_EDIT"' in head


PLUGIN = PasswordVault()
