"""The two ways in which R writes the parts of an object: bytes, or words of text."""

from __future__ import annotations

import re

from tidegate.inspectors.models._cursor import Cursor
from tidegate.inspectors.models._notes import MalformedError
from tidegate.inspectors.readable import Readable

NUMBERS = {10: 4, 13: 4, 14: 8, 15: 16, 24: 1}
"""Type of a vector of numbers -> bytes of each."""
_COMPLEX = 15
_LONGEST_WORD_BYTES = 1 << 20
_WORD = re.compile(rb"\s*+(\S++)")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_MISSING = 1 << 31


class Bytes(Cursor):
    """Parts as bytes."""

    def integers(self, count: int) -> None:
        """Skip integers."""
        self.skip(4 * count)

    def numbers(self, kind: int, count: int) -> None:
        """Skip the numbers of a vector."""
        self.skip(NUMBERS[kind] * count)

    def letters(self, length: int, *, needed: bool) -> bytes:
        """Return a text, or skip it."""
        if needed:
            return self.take(length)
        self.skip(length)
        return b""


class Words(Cursor):
    """Parts as words with white space between; white space in texts is escaped."""

    def u32(self) -> int:
        """Return a number; a missing one is the smallest, as in the form of bytes."""
        word = self._word()
        if word == b"NA":
            return _MISSING
        if len(word) > 11 or not word.lstrip(b"-").isdigit():
            raise MalformedError("a word that should be a number", self.at)
        return int(word) & 0xFFFFFFFF

    def integers(self, count: int) -> None:
        """Skip integers."""
        for _ in range(count):
            self._word()

    def numbers(self, kind: int, count: int) -> None:
        """Skip the numbers of a vector."""
        if count > self.size_bytes - self.at:
            raise MalformedError(f"{count:,} numbers are announced: more than fit", self.at)
        self.integers(count * (2 if kind == _COMPLEX else 1))

    def letters(self, length: int, *, needed: bool) -> bytes:  # noqa: ARG002
        """Return a text with its escapes resolved as far as names have them."""
        word = self._word() if length else b""
        return _ESCAPED.sub(lambda found: found.group(1) if len(found.group(1)) == 1 else b" ", word)

    def _word(self) -> bytes:
        count = 256
        while True:
            count = min(count, self.size_bytes - self.at)
            start = self.at
            found = _WORD.match(self.take(count))
            self.at = start
            if found and (found.end() < count or start + count == self.size_bytes):
                self.at += found.end()
                return found.group(1)
            if start + count >= self.size_bytes or count > _LONGEST_WORD_BYTES:
                raise MalformedError("the text ends within an object", start)
            count *= 4


def cursor(data: Readable, at: int, form: bytes) -> Bytes | Words:
    """Return a cursor for a form: `X` (bytes, the high one first), `B` (the low one first), `A` (words)."""
    return Words(data, at) if form == b"A\n" else Bytes(data, at, little=form == b"B\n")
