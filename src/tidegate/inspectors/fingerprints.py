"""One secret in two places has one fingerprint; the value does not follow from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from typing import Final

from tidegate.model.secret import Secret

_RUN_KEY: Final = os.urandom(32)
"""Made once, before workers are forked. Words that a person chose can be guessed, and with a hash that
anybody can compute a guess could be tried: so theirs is the same within one run only."""
_BREAK: Final = re.compile(r"(?<!\\)\\++[nr]")
_LABEL: Final = re.compile(r"-----(?:BEGIN|END)[^-]*-*")
_ARMOUR_LINE: Final = re.compile(r"(?m)^[A-Za-z-]+: .*$")
_NO_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")


def of_generated(value: str) -> str:
    """Return the fingerprint of what a generator made: the same as `scan` gives it, on every machine."""
    return Secret(value).fingerprint


def of_chosen(value: str) -> str:
    """Return `tgr-` and 20 hex digits: of what a person may have chosen, the same in this run only."""
    keyed = hmac.new(_RUN_KEY, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"tgr-{keyed.hexdigest()[:20]}"


def of_private_key(pem: str) -> str:
    """Return the fingerprint of a key in PEM, of its body alone: the one that `scan` gives it."""
    return of_generated(pem_body(pem))


def pem_body(pem: str) -> str:
    """Return the base64 of a PEM block alone, however its lines are broken or escaped."""
    text = _LABEL.sub("\n", _BREAK.sub("\n", pem))
    return _NO_BASE64.sub("", _ARMOUR_LINE.sub("", text))
