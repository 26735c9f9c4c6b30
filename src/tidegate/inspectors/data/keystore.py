"""Keystores: PKCS#12, Java's, Bouncy Castle's. One of certificates alone is no finding: every Java has one.

Sources: RFC 7292 (PKCS#12); OpenJDK, sun.security.provider.JavaKeyStore.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, of_a_test, plural, seen, step_of
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_JAVA: Final = (b"\xfe\xed\xfe\xed\x00\x00\x00", b"\xce\xce\xce\xce\x00\x00\x00")
_BOUNCY: Final = tuple(bytes((0, 0, 0, version, 0, 0, 0, 20)) for version in (1, 2))
"""Version, and the length of the salt. Source: Bouncy Castle, BcKeyStoreSpi."""
_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_MOST_ROUNDS: Final = 1 << 20
_PKCS7: Final = bytes.fromhex("06092a864886f70d0107")
_SHROUDED: Final = bytes.fromhex("060b2a864886f70d010c0a0102")
_PLAIN_KEY: Final = bytes.fromhex("060b2a864886f70d010c0a0101")
_MOST_BYTES: Final = 1 << 20
_MOST_ENTRIES: Final = 10_000


class Keystore:
    """Counts the keys without a password: their bags are named in the clear."""

    id = "keystore"
    order = 20

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by structure: version 3 and a PKCS#7 content, or Java's magic."""
        del tail, name
        return size_bytes >= 32 and (
            head.startswith((*_JAVA, *_BOUNCY)) or _is_pkcs12(head) or _is_bcfks(head, size_bytes)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say how many keys it holds."""
        del context
        raw = data.read(0, min(data.size_bytes, _MOST_BYTES))
        if raw.startswith(_JAVA):
            form, keys, certificates = "Java keystore", *_java(raw)
        elif raw.startswith(_BOUNCY):
            form, keys, certificates = "keystore of Bouncy Castle (BKS)", *_bouncy(raw)
            if keys < 0 and raw[3] == 1 and int.from_bytes(raw[28:32], "big") <= _MOST_ROUNDS:
                return _unseen(name, "keystore of Bouncy Castle (UBER)", data, raw)
        elif _is_bcfks(raw, data.size_bytes):
            return _unseen(name, "keystore of Bouncy Castle (BCFKS)", data, raw)
        else:
            form, keys, certificates = "PKCS#12", raw.count(_SHROUDED), 0
            plain = raw.count(_PLAIN_KEY)
            if plain:
                return _told(
                    name,
                    f"PKCS#12 with {plural(plain, 'private key')} that is not encrypted",
                    data,
                    raw,
                    plain,
                )
        if keys < 0:
            return nothing()
        if not keys:
            held = (
                f"{plural(certificates, 'certificate')} and no key"
                if certificates
                else "no key in the clear part"
            )
            # Without a key it is made to be shown, where all of it can be seen.
            kind_id = "certificate" if certificates else "keystore"
            note = seen(
                kind_id,
                f"{form} with {held}",
                inspector=self.id,
                severity=Severity.INFO,
                step=step_of(data.size_bytes, len(raw)),
            )
            return judged(kind_id, note)
        return _told(name, f"{form} with {plural(keys, 'private key')} behind a password", data, raw, keys)


def _told(name: str, words: str, data: Readable, raw: bytes, keys: int) -> Judgement:
    tested = of_a_test(name)
    kind_id = "test_key" if tested else "keystore"
    words += "; its path says it is material of a test suite" if tested else ""
    step = step_of(data.size_bytes, len(raw))
    return judged(kind_id, seen(kind_id, words, inspector="keystore", step=step, numbers={"keys": keys}))


def _unseen(name: str, form: str, data: Readable, raw: bytes) -> Judgement:
    tested = of_a_test(name)
    words = f"{form}, encrypted as a whole: how many keys it holds does not show"
    words += "; its path says it is material of a test suite" if tested else ""
    kind_id = "test_key" if tested else "keystore"
    step = step_of(data.size_bytes, len(raw))
    return judged(kind_id, seen(kind_id, words, inspector="keystore", step=step))


def _is_bcfks(head: bytes, size_bytes: int) -> bool:
    """Tell it by three sequences one in the other, and the encryption that it begins with."""
    at = 0
    for depth in range(3):
        if head[at : at + 1] != b"\x30":
            return False
        wide = head[at + 1] & 0x7F if head[at + 1 : at + 2] >= b"\x80" else 0
        length = int.from_bytes(head[at + 2 : at + 2 + wide], "big") if wide else head[at + 1]
        if wide > 4 or (not depth and 2 + wide + length != size_bytes):
            return False
        at += 2 + wide
    return head.startswith(_PBES2, at)


def _bouncy(raw: bytes) -> tuple[int, int]:
    """Return how many keys and certificates there are; (-1, 0): it is none, or encrypted as a whole."""
    at, keys, certificates = 32, 0, 0

    def skip(wide: int) -> None:
        nonlocal at
        at += wide + int.from_bytes(raw[at : at + wide], "big")

    for number in range(_MOST_ENTRIES):
        tag = raw[at] if at < len(raw) else 0
        if not tag and (number or at + 21 == len(raw)):
            return keys, certificates
        alias = int.from_bytes(raw[at + 1 : at + 3], "big")
        if tag not in (1, 2, 3, 4) or at + 3 + alias > len(raw) or raw[at + 3 : at + 3 + alias].count(0):
            return (keys, certificates) if number else (-1, 0)
        at += 1
        skip(2)
        at += 8
        chain = int.from_bytes(raw[at : at + 4], "big")
        at += 4
        for _ in range(min(chain, 100)):
            skip(2)
            skip(4)
        if tag == 1:
            certificates += 1
            skip(2)
            skip(4)
        elif tag == 2:
            keys += 1
            at += 1
            skip(2)
            skip(2)
            skip(4)
        else:
            keys += 1
            skip(4)
    return keys, certificates


def _is_pkcs12(head: bytes) -> bool:
    if head[:1] != b"\x30" or head[1:2] not in (b"\x80", b"\x81", b"\x82", b"\x83", b"\x84"):
        return False
    start = 2 + (head[1] & 0x7F)
    return head[start : start + 3] == b"\x02\x01\x03" and _PKCS7 in head[start + 3 : start + 24]


def _java(raw: bytes) -> tuple[int, int]:
    """Return how many keys and certificates there are; (-1, 0): it is none after all."""
    stated = int.from_bytes(raw[8:12], "big")
    at, keys, certificates = 12, 0, 0

    def skip(wide: int) -> None:
        nonlocal at
        at += wide + int.from_bytes(raw[at : at + wide], "big")

    for number in range(min(stated, _MOST_ENTRIES)):
        tag = int.from_bytes(raw[at : at + 4], "big")
        if tag not in (1, 2, 3) or at + 14 > len(raw):
            return (keys, certificates) if number else (-1, 0)
        at += 4
        skip(2)
        at += 8
        if tag == 2:
            skip(2)
            skip(4)
            certificates += 1
            continue
        keys += 1
        if tag == 3:  # A sealed secret key: serialised, of unknown length; nothing behind it can be found.
            return stated - certificates, certificates
        skip(4)
        chain = int.from_bytes(raw[at : at + 4], "big")
        at += 4
        for _ in range(min(chain, 100)):
            skip(2)
            skip(4)
    return keys, certificates


PLUGIN = Keystore()
