"""SipHash-2-4 of many texts: a keyed hash that nobody without the key can steer.

Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), appendix A for the test values.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from tidegate.inventory._views import views_of

_ALL: Final = 0xFFFFFFFFFFFFFFFF
_MARK: Final = 0xFF
_FEW: Final = 10_000
"""So many texts take less one by one (30 µs each) than what is compiled takes to load."""


def siphash(text: bytes, key: tuple[int, int]) -> int:
    """Return the hash of a text, 64 bits. key: its two halves, each read as a little-endian number."""
    state = start(key)
    whole = len(text) - len(text) % 8
    for place in range(0, whole, 8):
        state = _take(*state, int.from_bytes(text[place : place + 8], "little"))
    return _end(*state, int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56, _MARK)


def siphashes(texts: pl.Series, key: tuple[int, int]) -> Any:
    """Return the hash of each text, uint64. texts: strings without nulls."""
    found = np.empty(len(texts), np.uint64)
    if len(texts) > _FEW:
        from tidegate.inventory._siphash_loop import hash_all  # noqa: PLC0415 - only for many texts

        with views_of(texts) as chunks:
            if chunks is not None:
                for chunk in chunks:
                    hash_all(chunk, key, found[chunk.first : chunk.first + len(chunk.views)])
                return found
    found[:] = [siphash(text.encode(), key) for text in texts.to_list()]
    return found


def start(key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the state before the first byte."""
    k0, k1 = key
    return (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )


# What follows is compiled by Numba too: there all numbers must be given, since its own are signed.


def _turned(number: int, bits: int) -> int:
    return (number << bits | number >> 64 - bits) & _ALL


def _mixed(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = v0 + v1 & _ALL
    v2 = v2 + v3 & _ALL
    v1 = _turned(v1, 13) ^ v0
    v3 = _turned(v3, 16) ^ v2
    v0 = _turned(v0, 32) + v3 & _ALL
    v2 = v2 + v1 & _ALL
    v1 = _turned(v1, 17) ^ v2
    v3 = _turned(v3, 21) ^ v0
    return v0, v1, _turned(v2, 32), v3


def _take(v0: int, v1: int, v2: int, v3: int, eight: int) -> tuple[int, int, int, int]:
    v0, v1, v2, v3 = _mixed(v0, v1, v2, v3 ^ eight)
    v0, v1, v2, v3 = _mixed(v0, v1, v2, v3)
    return v0 ^ eight, v1, v2, v3


def _end(v0: int, v1: int, v2: int, v3: int, last: int, mark: int) -> int:
    v0, v1, v2, v3 = _take(v0, v1, v2, v3, last)
    v0, v1, v2, v3 = _mixed(v0, v1, v2 ^ mark, v3)
    for _ in range(3):
        v0, v1, v2, v3 = _mixed(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3
