"""Random numbers without state: each is a function of what it is for, alike on every machine.

The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
number generators", 2014). Nothing here is meant to be secret.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_30, _27, _31 = (np.uint64(shift) for shift in (30, 27, 31))


def key(*parts: object) -> int:
    """Return 64 bits that depend on the parts' text alone."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def mix(stream: int, numbers: U64) -> U64:
    """Return 64 random bits for each number; another `stream`, made by `key`, gives others.

    numbers: any shape.  Returns the same shape.
    """
    word = numbers * _STEP + np.uint64(stream)
    word ^= word >> _30
    word *= _FIRST
    word ^= word >> _27
    word *= _SECOND
    word ^= word >> _31
    return word


def content(stream: int, start: int, stop: int) -> bytes:
    """Return bytes [start, stop) of an endless random text."""
    first = start // 8
    words = mix(stream, np.arange(first, (stop + 7) // 8, dtype=np.uint64))
    return words.astype("<u8", copy=False).tobytes()[start - first * 8 : stop - first * 8]


def digits(values: U64, width: int, base: int) -> Bytes:
    """Write numbers in `base` 10 or 16 with leading zeros.

    values: (n,), each below base ** width.  Returns (n, width), ASCII.
    """
    table = _TABLES[base]
    whole = -(-width // 4)
    out = np.empty((len(values), whole * 4), np.uint8)
    rest = values
    for at in range(whole - 1, -1, -1):
        chunk = np.uint64(len(table))
        out[:, at * 4 : at * 4 + 4] = table[rest % chunk]
        rest = rest // chunk
    return out[:, whole * 4 - width :]


def _table(form: str, size: int) -> Bytes:
    text = "".join(format(number, form) for number in range(size)).encode("ascii")
    return np.frombuffer(text, np.uint8).reshape(size, 4)


_TABLES = {10: _table("04d", 10_000), 16: _table("04x", 65_536)}
