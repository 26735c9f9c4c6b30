"""SipHash of many texts, compiled by Numba from what `_siphash` has for one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from tidegate.inventory import _siphash
from tidegate.inventory._native import compiled, eight, last_eight
from tidegate.inventory._views import SHORT, Views

for _each in (_siphash._turned, _siphash._mixed):
    register_jitable(_each)
_take: Any = register_jitable(_siphash._take)
_end: Any = register_jitable(_siphash._end)


@compiled
def _hash(views: Any, buffers: Any, inline: Any, start: Any, mark: Any, found: Any) -> None:
    for row in range(views.shape[0]):
        length = np.int64(views[row, 0])
        at = inline + 16 * row + 4 if length <= SHORT else buffers[views[row, 2]] + np.int64(views[row, 3])
        v0, v1, v2, v3 = start
        whole = length - length % 8
        for place in range(0, whole, 8):
            v0, v1, v2, v3 = _take(v0, v1, v2, v3, eight(at + place))
        last = np.uint64(length) << np.uint64(56)
        if whole < length:
            last |= last_eight(at + whole, length - whole) >> np.uint64(64 - 8 * (length - whole))
        found[row] = _end(v0, v1, v2, v3, last, mark)


def hash_all(texts: Views, key: tuple[int, int], found: Any) -> None:
    """Write the hash of each text to `found`, uint64."""
    start = tuple(map(np.uint64, _siphash.start(key)))
    _hash(texts.views, texts.buffers, texts.inline, start, np.uint64(_siphash._MARK), found)
