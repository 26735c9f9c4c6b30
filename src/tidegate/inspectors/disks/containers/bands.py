"""The disk of an Apple sparse bundle: bands of one size, a file each, named by their number in hexadecimal.

Source: bundles as hdiutil and Time Machine write them; there is no published specification.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from tidegate.inspectors.readable import Readable

_KEPT: Final = 256


class Bands:
    """Bytes of the disk; a band that is not there is zeros."""

    def __init__(self, size_bytes: int, band_bytes: int, beside: Callable[[str], Readable | None]) -> None:
        """beside: opens a file beside the description."""
        self.size_bytes = size_bytes
        self._band, self._beside = band_bytes, beside
        self._kept: OrderedDict[int, Readable | None] = OrderedDict()

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the disk."""
        offset, left = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        parts: list[bytes] = []
        while left:
            number, begin = divmod(offset, self._band)
            part = min(left, self._band - begin)
            band = self._opened(number)
            got = band.read(begin, min(part, max(0, band.size_bytes - begin))) if band is not None else b""
            parts.append(got + bytes(part - len(got)))
            offset, left = offset + part, left - part
        return b"".join(parts)

    def _opened(self, number: int) -> Readable | None:
        if number not in self._kept:
            self._kept[number] = self._beside(f"bands/{number:x}")
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[number]
