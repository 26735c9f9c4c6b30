"""Private keys without a line of PEM: of Windows, Dropbear, ssh.com, PKCS#8 of any algorithm, key files.

Sources: Microsoft, "Base Provider Key BLOBs"; RFC 4253 6.6 (how SSH writes numbers); OpenSSH's ssh-keygen for
the form of ssh.com; RFC 5958; KeePass help center, "Key Files"; RFC 7516 and 7517 (JWE, JWK).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final

from tidegate.records import dataclass

_BLOB: Final = re.compile(rb"\A\x07\x02\x00\x00.{4}(?:RSA2|DSS2|DSS4)", re.DOTALL)
_NUMBERS: Final = {b"ssh-rsa": 3, b"ssh-dss": 5}
"""So many numbers a key has that can sign; one to be shown has fewer."""
_NAMES: Final = {b"ssh-rsa": "RSA", b"ssh-dss": "DSA", b"ssh-ed25519": "Ed25519", b"ecdsa-sha2": "EC"}
SSH_COM: Final = b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"
_SSH_COM_END: Final = b"---- END SSH2 ENCRYPTED PRIVATE KEY ----"
_MOST_KEYS: Final = 1000
_SSH_COM_MAGIC: Final = b"\x3f\x6f\xf9\xeb"
_KEY_FILE: Final = re.compile(
    rb"\A\s*(?:<\?xml[^>]{0,200}\?>\s*)?<KeyFile>(?=.{0,2000}<Key>\s{0,40}<Data[\s>])", re.DOTALL
)
_WRAPPED: Final = re.compile(
    rb'\A\s*\{(?=.{0,4000}"encrypted_key")(?=.{0,4000}"ciphertext")'
    rb'.{0,4000}?"protected"\s{0,9}:\s{0,9}"([A-Za-z0-9_-]{16,2000})',
    re.DOTALL,
)


_LINES: Final = (
    (re.compile(rb"\Auntrusted comment: [^\r\n]{0,200}secret key[^\r\n]{0,40}\r?\n[A-Za-z0-9+/]{100,400}={0,2}\s*\Z"), "signify or minisign", "Ed25519"),  # noqa: E501
    (re.compile(rb"\A[0-9a-f]{10}:0:[0-9a-f]{128}:[0-9a-f]{128}\s*\Z"), "ZeroTier", "X25519 and Ed25519"),
    (re.compile(rb"\A== ed25519v1-secret: type0 ==\0"), "Tor", "Ed25519"),
)  # fmt: skip
"""Keys of one line. Sources: OpenBSD's signify(1), ZeroTier's Identity.cpp, Tor's rend-spec-v3."""


@dataclass(frozen=True, slots=True)
class Key:
    """One private key; nothing of its value."""

    form: str
    algorithm: str
    encrypted: bool


def bare_key(head: bytes, size_bytes: int) -> Key | None:
    """Return the key that a file is, by its first 4 KiB; `None` where it is none of these."""
    if _BLOB.match(head) and size_bytes >= 64:
        return Key("key blob of Windows", "RSA" if head[8:11] == b"RSA" else "DSA", encrypted=False)
    first = head[:1]
    if first == b"\0":
        return _dropbear(head, size_bytes)
    if first == b"\x30" and (key := _pkcs8(head, size_bytes)) is not None:
        return key  # else it may be the digit
    line = next((each for each in _LINES if each[0].match(head)), None)
    if line is not None:
        return Key(line[1], line[2], encrypted=False)
    if _KEY_FILE.match(head):
        return Key("key file", "KeePass", encrypted=False)
    wrapped = _WRAPPED.match(head)
    if wrapped is not None and _of_a_key(wrapped[1]):
        return Key("JWK in JWE", "unknown algorithm", encrypted=True)
    return None


def ssh_com(text: bytes) -> list[Key]:
    """Return the keys in the form of ssh.com, whose label always says that they are encrypted."""
    found: list[Key] = []
    at = 0
    while len(found) < _MOST_KEYS:
        begin = text.find(SSH_COM, at)
        at = text.find(_SSH_COM_END, begin)
        if begin < 0 or at < 0:
            break
        body = text[text.rfind(SSH_COM, begin, at) + len(SSH_COM) : at]
        lines = [line for line in body.splitlines() if b":" not in line and not line.endswith(b"\\")]
        try:
            raw = base64.b64decode(b"".join(lines))
        except (binascii.Error, ValueError):
            continue
        if not raw.startswith(_SSH_COM_MAGIC):
            continue
        kind, after = _string(raw, 8)
        cipher, _ = _string(raw, after)
        algorithm = "RSA" if b"rsa" in kind else "DSA" if kind.startswith(b"dl-") else "unknown algorithm"
        found.append(Key("ssh.com", algorithm, encrypted=cipher != b"none"))
    return found


def _string(raw: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(raw[at : at + 4], "big")
    return raw[at + 4 : at + 4 + length], at + 4 + length


def _dropbear(head: bytes, size_bytes: int) -> Key | None:
    """Tell it by a name that SSH gives a key, and more numbers behind it than are shown to others."""
    name, at = _string(head, 0)
    algorithm = next((word for start, word in _NAMES.items() if name.startswith(start)), "")
    if len(name) > 30 or not algorithm or size_bytes > len(head):
        return None
    parts = 0
    while at < size_bytes and parts < 10:
        _, after = _string(head, at)
        if after > size_bytes or after == at + 4:
            return None
        at, parts = after, parts + 1
    least = _NUMBERS.get(name, 3 if algorithm == "EC" else 2)
    whole = at == size_bytes and (parts >= least or (algorithm == "Ed25519" and size_bytes == 83))
    return Key("Dropbear", algorithm, encrypted=False) if whole else None


def _pkcs8(head: bytes, size_bytes: int) -> Key | None:
    """Tell PKCS#8 whatever its algorithm: a version, its name, and the key as a string of bytes."""
    at, length = _length(head, 1)
    if (
        at + length != size_bytes
        or size_bytes < 40
        or head[at : at + 3] not in (b"\x02\x01\x00", b"\x02\x01\x01")
    ):
        return None
    at += 3
    if head[at : at + 1] != b"\x30":
        return None
    inner, length = _length(head, at + 1)
    after = inner + length
    fits = head[inner : inner + 1] == b"\x06" and head[after : after + 1] == b"\x04" and length < 600
    return Key("DER", "unknown algorithm", encrypted=False) if fits else None


def _length(head: bytes, at: int) -> tuple[int, int]:
    """Return where the content begins, and how long it is."""
    first = head[at] if at < len(head) else 0
    wide = first & 0x7F if first & 0x80 else 0
    return at + 1 + wide, int.from_bytes(head[at + 1 : at + 1 + wide], "big") if wide else first


def _of_a_key(protected: bytes) -> bool:
    try:
        value = json.loads(base64.urlsafe_b64decode(protected + b"=" * (-len(protected) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    # A key that is wrapped with a password has its rounds here.
    return isinstance(value, dict) and ("p2c" in value or "jwk" in str(value.get("cty", "")))
