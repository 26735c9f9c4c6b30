"""Names as a function of a number, in the order in which a service lists them: that of their bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Protocol
from xml.sax.saxutils import escape

import numpy as np

from tidegate.lab import noise
from tidegate.lab.noise import U64, Bytes

_OUTER, _INNER = "<outer>", "<inner>"


class Field(Protocol):
    """A part of a name: a text for each number, rising with it. Short ones are filled with NUL."""

    @property
    def room(self) -> int:
        """So many different texts it has at most."""
        ...

    def write(self, stream: int, numbers: U64, within: U64) -> Bytes:
        """Write the texts. numbers, within: (n,); `within` tells folders apart.  Returns (n, width)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Number:
    """Digits of fixed width, so that the order of the texts is that of the numbers."""

    width: int
    base: int = 10
    first: int = 0
    gap: int = 1
    """Neighbours are at most `2 * gap - 1` apart, by chance; with 1 they have no holes. 0: as far as there is
    room, which `Plan` fills in."""
    tail: int = 0
    """So many hexadecimal digits without meaning follow: identifiers and digests."""

    @property
    def room(self) -> int:
        return (int(self.base**self.width) - self.first) // max(1, self.gap)

    def write(self, stream: int, numbers: U64, within: U64) -> Bytes:
        gap = np.uint64(self.gap)
        place = numbers + (within << np.uint64(32))
        values = np.uint64(self.first) + numbers * gap
        if self.gap > 1:
            values = values + noise.mix(stream, place) % gap
        parts = [noise.digits(values, self.width, self.base)]
        for at in range(0, self.tail, 16):
            more = noise.mix(stream + 1 + at, place)
            parts.append(noise.digits(more, 16, 16)[:, : min(16, self.tail - at)])
        return np.concatenate(parts, axis=1) if self.tail else parts[0]


@dataclass(frozen=True)
class Words:
    """One of these, which are in order."""

    words: tuple[str, ...]
    """They hold nothing that XML would have to write otherwise."""

    @property
    def room(self) -> int:
        return len(self.words)

    def in_order(self, behind: str) -> bool:
        """Tell whether they rise when this follows each: `x-y/` stands before `x/`, but `x` before `x-y`."""
        texts = [(word + behind).encode() for word in self.words]
        return all(before < after for before, after in pairwise(texts))

    def write(self, stream: int, numbers: U64, within: U64) -> Bytes:  # noqa: ARG002 - the Protocol's
        return self._rows[numbers]

    @cached_property
    def _rows(self) -> Bytes:
        return text_rows(self.words)


def days(first: date, count: int, form: str = "%Y-%m-%d") -> Words:
    """Return one word a day."""
    return Words(tuple((first + timedelta(days=n)).strftime(form) for n in range(count)))


def text_rows(texts: Sequence[str]) -> Bytes:
    """Return texts as rows of UTF-8, filled with NUL.  (n, width)."""
    encoded = np.array([text.encode() for text in texts], dtype=np.bytes_)
    return encoded.view(np.uint8).reshape(len(texts), -1)


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """`count` names: `text` with `<outer>`, a folder's part, and `<inner>`, a blob's, filled in.

    Raises `ValueError` when a field has too few texts, or has them in the wrong order.
    """

    text: str
    outer: Field | None
    inner: Field
    per: int
    """Blobs of a folder."""
    count: int
    stream: int

    def __post_init__(self) -> None:
        folders = -(-self.count // self.per)
        if self.outer is not None and folders > self.outer.room:
            raise ValueError(f"{self.text}: {folders} folders, names for {self.outer.room}")
        if min(self.per, self.count) > self.inner.room:
            raise ValueError(f"{self.text}: {self.per} blobs a folder, names for {self.inner.room}")

        for field, mark in ((self.outer, _OUTER), (self.inner, _INNER)):
            behind = self.text.rpartition(mark)[2]
            if isinstance(field, Words) and not field.in_order(behind):
                raise ValueError(f"{self.text}: the words are not in order when {behind!r} follows")

    def rows(self, at: U64, *, escaped: bool = False) -> Bytes:
        """Return the names of these numbers in UTF-8, filled with NUL; `escaped` as XML writes them.

        at: (n,).  Returns (n, width).
        """
        folder, place = at // np.uint64(self.per), at % np.uint64(self.per)
        parts: list[Bytes] = []
        for piece in self._pieces:
            if piece == _OUTER and self.outer is not None:
                parts.append(self.outer.write(self.stream, folder, np.zeros_like(folder)))
            elif piece == _INNER:
                parts.append(self.inner.write(self.stream + 0x1000, place, folder))
            else:
                row = text_rows([escape(piece) if escaped else piece])
                parts.append(np.broadcast_to(row, (len(at), row.shape[1])))
        return np.concatenate(parts, axis=1)

    @cached_property
    def _pieces(self) -> list[str]:
        return [piece for piece in re.split("(<outer>|<inner>)", self.text) if piece]


@dataclass(frozen=True)
class Listed:
    """Names that are written down one by one, in order."""

    texts: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.texts)

    def rows(self, at: U64, *, escaped: bool = False) -> Bytes:
        """Return the names of these numbers, as `Pattern.rows` does."""
        chosen = [self.texts[each] for each in at.tolist()]
        return text_rows([escape(text) if escaped else text for text in chosen])
