"""From a catalogue to one Parquet file, in the order of the names, without sorting them in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from tidegate.inventory.catalogue import Catalogue
from tidegate.inventory.chain import Chain, Id, Piece
from tidegate.inventory.order import KEYS, best
from tidegate.inventory.parquet import SMALL_ROWS, Joined

_CACHED_PARTS = 3
"""Decoded parts kept: chains end about in the order in which they are joined, so neighbours share a part."""


def join(catalogue: Catalogue, target: Path) -> int:
    """Write all rows to `target`, by service, container and name; return how many they are.

    The file appears in one step. Raises `OSError`.
    """
    fresh = catalogue.folder / "whole.parquet"
    reader = _Reader(catalogue)
    numbers = range(len(catalogue.containers))
    with fresh.open("wb") as file:
        joined = Joined(file)
        for number in sorted(numbers, key=lambda n: _place(catalogue, n)):
            for piece in _pieces(catalogue, reader, (number,)):
                if isinstance(piece, pl.DataFrame):
                    joined.add(piece)
                elif piece.rows >= SMALL_ROWS and piece.rows == catalogue.part_rows(piece.part):
                    joined.copy(catalogue.part(piece.part))
                else:
                    joined.add(reader.rows(piece))
        joined.close()
        catalogue.disk.sync(file)
    catalogue.disk.replace(fresh, target)
    return joined.rows


def _place(catalogue: Catalogue, number: int) -> tuple[str, str, str, int]:
    container = catalogue.containers[number]
    return container.service, container.name, container.prefix, number


def _pieces(catalogue: Catalogue, reader: _Reader, top: Id) -> Iterator[Piece | pl.DataFrame]:
    """Yield the rows of a chain and of all below it, in order."""
    waiting: list[Id | pl.DataFrame] = [top]
    while waiting:
        each = waiting.pop()
        if isinstance(each, pl.DataFrame):
            yield each
            continue
        chain = catalogue.chains.get(each)
        if chain is None:  # nothing of it was ever written
            continue
        yield from chain.pieces
        waiting += reversed(_merged(catalogue, chain, reader))


def _merged(catalogue: Catalogue, chain: Chain, reader: _Reader) -> list[Id | pl.DataFrame]:
    """Return the children of a chain with what lies between them, cut by name."""
    if chain.between is None:
        return list(chain.children)
    rows = reader.rows(chain.between)
    key = KEYS[best(chain.orders)]
    names = [key(name) for name in rows["name"]]
    merged: list[Id | pl.DataFrame] = []
    start = 0
    for child in chain.children:
        bound = key(catalogue.chains[child].bound)
        stop = start
        while stop < len(names) and names[stop] <= bound:
            stop += 1
        if stop > start:
            merged.append(rows[start:stop])
        merged.append(child)
        start = stop
    if start < len(names):
        merged.append(rows[start:])
    return merged


class _Reader:
    """Reads pieces, and keeps the parts decoded that were read last."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._parts: OrderedDict[int, pl.DataFrame] = OrderedDict()

    def rows(self, piece: Piece) -> pl.DataFrame:
        if piece.part not in self._parts:
            self._parts[piece.part] = pl.read_parquet(self._catalogue.part(piece.part))
            if len(self._parts) > _CACHED_PARTS:
                self._parts.popitem(last=False)
        self._parts.move_to_end(piece.part)
        return self._parts[piece.part][piece.start : piece.start + piece.rows]
