"""What commits say of the history, and no more: tree, parents, date. Of many at once, in arrays.

Whoever reads commits to look through them keeps this, so that they need not be read again to say which of
them brought something.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tidegate.sources.git.deltaops import OddError, in_order
from tidegate.sources.git.pack import Bytes, Ints

_COMMITTED = re.compile(rb"\ncommitter [^\n>]*<[^\n>]*> (\d{1,10}) [+-]\d{4}\n")
_SLACK = 64
_DIGITS = 10
_ZONE = len(b" +0000")
_COMMITTER = len(b"\ncommitter ")


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of some commits; every array is (n,), but for those named."""

    trees: Bytes
    """(n, width)."""
    parents: Bytes
    """(sum of `counts`, width): those of the first commit, those of the second, and so on."""
    counts: Ints
    """How many parents each has."""
    dates: Ints
    """When each was committed, in seconds."""


def heads_of(contents: Sequence[bytes], width: int) -> Heads:
    """Read the heads of commits. Raises `OddError` when git would not have written one of them so."""
    if not contents:
        none = np.zeros((0, width), np.uint8)
        return Heads(none, none, np.zeros(0, np.int64), np.zeros(0, np.int64))
    data = np.frombuffer(b"".join([*contents, bytes(_SLACK + 2 * width)]), np.uint8)
    lengths = np.fromiter(map(len, contents), np.int64, len(contents))
    begins = np.cumsum(lengths) - lengths
    ends = begins + lengths
    words = np.ndarray((len(data) - 7,), "<u8", data, 0, (1,))
    first, row = len(b"tree ") + 2 * width, len(b"\nparent ") + 2 * width
    # Commits with no more parents drop out; the last ones may have dozens.
    at = begins + first
    going = np.arange(len(at))
    steps = []
    while len(going):
        going = going[(words[at[going]] == _word(b"\nparent ")) & (at[going] + row < ends[going])]
        steps.append((going, at[going] + len(b"\nparent ")))
        at[going] += row
    dates = _dates(data, words, at, ends)
    odd = np.flatnonzero((words[at] != _word(b"\nauthor ")) | (at >= ends) | (dates < 0))
    for each in odd.tolist():
        # What looks otherwise than git writes it today is looked at with more patience.
        dates[each] = _date(contents[each], int(at[each] - begins[each]))
    places, counts = in_order(steps, len(at))
    if (words[begins] & _word(b"\xff" * 5) != _word(b"tree ")).any():
        raise OddError("a commit that git did not write")
    return Heads(
        trees=_ids(data, begins + len(b"tree "), width),
        parents=_ids(data, places, width),
        counts=counts,
        dates=dates,
    )


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _dates(data: Bytes, words: NDArray[np.uint64], authors: Ints, ends: Ints) -> Ints:
    """Return when each was committed, or -1; `authors`: where the line of the author begins, or should."""
    breaks = np.append(np.flatnonzero(data == 0x0A), [len(data)] * 2)
    line = np.searchsorted(breaks, authors + 1)
    begin, end = breaks[line], breaks[np.minimum(line + 1, len(breaks) - 1)]
    good = (end < ends) & (end - begin >= _COMMITTER + len(b"<> 0 +0000"))
    begin, end = np.where(good, begin, 0), np.where(good, end, _DIGITS + _ZONE + 2)
    good &= (words[begin] == _word(b"\ncommitt")) & (words[begin + 3] == _word(b"mmitter "))
    for sign in (b"<", b">"):
        # One of each: a name may hold what looks like the end of it.
        own = np.flatnonzero(data == sign[0])
        good &= np.searchsorted(own, end) - np.searchsorted(own, begin) == 1
    tail = data[end[:, None] - np.arange(_DIGITS + _ZONE + 2, 0, -1)]
    zone, digits = tail[:, -_ZONE:], tail[:, 2:-_ZONE]
    good &= (zone[:, 0] == 0x20) & ((zone[:, 1] == 0x2B) | (zone[:, 1] == 0x2D))
    good &= ((zone[:, 2:] >= 0x30) & (zone[:, 2:] <= 0x39)).all(axis=1)
    is_digit = (digits >= 0x30) & (digits <= 0x39)
    many = np.logical_and.accumulate(is_digit[:, ::-1], axis=1).sum(axis=1)
    row = np.arange(len(tail))
    good &= (many > 0) & (tail[row, _DIGITS + 1 - many] == 0x20) & (tail[row, _DIGITS - many] == 0x3E)
    values = np.where(np.arange(_DIGITS, 0, -1) <= many[:, None], digits.astype(np.int64) - 0x30, 0)
    return np.where(good, values @ 10 ** np.arange(_DIGITS - 1, -1, -1), -1)


