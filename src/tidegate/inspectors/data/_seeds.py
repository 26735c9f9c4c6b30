"""Seeds of one-time passwords, however an app writes them down: addresses, records, preferences of Android.

Sources: Google Authenticator's wiki, "Key Uri Format"; RFC 4648 (base32); what the apps' exports look like.
"""

from __future__ import annotations

import re
from typing import Final

_SAMPLE: Final = rb"JBSWY3DPEHPK3PXP(?![A-Z2-7])"
"""The seed that every manual shows."""
_ADDRESS: Final = re.compile(
    rb"otpauth(?:-migration)?:(?:\\?/){2}[^\s\"'<>|]{0,400}?(?:secret|data)=(?!"
    + _SAMPLE
    + rb")[A-Za-z0-9%+/=]{10}"
)
_FIELD: Final = re.compile(
    rb'"(?i:\w{0,20}secret|seed|key)"\s{0,9}:\s{0,9}'
    rb'(?:"(?:(?!' + _SAMPLE + rb')[A-Z2-7]{16,128}=*|[A-Fa-f0-9]{20,128})"'
    rb"|\[\s{0,9}-?\d{1,3}(?:\s{0,9},\s{0,9}-?\d{1,3}){9,127}\s{0,9}\])"
)
_BESIDE: Final = re.compile(
    rb'(?i)"(?:original_?)?(digits|period|algo|issuer|counter|otp|totp|token_?type)\w{0,10}"\s{0,9}:'
)
_NAMED_SO: Final = re.compile(rb'(?i)"\w{0,12}otp_?(?:secret|seed|key)"\s{0,9}:\s{0,9}"[A-Z2-7]{16,128}=*"')
_STEAM: Final = re.compile(rb'"shared_secret"\s{0,9}:\s{0,9}"[A-Za-z0-9+/=]{20,}"')
_PREFERENCE: Final = re.compile(
    rb'(?i)<string name="[^"]{0,100}(?:authenticator|otp)[^"]{0,60}(?:secret|seed)[^"]{0,20}">[^<]{16}'
)
_HINTS: Final = (b"ncrypt", b"NCRYPT", b'"slots"', b"U2FsdGVkX1", b"salt", b"Salt", b"kdf", b"iter")
"""Without one of these in it nothing is sealed."""
_SEALED: Final = re.compile(
    rb'(?i)"(?:(?:services|vault|accounts|entries|tokens|passwords)_?encrypted|encrypted_?(?:secret|vault|accounts|entries|tokens|passwords|items))"'
    rb'\s{0,9}:\s{0,9}"[A-Za-z0-9+/=\\:-]{24}'
)
_LASTPASS: Final = re.compile(rb"iterations=\d{1,7};[!A-Za-z0-9+/=|]{24}")
_SALTED: Final = re.compile(rb'[">]\s{0,9}U2FsdGVkX1')
"""What openssl writes in front of what it encrypts, in base64."""
_AGILE: Final = (b'"validation"', b"<key>validation</key>", b"<key>SL5</key>", b'"identifier"')
_ROUNDS: Final = re.compile(
    rb'(?i)"(salt|kdf|kdf_?params|iter|iterations|ops_?limit|mem_?limit|n|scrypt|pbkdf2|argon2\w{0,3})"\s{0,9}:'
)
"""What turns a password into a key; two of them stand together."""
_LOCKED: Final = re.compile(
    rb'(?i)"(?:encrypted\w{0,20}|cipher_?text|data|ct|vault|payload|secret)"\s{0,9}:\s{0,9}"([A-Za-z0-9+/=_\\-]{12,})'
)
_SLOTS: Final = re.compile(rb'"slots"\s{0,9}:\s{0,9}\[')


def quotes(text: bytes) -> bytes:
    """Return a text with its quotation marks as they are, where it is XML that holds JSON."""
    return text.replace(b"&quot;", b'"') if b"&quot;" in text else text


def seeds(text: bytes) -> int:
    """Return how many seeds a text holds; 0 where what looks like one stands alone in other words."""
    addresses = len(_ADDRESS.findall(text))
    start = text.lstrip()[:12]
    if addresses and (addresses > 1 or start[:1] in (b"{", b"[", b"<") or start.startswith(b"otpauth")):
        return addresses
    if start[:1] not in (b"{", b"[", b"<"):
        return 0
    text = quotes(text)
    beside = {found.lower() for found in _BESIDE.findall(text)}
    found = len(_FIELD.findall(text)) if len(beside) > 1 else len(_NAMED_SO.findall(text))
    if not found and b'"identity_secret"' in text:
        found = len(_STEAM.findall(text))
    return found or len(_PREFERENCE.findall(text))


def sealed(head: bytes) -> str:
    """Return what an export is of which only the outside can be read; nothing for none."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _LASTPASS.match(start):
        return "encrypted store of LastPass: a person's passwords behind one"
    if start[:1] not in (b"{", b"[", b"<"):
        return ""
    if not any(word in head for word in _HINTS):
        return ""
    text = quotes(head)
    if _SEALED.search(text) or (_SLOTS.search(head) and b'"key_params"' in head):
        return "encrypted export of a password manager or authenticator"
    if _SALTED.search(text) and any(word in text for word in _AGILE):
        return "keys of a password manager (1Password), behind its password"
    if start[:1] == b"{" and len({each.lower() for each in _ROUNDS.findall(text)}) > 1:
        longest = max((len(each) for each in _LOCKED.findall(text)), default=0)
        if longest * 10 >= min(len(head), 4096) * 2 or (longest and len(head) < 1200):
            return "keys or entries that a program keeps encrypted with a password"
    return ""
