"""What is made to be shown: certificates, requests for them, public keys of every sort. Said, and no finding.

Sources: RFC 7468 (PEM), RFC 4253 6.6 (SSH), RFC 9580 4.3 (OpenPGP), RFC 5280 4.1 (certificates in DER).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, nothing, plural, seen, step_of
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_MOST_BYTES: Final = 1 << 20
_PEM: Final = re.compile(
    rb"(?m)^-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE|(?:NEW )?CERTIFICATE REQUEST|(?:RSA |EC |DSA )?PUBLIC KEY|PKCS7|X509 CRL"  # noqa: E501
    rb"|PGP PUBLIC KEY BLOCK|SSH2 PUBLIC KEY|DH PARAMETERS|EC PARAMETERS)-----"
)
_SSH2: Final = b"---- BEGIN SSH2 PUBLIC KEY ----"
_BARE: Final = re.compile(rb"MII[A-Za-z0-9+/\r\n]{200,}={0,2}\s*")
"""DER in letters, without lines of PEM."""
_IN_WORDS: Final = re.compile(rb"\A\s*Certificate(?: Request)?:\r?\n\s+Data:\r?\n\s+Version: ")
"""As openssl writes one before its lines of PEM, which may begin behind the first 4 KiB."""
_SSH: Final = re.compile(
    rb"(?m)^(?:[^\s#]\S{0,400} ){0,2}(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-nistp\d{3}|sk-\S{5,60})(?:-cert-v\d\d@openssh\.com)? AAAA[A-Za-z0-9+/]{40,}"  # noqa: E501
)
_WORDS: Final = {
    "CERTIFICATE": "certificate",
    "CERTIFICATE REQUEST": "request for a certificate",
    "PUBLIC KEY": "public key",
    "PGP PUBLIC KEY BLOCK": "public PGP key",
    "X509 CRL": "list of revoked certificates",
    "PKCS7": "bundle of certificates",
}


class Certificate:
    """Counts them; asked after the private keys, which may stand in the same file."""

    id = "certificate"
    order = 24

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a line of PEM, lines of SSH, or the first bytes of the binary forms."""
        del tail, name
        if size_bytes > _MOST_BYTES:  # a bundle of all that there are
            return head.startswith(b"-----BEGIN CERTIFICATE-----")
        if _SSH2 in head or (size_bytes <= len(head) and _bare(head)):
            return True
        return bool(
            _PEM.search(head) or _SSH.search(head) or _IN_WORDS.match(head) or _binary(head, size_bytes)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what, and how many."""
        raw = data.read(0, min(data.size_bytes, _MOST_BYTES))
        word = _binary(raw, data.size_bytes) or _bare(raw)
        found: Counter[str] = Counter()
        observed = []
        if word:
            found[word] = 1
        else:
            text = plain(raw)
            if text is None or named(name) == "source_code":
                return nothing()  # code that brings a key along is code
            found.update(_word(each[1]) for each in _PEM.finditer(text))
            found["public key (SSH)"] += text.count(_SSH2)
            if not found.total():
                found["public key (SSH)"] = len(_SSH.findall(text))
            # A page about certificates is that page: outside of the blocks little may stand.
            rest = re.sub(
                rb"-----? ?BEGIN [A-Z0-9 ]+-----?.*?(?:-----? ?END [A-Z0-9 ]+-----?|\Z)",
                b"",
                text,
                flags=re.DOTALL,
            )
            if found["public key (SSH)"] and _SSH2 not in text:
                rest = b"\n".join(
                    line for line in text.splitlines() if not _SSH.match(line) and line[:1] != b"#"
                )
            much = len(rest) > max(2048, len(text) // 2) and not _IN_WORDS.match(text)
            if not sum(found.values()) or much:
                return nothing()
            observed = context.sample(text, name)
        words = "at least " if data.size_bytes > len(raw) else ""
        words += ", ".join(plural(count, word) for word, count in found.items() if count)
        note = seen("certificate", words, severity=Severity.INFO, step=step_of(data.size_bytes, len(raw)))
        return judged("certificate", note, *observed)


def _word(label: bytes) -> str:
    name = label.decode().removeprefix("TRUSTED ").removeprefix("X509 ").removeprefix("NEW ")
    return (
        _WORDS.get(label.decode())
        or _WORDS.get(name)
        or ("public key" if "KEY" in name else "parameters of a key")
    )


def _binary(raw: bytes, size_bytes: int) -> str:
    """Return what a binary form is, empty for none."""
    if raw[:1] in (b"\x98", b"\x99", b"\xc6") and len(raw) > 8:
        # A public key packet of OpenPGP: its length, then version and a time.
        start = {0x98: 2, 0x99: 3}.get(raw[0], 2 if raw[1] < 192 else 3)
        return (
            "public PGP key"
            if raw[start : start + 1] in (b"\x03", b"\x04", b"\x06") and size_bytes < 1 << 18
            else ""
        )
    if raw[:2] == b"\x30\x82" and size_bytes == 4 + int.from_bytes(raw[2:4], "big"):
        # A sequence that holds a sequence: version or serial number first, or the name of a signed bundle.
        if raw[4:6] == b"\x30\x82" and raw[8:9] in (b"\xa0", b"\x02"):
            return "request for a certificate" if raw[8:12] == b"\x02\x01\x00\x30" else "certificate"
        if raw[4:15] == bytes.fromhex("06092a864886f70d010702"):
            return "bundle of certificates"
    return "certificate" if _short_certificate(raw, size_bytes) else ""


def _bare(raw: bytes) -> str:
    """Return what letters alone spell out, empty for no form of a certificate."""
    if not _BARE.fullmatch(raw):
        return ""
    try:
        der = base64.b64decode(b"".join(raw.split()))
    except binascii.Error:
        return ""
    return _binary(der, len(der))


def _short_certificate(raw: bytes, size_bytes: int) -> bool:
    """Tell a certificate in DER whose inner part is shorter than 256 bytes: one with a key of a curve."""
    if raw[:2] != b"\x30\x82" or size_bytes != 4 + int.from_bytes(raw[2:4], "big"):
        return False
    inner = {b"\x30\x81": 7}.get(raw[4:6], 0)
    return bool(inner) and raw[inner : inner + 5] == b"\xa0\x03\x02\x01\x02"


PLUGIN = Certificate()