def _date(content: bytes, author: int) -> int:
    if not content.startswith(b"\nauthor ", author):
        raise OddError("a commit that git did not write")
    committed = _COMMITTED.search(content, author + 1)
    if committed is None:
        raise OddError("a commit that git did not write")
    return int(committed[1])


def _ids(data: Bytes, places: Ints, width: int) -> Bytes:
    digits = data[places[:, None] + np.arange(2 * width)]
    try:
        found = bytes.fromhex(digits.tobytes().decode("ascii"))
    except ValueError as error:
        raise OddError("a commit that git did not write") from error
    if 2 * len(found) != digits.size:
        raise OddError("a commit that git did not write")
    return np.frombuffer(found, np.uint8).reshape(len(places), width)


def joined(parts: Sequence[Heads], width: int) -> Heads:
    """Return all of them as one."""
    parts = [heads_of([], width), *parts]
    return Heads(*(np.concatenate([getattr(part, name) for part in parts]) for name in Heads.__slots__))


class Keeper:
    """Keeps the heads of the commits that a worker reads, for whoever asks for the history in the end."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of this run alone; what lies in it is believed."""
        self._folder = folder
        self._oids: list[bytes] = []
        self._heads: list[bytes] = []
        self._down: list[Path] = []
        """Files that hold the earlier ones; under this name nobody reads them."""

    def add(self, oid: bytes, content: bytes) -> None:
        """Take one commit. What it says is read later, if anybody asks."""
        stop = content.find(b"\n", content.find(b"\ncommitter ") + 1) + 1
        self._oids.append(oid)
        self._heads.append(content[: min(stop, _LONGEST)])
        if len(self._heads) == _AT_ONCE:
            self._put_down()

    def close(self) -> None:
        """Hand over what was taken. Where that cannot be done the commits are read once more, later."""
        if self._oids:
            self._put_down()
        for path in self._down:
            with suppress(OSError):
                path.rename(f"{path}{_SUFFIX}")

    def _put_down(self) -> None:
        name = ""
        try:
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                for part in (self._oids, self._heads):
                    np.save(file, np.fromiter(map(len, part), np.int64, len(part)), allow_pickle=False)
                    np.save(file, np.frombuffer(b"".join(part), np.uint8), allow_pickle=False)
            self._down.append(Path(name))
        except OSError:
            if name:
                Path(name).unlink(missing_ok=True)
        self._oids, self._heads = [], []


_AT_ONCE = 8192
"""Commits that are held in memory: 3 MB."""
_SUFFIX = ".heads"
_LONGEST = 1 << 16
"""A longer one is cut, and then odd."""
_TOGETHER = 4096


def kept(folder: Path, width: int) -> tuple[Bytes, Heads]:
    """Return ids and heads of all commits that were kept; some may be there twice. Raises `OddError`."""
    oids: list[Bytes] = [np.zeros((0, width), np.uint8)]
    parts: list[Heads] = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        with path.open("rb") as file:
            _, own, lengths, texts = (np.load(file, allow_pickle=False) for _ in range(4))
        oids.append(own.reshape(-1, width))
        stops = np.cumsum(lengths).tolist()
        data = texts.tobytes()
        for at in range(0, len(stops), _TOGETHER):
            own_stops = stops[at : at + _TOGETHER]
            begins = [stops[at - 1] if at else 0, *own_stops[:-1]]
            pairs = zip(begins, own_stops, strict=True)
            parts.append(heads_of([data[begin:stop] for begin, stop in pairs], width))
    return np.concatenate(oids), joined(parts, width)
