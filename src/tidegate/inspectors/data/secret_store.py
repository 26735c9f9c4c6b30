"""Binary stores of passwords and tickets: Kerberos, MySQL's login paths, wallets of desktops. Never opened.

Sources: MIT Kerberos, "Keytab file format" and "Credential cache file format"; MySQL's my_default.cc
(.mylogin.cnf); GNOME keyring's file-format.txt; KWallet's backendpersisthandler.cpp.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import judged, lower_for_a_test, nothing, plural, seen, step_of
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_MOST_BYTES: Final = 1 << 20
_MOST_ENTRIES: Final = 10_000
_LONGEST_ENTRY: Final = 1 << 16
_WALLETS: Final = (
    (b"GnomeKeyring\n\r\0\n", "keyring of a GNOME desktop: a person's passwords behind one"),
    (b"KWALLET\n\r\0\r\n", "wallet of a KDE desktop: a person's passwords behind one"),
)
_BERKELEY: Final = (b"\x62\x31\x05\0", b"\0\x05\x31\x62")
_OF_A_WALLET: Final = (
    b"\x04mkey",
    b"\x04ckey",
    b"\x0adefaultkey",
    b"\x07keymeta",
    b"\x09bestblock",
    b"\x03key!",
    b"walletdescriptor",
)
"""Names of records, each with its length before it. Source: Bitcoin Core, walletdb.cpp."""
_LOGIN_PATH: Final = 4 + 20
"""An empty word, and the bytes that the key is made of."""


class SecretStore:
    """Reads the whole file: they are short."""

    id = "secret_store"
    order = 21

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its first bytes and by the length of its first entry."""
        del tail, name
        return bool(_kind(head, size_bytes))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what it opens."""
        del context
        raw = data.read(0, min(data.size_bytes, _MOST_BYTES))
        kind_id = _kind(raw, data.size_bytes)
        if not kind_id:
            return nothing()
        keys = 0
        if raw.startswith(b"\x05\x02"):
            keys = _keys(raw)
            words = f"{plural(keys, 'key')} of Kerberos accounts (keytab): as good as their passwords"
        elif raw[:1] == b"\x05":
            words = "tickets of Kerberos: open what their owner may, while they last"
        elif raw[12:16] in _BERKELEY:
            if not any(mark in raw for mark in _OF_A_WALLET):
                note = seen("database", "a Berkeley DB", inspector=self.id, severity=Severity.MEDIUM)
                return judged("database", note)
            kept = "encrypted with a password" if b"\x04mkey" in raw else "not encrypted"
            words = f"wallet of Bitcoin or one of its kin, with its keys, {kept}"
        elif raw[:4] == bytes(4):
            words = "logins of MySQL (.mylogin.cnf), hidden by a key that stands beside them"
        else:
            words = next(words for mark, words in _WALLETS if raw.startswith(mark))
        severity, words = lower_for_a_test(name, None, words)
        numbers = {"keys": keys} if keys else None
        step = step_of(data.size_bytes, len(raw))
        return judged(
            kind_id, seen(kind_id, words, inspector=self.id, severity=severity, step=step, numbers=numbers)
        )


def _kind(head: bytes, size_bytes: int) -> str:
    if head.startswith(tuple(mark for mark, _ in _WALLETS)):
        return "password_vault"
    if head[12:16] in _BERKELEY and size_bytes >= 4096:
        return "keystore"
    if size_bytes < 32 or size_bytes > _MOST_BYTES:
        return ""
    if head.startswith(b"\x05\x02") and _keys(head, most=1):
        return "windows_secrets"
    if head[:2] in (b"\x05\x03", b"\x05\x04") and _is_cache(head):
        return "windows_secrets"
    return "cloud_credentials" if _is_login_path(head, size_bytes) else ""


def _keys(raw: bytes, most: int = _MOST_ENTRIES) -> int:
    """Count entries of a keytab, each with its length before it; a negative one was deleted."""
    at = 2
    found = 0
    while at + 4 <= len(raw) and found < most:
        length = int.from_bytes(raw[at : at + 4], "big", signed=True)
        at += 4
        if length < 0:
            at -= length
            continue
        if not 16 <= length <= _LONGEST_ENTRY:
            break
        parts, realm = (int.from_bytes(raw[at + place : at + place + 2], "big") for place in (0, 2))
        text = raw[at + 4 : at + 4 + realm]
        if not 1 <= parts <= 8 or not 1 <= realm <= 255 or not all(32 < byte < 127 for byte in text):
            break
        found += 1
        at += length
    return found


def _is_cache(head: bytes) -> bool:
    """Tell a cache of tickets: version 4 with its header, then the name it is for."""
    at = 2
    if head[1] == 4:
        length = int.from_bytes(head[2:4], "big")
        if length > 64:
            return False
        at = 4 + length
    kind, parts, realm = (int.from_bytes(head[at + place : at + place + 4], "big") for place in (0, 4, 8))
    text = head[at + 12 : at + 12 + min(realm, 256)]
    return kind < 16 and 1 <= parts <= 8 and 1 <= realm <= 255 and all(32 < byte < 127 for byte in text)


def _is_login_path(head: bytes, size_bytes: int) -> bool:
    """Tell it by its key, of which no byte is above 31, and by lines whose lengths fill the file."""
    key = head[4:_LOGIN_PATH]
    if head[:4] != bytes(4) or len(set(key)) < 6 or any(byte > 31 for byte in key):
        return False
    at = _LOGIN_PATH
    for _ in range(_MOST_ENTRIES):
        if at >= size_bytes or at + 4 > len(head):
            break
        length = int.from_bytes(head[at : at + 4], "little")
        if not 16 <= length <= 4096 or length % 16:
            return False
        at += 4 + length
    return at == size_bytes or (at > len(head) and size_bytes > len(head))


PLUGIN = SecretStore()
