"""Private keys: PEM, OpenSSH, PuTTY, PGP, DER, age. How many, of which algorithm, and whether encrypted.

Sources: RFC 7468 and 5958 (PKCS#8), 8017 (PKCS#1), 9580 (OpenPGP); OpenSSH's PROTOCOL.key; PuTTY's manual,
"PPK file format".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from typing import Final

from tidegate.inspectors.data._bare_keys import SSH_COM, Key, bare_key, ssh_com
from tidegate.inspectors.data._notes import judged, lower, nothing, of_a_test, plural, seen, step_of
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.fingerprints import of_generated, pem_body
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.severity import Severity
from tidegate.records import replace

_MOST_BYTES: Final = 256 << 10
"""A longer file is no key, though keys may stand in it."""
_OPEN: Final = re.compile(
    rb"(?m)^[ \t]*-----BEGIN ((?:[A-Za-z0-9]+ ){0,3}(?:PRIVATE|SECRET) KEY(?: BLOCK)?)-----[ \t]*\r?$"
)
_STATIC: Final = b"-----BEGIN OpenVPN Static key V1-----"
_RAW: Final = re.compile(rb"\s*(?:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/]{85}[AQgw]==)\s*")
"""32 or 64 bytes in letters, as WireGuard and DKIM keep a key; a key only where the name says so."""
_ANY_BLOCK: Final = re.compile(rb"-----BEGIN [A-Za-z0-9 ]+-----.*?-----END [A-Za-z0-9 ]+-----", re.DOTALL)
_PVK: Final = b"\x1e\xf1\xb5\xb0\x00\x00\x00\x00"
_ARMOURED: Final = b"-----BEGIN PGP ARMORED FILE-----"
_GNUPG: Final = (
    b"(11:private-key",
    b"(21:protected-private-key",
    b"Key: (private-key",
    b"Key: (protected-private-key",
)
"""How GnuPG keeps a key, a file each."""
_GNUPG_LATER: Final = re.compile(
    rb"\A(?:[A-Z][A-Za-z-]{1,40}: [^\r\n]{0,400}\r?\n){1,8}Key: \((?:protected-)?private-key"
)
"""As GnuPG writes it since 2.3: other lines may stand before the key."""
_BASE64: Final = re.compile(rb"M[A-Za-z0-9+/\r\n]{60,}={0,2}\s*")
"""DER, written in letters without the lines of PEM."""
_SALTED: Final = re.compile(rb"U2FsdGVkX1[A-Za-z0-9+/\r\n]{40,}={0,2}\s*")
"""What openssl encrypted with a password, in letters: a key where the name says so, as wallets keep one."""
_AGE: Final = re.compile(rb"(?m)^AGE-SECRET-KEY-1[0-9A-Z]{50,}\r?$")
_OIDS: Final = {
    bytes.fromhex("06092a864886f70d010101"): "RSA",
    bytes.fromhex("06092a864886f70d01010a"): "RSA",
    bytes.fromhex("06072a8648ce3d0201"): "EC",
    bytes.fromhex("06032b6570"): "Ed25519",
    bytes.fromhex("06032b6571"): "Ed448",
    bytes.fromhex("06032b656e"): "X25519",
    bytes.fromhex("06072a8648ce380401"): "DSA",
    bytes.fromhex("06092a864886f70d010301"): "DH",
}
_SSH: Final = {
    "ssh-rsa": "RSA",
    "ssh-ed25519": "Ed25519",
    "ssh-dss": "DSA",
    "ecdsa-sha2": "EC",
    "sk-": "FIDO",
}
_PGP: Final = {
    1: "RSA",
    2: "RSA",
    3: "RSA",
    16: "Elgamal",
    17: "DSA",
    18: "ECDH",
    19: "ECDSA",
    22: "Ed25519",
} | {25: "X25519", 26: "X448", 27: "Ed25519", 28: "Ed448"}
_SEXP: Final = {b"rsa": "RSA", b"dsa": "DSA", b"elg": "Elgamal", b"ecc": "EC", b"ecdsa": "EC"}
_PUBLIC_NUMBERS: Final = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4}
"""Numbers that stand before the secret part of a PGP key, where it is nothing but numbers."""


class PrivateKey:
    """Reads the whole file: keys are small."""

    id = "private_key"
    order = 20

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a line of PEM, or by the first bytes of a binary form."""
        del tail
        if size_bytes > _MOST_BYTES:
            return False
        if name.lower().endswith(".key") and (
            (size_bytes < 128 and _RAW.fullmatch(head)) or _SALTED.fullmatch(head)
        ):
            return True
        if (
            b"PRIVATE KEY" in head
            or b"PGP SECRET KEY" in head
            or b"PuTTY-User-Key-File-" in head[:64]
            or b"AGE-SECRET-KEY-1" in head
            or _STATIC in head
            or SSH_COM in head
        ):
            return plain(head) is not None
        if (
            _ARMOURED in head
            or head.startswith((_PVK, *_GNUPG))
            or _GNUPG_LATER.match(head)
            or _BASE64.fullmatch(head)
        ):
            return True
        return _pgp_starts(head) or bool(_der(head, size_bytes)) or bare_key(head, size_bytes) is not None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count the keys. A placeholder is none; a text with a key in it stays mostly that text."""
        del context
        size = data.size_bytes
        raw = data.read(0, min(size, _MOST_BYTES))
        keys = _keys(raw, size)
        if not keys:
            return nothing()
        return told(
            keys, name, of=size, read=len(raw), fingerprint=_fingerprint(raw) if len(keys) == 1 else ""
        )


def told(keys: list[Key], name: str, *, of: int, read: int, fingerprint: str = "") -> Judgement:
    """Say which keys there are. fingerprint: of the only one, so that the same in two places is one."""
    tested = of_a_test(name)
    kind_id = "test_key" if tested else "private_key"
    open_ones = sum(not key.encrypted for key in keys)
    severity = kind(kind_id).severity
    if not open_ones:
        severity = Severity.INFO if tested else lower(severity)
    forms = Counter((key.form, key.algorithm) for key in keys)
    which = ", ".join(
        f"{count if count > 1 else ''} {algorithm} ({form})".strip()
        for (form, algorithm), count in forms.items()
    )
    if len(keys) == 1:
        state = "encrypted" if keys[0].encrypted else "not encrypted"
    else:
        state = f"{open_ones:,} not encrypted"
    where = "; its path says it is material of a test suite" if tested else ""
    note = seen(
        kind_id,
        f"{plural(len(keys), 'private key')}, {state}: {which}{where}",
        inspector="private_key",
        severity=severity,
        step=step_of(of, read),
        count=len(keys),
        numbers={"keys": len(keys), "keys_not_encrypted": open_ones},
    )
    return judged(kind_id, note if tested else replace(note, fingerprint=fingerprint))


def _fingerprint(raw: bytes) -> str:
    """Return that of a key in PEM or DER, the one `scan` gives its PEM; nothing for other forms."""
    opening = _OPEN.search(raw)
    if opening is None:
        return of_generated(base64.b64encode(raw).decode().rstrip("=")) if raw[:1] == b"\x30" else ""
    close = raw.find(b"-----END " + opening[1], opening.end())
    return of_generated(pem_body(raw[opening.start() : close if close >= 0 else len(raw)].decode("latin-1")))


def _keys(raw: bytes, size_bytes: int) -> list[Key]:
    if _pgp_starts(raw):
        return _pgp(raw)
    if raw.startswith(_PVK) and len(raw) > 32:
        return [Key("PVK", "RSA", encrypted=raw[12:16] != bytes(4))]
    if _ARMOURED in raw[:4096]:
        _, _, body = raw.replace(b"\r", b"").partition(_ARMOURED)
        raw = _decoded(
            b"".join(body.partition(b"\n\n")[2].partition(b"\n=")[0].partition(b"-----")[0].split())
        )
        return _gnupg(raw) or _pgp(raw)
    if raw.startswith(_GNUPG) or _GNUPG_LATER.match(raw):
        return _gnupg(raw)
    if _RAW.fullmatch(raw):
        return [Key("32 or 64 bytes in base64", "Ed25519 or X25519", encrypted=False)]
    if _SALTED.fullmatch(raw):
        return [Key("openssl enc", "unknown algorithm", encrypted=True)]
    if _BASE64.fullmatch(raw):
        raw = _decoded(b"".join(raw.split()))
        size_bytes = len(raw)
    algorithm = _der(raw[:64], size_bytes)
    if algorithm:
        return [Key("DER", algorithm, algorithm == "encrypted")]
    bare = bare_key(raw[:4096], size_bytes)
    if bare is not None:
        return [bare]
    # Its head is text: what is odd further on (a name in the letters of a country) hides no key.
    text = plain(raw) or raw
    if text.lstrip()[:20] == b"PuTTY-User-Key-File-":
        return _putty(text)
    found = [Key("age", "X25519", encrypted=False) for _ in _AGE.finditer(text)]
    found += [Key("OpenVPN", "static key", encrypted=False)] * text.count(_STATIC)
    found += ssh_com(text)
    for opening in _OPEN.finditer(text):
        found += _pem(text, opening)
    # A page of documentation with a key in it is no key: outside of the blocks little may stand.
    rest = _ANY_BLOCK.sub(b"", text)
    if found and len(rest) > max(4096, len(text) // 2):
        return []
    return found


def _pem(text: bytes, opening: re.Match[bytes]) -> list[Key]:
    label = opening[1].decode()
    close = text.find(b"-----END " + opening[1], opening.end())
    body = text[opening.end() : close if close >= 0 else len(text)]
    headers, _, rest = body.strip().replace(b"\r", b"").partition(b"\n\n")
    lines = (rest if rest and b":" in headers else body).split()
    # The checksum of PGP's armour is no part of the data.
    content = _decoded(b"".join(line for line in lines if not line.startswith(b"=") or len(line) > 5))
    if "PGP" in label:
        return _pgp(content)
    if "OPENSSH" in label:
        return _openssh(content)
    own = len(label.split()) > 3 and len(content) in (32, 64)  # "NEBULA X25519 PRIVATE KEY": bytes alone
    if own:
        return [Key("PEM", " ".join(label.split()[:-2]), encrypted=False)]
    if len(content) < 32 or content[:1] != b"\x30":
        # Cut, a placeholder, or encrypted as PEM of old, which says so in a header.
        if len(content) < 32 or b"ENCRYPTED" not in headers:
            return []
        return [Key("PEM", label.split()[0], encrypted=True)]
    if label == "ENCRYPTED PRIVATE KEY":
        return [Key("PKCS#8", "unknown algorithm", encrypted=True)]
    if label == "PRIVATE KEY":
        return [Key("PKCS#8", _by_oid(content[:48]) or "unknown algorithm", encrypted=False)]
    return [Key("PEM", label.split()[0], encrypted=b"ENCRYPTED" in headers)]


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _by_oid(content: bytes) -> str:
    return next((name for oid, name in _OIDS.items() if oid in content), "")


def _openssh(content: bytes) -> list[Key]:
    if not content.startswith(b"openssh-key-v1\x00"):
        return []
    at, texts = 15, []
    for _ in range(3):
        length = int.from_bytes(content[at : at + 4], "big")
        texts.append(content[at + 4 : at + 4 + min(length, 256)])
        at += 4 + length
        if at > len(content):
            return []
    count = min(int.from_bytes(content[at : at + 4], "big"), 16)
    public = content[at + 8 : at + 64]
    named = public[4 : 4 + min(int.from_bytes(public[:4], "big"), 40)].decode("ascii", "replace")
    algorithm = next((word for start, word in _SSH.items() if named.startswith(start)), "unknown algorithm")
    return [Key("OpenSSH", algorithm, encrypted=texts[0] != b"none")] * max(1, count)


def _gnupg(raw: bytes) -> list[Key]:
    later = _GNUPG_LATER.match(raw)
    if not raw.startswith(_GNUPG) and later is None:
        return []
    start = raw[later.end() - 32 : later.end() + 48] if later is not None else raw[:64]
    algorithm = next((word for mark, word in _SEXP.items() if mark in start), "unknown algorithm")
    return [Key("GnuPG", algorithm, encrypted=b"protected-private-key" in start)]


def _putty(text: bytes) -> list[Key]:
    head = text[:400].decode("latin-1")
    found = re.search(r"PuTTY-User-Key-File-\d: *(\S+)\r?\nEncryption: *(\S+)", head)
    if found is None or "Private-Lines" not in text.decode("latin-1"):
        return []
    algorithm = next((word for start, word in _SSH.items() if found[1].startswith(start)), found[1][:20])
    return [Key("PuTTY", algorithm, encrypted=found[2] != "none")]


def _der(head: bytes, size_bytes: int) -> str:
    """Return the algorithm of a key in DER, `encrypted`, or nothing: its stated length must be the file's."""
    if head[:1] != b"\x30" or len(head) < 24:
        return ""
    wide = head[1] & 0x7F if head[1] & 0x80 else 0
    length = int.from_bytes(head[2 : 2 + wide], "big") if wide else head[1]
    if wide > 4 or 2 + wide + length != size_bytes or size_bytes < 40:
        return ""
    body = head[2 + wide :]
    if body[:3] in (b"\x02\x01\x00", b"\x02\x01\x01"):
        if body[3:4] == b"\x30":
            return _by_oid(body[:40])
        if body[3:5] == b"\x04\x20" and size_bytes < 200:
            return "EC"
        return "RSA" if body[3:4] == b"\x02" and body[4] & 0x80 and size_bytes > 250 else ""
    # EncryptedPrivateKeyInfo: PBES2, or a PBE of PKCS#12 or PKCS#5.
    wide = body[1] & 0x7F if body[1] & 0x80 else 0
    # Directly the name of the encryption: a keystore has a sequence more.
    inner = (
        body[2 + wide : 22 + wide] if body[:1] == b"\x30" and body[2 + wide : 3 + wide] == b"\x06" else b""
    )
    marks = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01")
    return "encrypted" if any(mark in inner for mark in marks) else ""


