"""Columns, colours and signs of a terminal; knows nothing of findings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from tidegate.records import dataclass
from tidegate.report._escape import safe

MIN_WIDTH, MAX_WIDTH = 40, 110
"""Narrower cannot hold a label and a path; wider is tiring to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The few signs beyond letters, so that a stream without them gets others."""

    rule: str
    dot: str
    bullet: str
    arrow: str
    yes: str
    no: str
    ellipsis: str


UNICODE = Signs(rule="─", dot=" · ", bullet="•", arrow="→", yes="●", no="·", ellipsis="…")
ASCII = Signs(rule="-", dot=", ", bullet="*", arrow="->", yes="x", no=".", ellipsis="...")

_CODES = {
    "critical": "1;97;41",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "info": "2",
    "bold": "1",
    "faint": "2",
    "path": "36",
    "good": "1;32",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """What the text is written on."""

    width: int
    colour: bool
    encoding: str
    signs: Signs

    @classmethod
    def of(cls, encoding: str | None, *, colour: bool, width: int) -> Paper:
        """Choose signs that `encoding` can write; `None` is a stream that takes any text."""
        encoding = encoding or "utf-8"
        try:
            "".join(getattr(UNICODE, name) for name in Signs.__slots__).encode(encoding)
            signs = UNICODE
        except (UnicodeEncodeError, LookupError):
            signs = ASCII
        return cls(max(MIN_WIDTH, min(width, MAX_WIDTH)), colour, encoding, signs)

    def paint(self, text: str, style: str) -> str:
        """Colour text that is already clean; without colour, return it as it is."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour and text else text

    def clean(self, text: str) -> str:
        """Make text from outside safe and writable in the stream's encoding."""
        text = safe(text)
        if text.isascii():
            return text
        return text.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def wrap(self, text: str, *, first: str = "", rest: str | None = None, style: str = "") -> list[str]:
        r"""Break clean text into lines; `first` and `rest` stand before them, `style` paints the text.

        A word longer than a line (a path, a link) is broken where the line ends: nothing is lost. A
        `\xa0` holds words together and comes out as a blank.
        """
        rest = " " * columns(first) if rest is None else rest
        lines: list[str] = []
        prefix, line = first, ""
        for word in text.split(" "):
            room = self._room(prefix)
            if line and columns(line) + 1 + columns(word) > room:
                lines.append(self._line(prefix, line, style))
                prefix, line, room = rest, "", self._room(rest)
            while not line and columns(word) > room and "\x1b" not in word:
                head = _break(word, room)
                lines.append(self._line(prefix, head, style))
                word, prefix, room = word[len(head) :], rest, self._room(rest)
            line = f"{line} {word}" if line else word
        return [*lines, self._line(prefix, line, style)]

    def _room(self, prefix: str) -> int:
        return max(12, self.width - columns(prefix))

    def _line(self, prefix: str, text: str, style: str) -> str:
        text = text.replace("\xa0", " ")
        return prefix + (self.paint(text, style) if style else text)

    def shorten(self, text: str, limit: int) -> str:
        """Cut the middle out of clean text so that it fits: both ends of a path tell most."""
        if columns(text) <= limit:
            return text
        mark = self.signs.ellipsis
        tail_room = (limit - len(mark)) * 2 // 3
        tail = _take(text[::-1], tail_room)[::-1]
        return _take(text, limit - len(mark) - columns(tail)) + mark + tail

    def pad(self, text: str, width: int) -> str:
        """Fill clean text with blanks up to `width` columns."""
        return text + " " * max(0, width - columns(text))

    def rule(self, left: str = "", right: str = "", *, middle: str = "", style: str = "faint") -> str:
        """Draw a line across with clean words in it: a badge, a title (cut to what fits), and the end."""
        sign = self.signs.rule
        start = f"{sign * 2} {left} " if left else ""
        end = f" {right} {sign * 2}" if right else ""
        title = f" {self.shorten(middle, self.width - columns(start + end) - 4)} " if middle else ""
        line = sign * max(2, self.width - columns(start + title + end)) + end
        if not left:
            return self.paint(line, "faint")
        badge = self.paint(f" {left} ", style) if self.colour else f" {left} "
        return f"{self.paint(sign * 2, 'faint')}{badge}{self.paint(title, 'bold')}{self.paint(line, 'faint')}"


_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def columns(text: str) -> int:
    """Columns that the text takes on a terminal; our own colour codes take none."""
    if text.isascii():
        return len(_ANSI.sub("", text)) if "\x1b" in text else len(text)
    return sum(_columns(char) for char in _ANSI.sub("", text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _break(word: str, limit: int) -> str:
    """Return the start of a long word for one line, cut after a sign where links and paths have joints."""
    head = _take(word, limit)
    joint = max(head.rfind(sign) for sign in "&?/,")
    return head[: joint + 1] if joint > len(head) // 2 else head


def _take(text: str, limit: int) -> str:
    """Return the longest start of the text that fits; at least one character."""
    used = 0
    for number, char in enumerate(text):
        used += _columns(char)
        if used > limit:
            return text[: max(1, number)]
    return text


def table(rows: list[list[str]], gap: int = 2) -> Iterator[list[str]]:
    """Pad clean cells so that columns align; the last one stays as it is."""
    if not rows:
        return
    widths = [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [cell + " " * (width - columns(cell) + gap) for cell, width in zip(row, widths, strict=True)]
        yield [*cells[:-1], row[-1]]
