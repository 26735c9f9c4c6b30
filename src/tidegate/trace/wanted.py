"""What is sought in logs: a credential, as each service writes it there."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_SHAPE: Final = (
    "sv",
    "ss",
    "srt",
    "sp",
    "sr",
    "st",
    "se",
    "spr",
    "sip",
    "si",
    "skoid",
    "sktid",
    "ske",
    "sdd",
)
"""Of a signature's parameters, those that a log shows; the signature itself it masks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One credential."""

    hashes: frozenset[str] = frozenset()
    """SHA-256 of the signature, upper-case hex, as Azure's resource logs write it. What exactly is hashed is
    not documented, so every candidate counts."""
    shape: Mapping[str, str] | None = None
    """Parameters of a SAS: logs without hashes show them. Two links of one shape cannot be told apart."""
    account: str = ""
    key_id: str = ""
    """Of an access key, an HMAC key, a service account or its key."""

    @property
    def needles(self) -> tuple[bytes, ...]:
        """Texts of which any line that matters has at least one, in lower case."""
        found = {each.lower().encode() for each in self.hashes}
        if self.key_id:
            found |= {each.lower().encode() for each in (self.key_id, quote(self.key_id, safe=""))}
        if self.shape:
            name = "se" if "se" in self.shape else "si" if "si" in self.shape else min(self.shape)
            value = self.shape[name]
            found |= {f"{name}={each}".lower().encode() for each in (value, quote(value, safe=""))}
        return tuple(sorted(found))

    @property
    def certain(self) -> bool:
        """Whether a match can only be this credential."""
        return bool(self.hashes or self.key_id)

    def fits_hash(self, told: str) -> bool:
        """Whether `key1(…),SasSignature(…)` names this signature."""
        upper = told.upper()
        return any(each in upper for each in self.hashes)

    def fits_url(self, url: str) -> bool:
        """Whether a logged address has this signature's shape; the account, where known, must be the same."""
        if not self.shape:
            return False
        parts = urlsplit(url)
        if self.account and self.account not in (parts.hostname or "") + parts.path:
            return False
        query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        return all(query.get(name) == value for name, value in self.shape.items())

    def fits_key(self, told: str) -> bool:
        """Whether a logged key id or principal is this one."""
        lower = told.lower()
        return bool(self.key_id) and (
            self.key_id.lower() in lower or quote(self.key_id, safe="").lower() in lower
        )


def of_sas(text: str, account: str = "") -> Wanted | None:
    """Return what a SAS leaves in logs; `None` when the text holds none. The signature is not kept."""
    query = text.partition("?")[2] or text
    pairs = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    signature = pairs.get("sig")
    if not signature:
        return None
    signature = signature.replace(" ", "+")
    raw = {signature, quote(signature, safe=""), unquote(signature)}
    token = query.lstrip("?")
    texts = {*(each.encode() for each in raw), token.encode(), f"?{token}".encode()}
    with contextlib.suppress(ValueError):
        texts.add(base64.b64decode(signature, validate=True))
    hashes = {hashlib.sha256(each).hexdigest().upper() for each in texts}
    shape: dict[str, str] = {name: pairs[name] for name in _SHAPE if name in pairs}
    host = (urlsplit(text).hostname or "") if "://" in text else ""
    return Wanted(hashes=frozenset(hashes), shape=shape or None, account=account or host.partition(".")[0])


def of_facts(facts: Mapping[str, str], account: str) -> Wanted | None:
    """Return what a finding's SAS leaves in logs, from a report, which holds no signature."""
    shape = {name: facts[name] for name in _SHAPE if facts.get(name)}
    return Wanted(shape=shape, account=account) if shape else None