def _pgp_starts(head: bytes) -> bool:
    """Tell a secret key packet: its tag, and a version and time that a key can have."""
    step = _packet(head, 0)
    if step is None:
        return False
    tag, start, length = step
    if tag != 5 or length < 40 or head[start : start + 1] not in (b"\x03", b"\x04", b"\x05", b"\x06"):
        return False
    return head[start + 5 : start + 6] != b"" and head[start + 5] in _PGP


def _pgp(raw: bytes) -> list[Key]:
    found: list[Key] = []
    at = 0
    for _ in range(1000):
        step = _packet(raw, at)
        if step is None:
            break
        tag, start, length = step
        if tag in (5, 7) and length > 6 and raw[start : start + 1] in (b"\x03", b"\x04", b"\x05", b"\x06"):
            body = raw[start : start + length]
            if len(body) > 6:
                found.append(Key("PGP", _PGP.get(body[5], "unknown algorithm"), _pgp_encrypted(body)))
        at = start + length
    return found


def _pgp_encrypted(body: bytes) -> bool:
    """Tell it by the octet behind the public part; where that is not known, encrypted is what is common."""
    if body[0] != 4:
        return True
    algorithm, at = body[5], 6
    if algorithm in (18, 19, 22):
        at += 1 + body[at] if at < len(body) else 0
        count = 1
    else:
        count = _PUBLIC_NUMBERS.get(algorithm, 0)
        if not count:
            return True
    for _ in range(count):
        at += 2 + (int.from_bytes(body[at : at + 2], "big") + 7) // 8
    if algorithm == 18:
        at += 1 + body[at] if at < len(body) else 0
    return body[at : at + 1] != b"\x00"


def _packet(raw: bytes, at: int) -> tuple[int, int, int] | None:
    """Return (tag, start, length) of a PGP packet, `None` where none begins."""
    if at + 6 > len(raw) or not raw[at] & 0x80:
        return None
    first = raw[at]
    if first & 0x40:
        one = raw[at + 1]
        if one < 192:
            return first & 0x3F, at + 2, one
        if one < 224:
            return first & 0x3F, at + 3, ((one - 192) << 8) + raw[at + 2] + 192
        return (first & 0x3F, at + 6, int.from_bytes(raw[at + 2 : at + 6], "big")) if one == 255 else None
    wide = {0: 1, 1: 2, 2: 4}.get(first & 3)
    if wide is None:
        return None
    return (first >> 2) & 15, at + 1 + wide, int.from_bytes(raw[at + 1 : at + 1 + wide], "big")


PLUGIN = PrivateKey()
