"""How many rows a table of a SQLite file has, by a walk over its pages in ranged reads: no value is read.

Source: sqlite.org/fileformat2.html, section 1.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_DEEPEST: Final = 20
_INNER: Final = frozenset((2, 5))
_LEAVES: Final = frozenset((10, 13))


def rows(
    read: Callable[[int, int], bytes], page_bytes: int, root: int, *, most_pages: int = 256
) -> tuple[int, bool]:
    """Return the number of rows, and whether every page was looked at; else it is an estimate.

    root: number of the table's first page. most_pages: read of each level of the tree; of more an even part
    stands for all. Raises `ValueError` when it is no tree, and what `read` raises.
    """
    level, scale, total, exact = [root], 1.0, 0.0, True
    for _ in range(_DEEPEST):
        if len(level) > most_pages:
            scale *= len(level) / most_pages
            level = [level[place * len(level) // most_pages] for place in range(most_pages)]
            exact = False
        below: list[int] = []
        for number in level:
            at = (number - 1) * page_bytes
            head = read(at, 12) if number > 1 else b""
            if len(head) < 12 or head[0] not in _INNER | _LEAVES:
                raise ValueError("a page of it is none of a table")
            cells = int.from_bytes(head[3:5], "big")
            if head[0] in _LEAVES or head[0] == 2:
                total += scale * cells
            if head[0] in _INNER:
                below += _children(read(at, page_bytes), cells)
                below.append(int.from_bytes(head[8:12], "big"))
        if not below:
            return round(total), exact
        level = below
    raise ValueError("its tree is too deep")


def _children(page: bytes, cells: int) -> list[int]:
    places = range(12, min(12 + 2 * cells, len(page) - 1), 2)
    starts = [int.from_bytes(page[at : at + 2], "big") for at in places]
    return [int.from_bytes(page[at : at + 4], "big") for at in starts]
