"""Log-normal sizes whose sum is known without adding them up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tidegate.lab import noise
from tidegate.lab.noise import U64

BLOCK = 1024
"""Sizes are dealt in blocks of so many: each block has the same quantiles, in an order of its own."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of `count` blobs with the given mean; `sigma` is that of the logarithm.

    A block holds the 1,024 quantiles of the distribution, shuffled (fewer, where there are fewer blobs). Two
    neighbouring quantiles differ from theirs by the same amount up and down. So sizes hardly ever repeat, and
    the sum of a block is fixed.
    """

    stream: int
    count: int
    mean: float
    sigma: float

    @property
    def _block(self) -> int:
        return min(BLOCK, self.count)

    @cached_property
    def _quantiles(self) -> NDArray[np.int64]:
        shape = _shape(self.sigma, self._block)
        scale = self.mean * self._block / math.fsum(shape)
        # Nine digits: what the last bits of `exp` are, which differ between machines, has no say.
        return np.array([max(1, round(float(f"{each * scale:.9g}"))) for each in shape], np.int64)

    @cached_property
    def _widest(self) -> NDArray[np.uint64]:
        """Return how far each pair may be moved apart, plus one: half its lesser size."""
        whole = self._quantiles[: self._block // 2 * 2].reshape(-1, 2)
        widest: U64 = np.append(whole.min(axis=1) // 2, 0).astype(np.uint64) + np.uint64(1)
        return widest

    @cached_property
    def _only_block(self) -> NDArray[np.uint64]:
        luck = noise.mix(self.stream, np.arange(self._block, dtype=np.uint64))
        return np.argsort(luck, kind="stable").astype(np.uint64)

    def _slots(self, block: U64, place: U64) -> U64:
        if self.count < BLOCK:
            only: U64 = self._only_block[place]
            return only
        luck = noise.mix(self.stream, block)
        # An odd factor and any offset: a permutation of 1,024.
        slots: U64 = (place * (luck | np.uint64(1)) + (luck >> np.uint64(20))) % np.uint64(BLOCK)
        return slots

    def take(self, at: U64) -> NDArray[np.int64]:
        """Return the sizes of the blobs of these numbers, in bytes, each at least one.  (n,)."""
        block, place = at // np.uint64(self._block), at % np.uint64(self._block)
        slot = self._slots(block, place)
        pair = slot >> np.uint64(1)
        apart = noise.mix(self.stream ^ 0x5A, block * np.uint64(BLOCK) + pair) % self._widest[pair]
        sign = 1 - 2 * (slot & np.uint64(1)).astype(np.int64)
        sizes: NDArray[np.int64] = self._quantiles[slot] + sign * apart.astype(np.int64)
        return sizes

    @cached_property
    def total(self) -> int:
        """Return the exact sum, from the blocks' fixed sum and at most 1,023 sizes."""
        whole = self.count // self._block
        rest = np.arange(whole * self._block, self.count, dtype=np.uint64)
        return whole * int(self._quantiles.sum()) + int(self.take(rest).sum())


@dataclass(frozen=True)
class Given:
    """Sizes that are written down one by one."""

    sizes: tuple[int, ...]

    def take(self, at: U64) -> NDArray[np.int64]:
        """Return the sizes of the blobs of these numbers.  (n,)."""
        return np.array(self.sizes, np.int64)[at]

    @property
    def total(self) -> int:
        """Return the sum."""
        return sum(self.sizes)


@cache
def _shape(sigma: float, block: int) -> tuple[float, ...]:
    normal = NormalDist()
    return tuple(math.exp(sigma * normal.inv_cdf((k + 0.5) / block)) for k in range(block))
