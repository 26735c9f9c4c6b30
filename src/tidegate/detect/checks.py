"""Named tests that a rule can ask its secret to pass; each takes the canonical secret."""

from __future__ import annotations

import binascii
import math
import re
from base64 import b64decode
from collections.abc import Callable

from tidegate.detect.unwrap import decode_base64


def entropy_bits(text: str) -> float:
    """Shannon entropy of the characters, in bits a character: 0 for `aaaa`, 4 for random hex."""
    if not text:
        return 0.0
    total = len(text)
    # What stands there once adds nothing to the sum.
    often = sum(n * math.log2(n) for n in map(text.count, set(text)) if n > 1)
    return math.log2(total) - often / total


def pem_body(text: str) -> str:
    """Return the base64 of a PEM block alone: the same key however its lines are broken or escaped.

    An encrypted OpenSSL key loses its two header lines, since they are no base64.
    """
    text = re.sub(r"(?<!\\)\\++[nr]", "\n", text)
    text = re.sub(r"-----(?:BEGIN|END)[^-]*-*", "\n", text)
    text = re.sub(r"(?m)^[A-Za-z-]+: .*$", "", text)
    return re.sub(r"[^A-Za-z0-9+/]", "", text)


def _pem(secret: str) -> bool:
    """64 characters of base64 at least: more than any placeholder, less than the shortest Ed25519 key."""
    return len(secret) >= 64


def _decodes_to(size_bytes: int) -> Callable[[str], bool]:
    def check(secret: str) -> bool:
        decoded = decode_base64(secret.encode("latin-1", "replace"))
        return decoded is not None and len(decoded) == size_bytes

    return check


def _entropy_at_least(bits: float) -> Callable[[str], bool]:
    return lambda secret: entropy_bits(secret) >= bits


def _mixed(secret: str) -> bool:
    """Letters of both cases and digits: a key, not a word, a path or a hash in hex."""
    return bool(re.search(r"[a-z]", secret) and re.search(r"[A-Z]", secret) and re.search(r"[0-9]", secret))


def _digits(secret: str) -> bool:
    """Two digits at least: the name of a variable seldom has them, a random key hardly ever lacks them."""
    return sum(c.isdigit() for c in secret) > 1


def _unnamed(secret: str) -> bool:
    """No name and no path: in those each part is a word, a number or both (`base64`), in a key seldom."""
    parts = re.split(r"[/_+-]", secret)
    return len(parts) < 3 or not all(_WORD.fullmatch(each) for each in parts)


_WORD = re.compile(r"(?:[A-Z]?[a-z]*|[A-Z]*)[0-9]{0,4}")


def _base64_json(secret: str) -> bool:
    try:
        return b64decode(secret, validate=True).lstrip().startswith(b"{")
    except (binascii.Error, ValueError):
        return False


CHECKS: dict[str, Callable[[str], bool]] = {
    "base64-32-bytes": _decodes_to(32),
    "base64-64-bytes": _decodes_to(64),
    "base64-20-bytes": _decodes_to(20),
    "base64-json": _base64_json,
    "entropy-3": _entropy_at_least(3.0),
    "entropy-3.5": _entropy_at_least(3.5),
    "entropy-4": _entropy_at_least(4.0),
    "digits": _digits,
    "mixed": _mixed,
    "pem": _pem,
    "unnamed": _unnamed,
}
"""Name -> check."""
