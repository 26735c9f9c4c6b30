"""Values that are public by intent: documentation constants, emulator keys, placeholders.

They never alarm; they are counted with the reason. Exact values only: never a word in a path. What `scan`
sees by its rules and what `inspect` sees by a setting's name are judged here alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from tidegate.model.secret import Secret

EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account key of Azurite and the older storage emulator.
Source: learn.microsoft.com/azure/storage/common/storage-use-azurite, "Well-known storage account and key".
"""
_COSMOS_EMULATOR_KEY = (
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
)
_EXACT: dict[str, str] = {
    EMULATOR_KEY: "the emulator's public key",
    _COSMOS_EMULATOR_KEY: "the emulator's public key",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "a documentation constant",
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404": "a documentation constant",
}
_BY_FINGERPRINT = {
    (88, "tgf-6383d5480b2233d38064"): "the emulator's public key",
    (40, "tgf-2a2b48557c8e7783fdc1"): "a documentation constant",
    (40, "tgf-3bafb8a6305c9ef1b5f8"): "a documentation constant",
    (40, "tgf-2a7f7d5b64fcf1e7f87b"): "a documentation constant",
}
"""Constants that look like anybody's key: told by length and fingerprint, so that no scanner alarms here.

The first is the key with which Azurite makes its delegation keys, the second that of MinIO's playground, the
others those of Amazon's first guides to S3 (RESTAuthentication), which Alibaba's samples took over.
"""
_LENGTHS = frozenset(length for length, _ in _BY_FINGERPRINT)
"""Of nothing else a fingerprint is made."""
_MICROSOFT_SAMPLES = (
    "Z/RHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk=",
    "dD80ihBh5jfNpymO5Hg1IdiJIEvHcJpCMiCMnN/RnbI=",
    "a39+YozJhGp6miujGymjRpN8tsrQfLo9Z3i8IRyIpnQ=",
)
_EXACT |= dict.fromkeys(_MICROSOFT_SAMPLES, "a documentation constant")
_AMAZONS_SAMPLE = "wJalrXUtnFEMI/K7MDENG"
"""People change the end of Amazon's sample so that scanners let it pass: `…bPxRfiCYEXAMAAAKEY`."""
_EXAMPLE_KEY_ID = re.compile(r"\bA[KS]IA[A-Z0-9]{9}EXAMPLE\b")
_PLACEHOLDER_WORD = re.compile(
    r"^[<{\[(]|[>})\]]$|redacted|placeholder|your[-_ ]?(?:key|token|secret|sas|account)|changeme|\*{4}|\.{4}",
    re.IGNORECASE,
)
_RUN = 12
_SAME_RUN = re.compile(rf"(.)\1{{{_RUN - 1},}}")
_EMULATOR_ACCOUNT = "devstoreaccount1"
_KEY_IN_VALUE = re.compile(
    r"(?i)(?:AccountKey|SharedAccessKey|[?&;](?:sig|X-Amz-Signature|X-Goog-Signature|Signature))=([^;&\s\"']*)"
)
"""In a connection string or a signed link."""


def why_harmless(text: str, secret: str, context: Mapping[str, str]) -> str | None:
    """Return the reason why this match does not alarm, or `None`."""
    reason = _constant(secret)
    if reason:
        return reason
    if ("EXAMPLE" in text and _EXAMPLE_KEY_ID.search(text)) or _EXAMPLE_KEY_ID.search(
        context.get("key_id", "")
    ):
        return "a documentation constant"
    if context.get("account") == _EMULATOR_ACCOUNT:
        return "the emulator's account"
    return "a placeholder" if is_placeholder(secret) else None


def value_is_harmless(value: str) -> bool:
    """Say so of a setting's value, of which no rule has told what it is: by itself, or by all keys in it.

    A person may have chosen it, so that a bracket or a word in it proves nothing.
    """
    if "UseDevelopmentStorage=true" in value or _EXAMPLE_KEY_ID.fullmatch(value):
        return True
    inner = keys_in(value)
    if inner:
        return all(_constant(part) or is_placeholder(part) for part in inner)
    return _constant(value) is not None or _is_filler(value)


def keys_in(value: str) -> list[str]:
    """Return the keys and signatures in a connection string or a signed link, not percent-encoded."""
    return [unquote(part) for part in _KEY_IN_VALUE.findall(value)]


def _constant(secret: str) -> str | None:
    reason = _EXACT.get(secret)
    if reason is None and len(secret) in _LENGTHS:
        reason = _BY_FINGERPRINT.get((len(secret), Secret(secret).fingerprint))
    # Amazon's own samples end so, whatever stands before: 10 given characters are no chance.
    if reason is None and (secret.endswith("EXAMPLEKEY") or secret.startswith(_AMAZONS_SAMPLE)):
        reason = "a documentation constant"
    return reason


def is_placeholder(secret: str) -> bool:
    """`xxxx`, `abcabcabc`, `<your key>`: nothing a signer or generator makes."""
    # In an address the words are names that people gave: `redacted.pdf` is shared all the same.
    if "://" in secret:
        return False
    return _is_filler(secret) or bool(_PLACEHOLDER_WORD.search(secret))


def _is_filler(secret: str) -> bool:
    """One sign over and over, or a few: `xxxx`, `abcabcabc`."""
    plain = secret.rstrip("=")
    letters = len(set(plain))
    if len(plain) >= 16 and letters <= max(3, min(7, len(plain) // 9)):
        return True
    run = 0
    if len(secret) - letters >= _RUN - 1:
        run = max((len(same[0]) for same in _SAME_RUN.finditer(secret)), default=0)
    # The curve of an elliptic key has 15 zeros in a row by its nature; a placeholder has little else.
    return run > len(secret) // 8
