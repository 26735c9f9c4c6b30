"""Protocol buffers as text, put into their binary form: what judges the one judges the other.

Only the fields of a small schema are taken along; what has another name is read past. Nothing recurses.
Source: protobuf.dev/reference/protobuf/textformat-spec.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tidegate.inspectors.models._notes import IncompleteError, MalformedError
from tidegate.records import dataclass, field

_TOKEN: Final = re.compile(
    rb"(?s)(?:[ \t\r\n\f\v]++|\#[^\n]*+)*+"
    rb"(?:(?P<text>\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+')"
    rb"|(?P<word>[A-Za-z_][A-Za-z0-9_]*+)|(?P<number>[0-9.](?:[eE][+-]|[A-Za-z0-9_.])*+)|(?P<sign>[{}<>\[\]:,;/+-])|(?P<end>\Z))"
)
_DEEPEST: Final = 100
"""As protobuf's own parser."""
_MOST_TOKENS: Final = 12_000_000
_OFTEN: Final = 1 << 16
_ESCAPE: Final = re.compile(
    rb"\\(x[0-9A-Fa-f]{1,2}|X[0-9A-Fa-f]{1,2}|[0-7]{1,3}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL
)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_CLOSES: Final = {b"{": b"}", b"<": b">"}

TEXT: Final = ""
"""A field that is a text."""
NUMBER: Final = "0"
Schema = Mapping[str, Mapping[bytes, tuple[int, str]]]
"""Message -> name of a field -> its number, and the message that it is, `TEXT` or `NUMBER`."""


@dataclass(slots=True)
class Message:
    """A message in its binary form."""

    kind: str
    """Its name in the schema; empty for one that is read past."""
    number: int = 0
    closes: bytes = b""
    body: bytearray = field(default_factory=bytearray)
    places: list[tuple[int, int]] = field(default_factory=list)
    """Of each message in it: where it is in `body`, and where in the text."""
    at: int = 0
    lists: bool = False
    """Within [ ]: more values of one field may come."""


def varint(number: int) -> bytes:
    """Return a number as protocol buffers write it."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def unescaped(text: bytes) -> bytes:
    """Return what a text between its quotation marks stands for."""
    return _ESCAPE.sub(_character, text) if b"\\" in text else text


def _character(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1] in b"xX" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code.isdigit():
        return bytes([int(code, 8) & 0xFF])
    if code[:1] in b"uU" and len(code) > 1:
        point = int(code[1:], 16)
        return chr(point).encode("utf-8", "replace") if point < 0x110000 else b"?"
    return _LETTERS.get(code, code)


class Reader:
    """Reads one text from its first byte to its last."""

    def __init__(self, text: bytes, schema: Schema, check: Callable[[], None]) -> None:
        """check: raises when the time is over."""
        self._text = text
        self._schema = schema
        self._check = check
        self._at = 0
        self._kind = ""
        self._token = b""
        self._start = 0
        self._left = _MOST_TOKENS

    def read(self, root: str) -> Message:
        """Return the whole. Raises `MalformedError`, `IncompleteError`, and what `check` raises."""
        stack = [Message(root)]
        self._next()
        while True:
            top = stack[-1]
            if self._kind == "end":
                if len(stack) > 1:
                    raise MalformedError("the text ends within a message", self._start)
                return top
            if self._token == top.closes and top.closes:
                self._next()
                self._close(stack)
                continue
            if top.closes == b"]":
                self._value(stack, top)
                continue
            if self._token in (b",", b";") and self._kind == "sign":
                self._next()
                continue
            self._field(stack, top)

    def _field(self, stack: list[Message], top: Message) -> None:
        """Read the name of a field, and its value or how that begins."""
        start, name = self._start, b""
        if self._kind == "word":
            name = self._token
            self._next()
        elif self._token == b"[":
            while self._token != b"]" and self._kind != "end":
                self._next()
            self._next()
        else:
            raise MalformedError("no name of a field where one should be", start)
        number, kind = self._schema.get(top.kind, {}).get(name, (0, ""))
        if self._token == b":":
            self._next()
        if self._token == b"[":
            self._open(stack, Message(kind, number, b"]", at=start, lists=True))
            return
        self._one(stack, top, number, kind, start)

    def _value(self, stack: list[Message], top: Message) -> None:
        """Read one value of a list."""
        if self._token == b",":
            self._next()
            return
        self._one(stack, top, top.number, top.kind, self._start)

    def _one(self, stack: list[Message], top: Message, number: int, kind: str, start: int) -> None:
        if self._kind == "end":
            raise MalformedError("the text ends behind the name of a field", start)
        if self._token in _CLOSES and self._kind == "sign":
            known = kind if number and kind not in (TEXT, NUMBER) else ""
            self._open(stack, Message(known, number, _CLOSES[self._token], at=start))
            return
        if self._kind == "text":
            parts = []
            while self._kind == "text":
                parts.append(unescaped(self._token[1:-1]))
                self._next()
            if number and kind == TEXT:
                whole = b"".join(parts)
                top.body += varint(number << 3 | 2) + varint(len(whole)) + whole
            return
        while self._token in (b"-", b"+"):
            self._next()
        if self._kind not in ("word", "number"):
            raise MalformedError("no value where one should be", self._start)
        if number and kind == NUMBER and self._token.isdigit():
            top.body += varint(number << 3) + varint(int(self._token[:18]))
        self._next()

    def _open(self, stack: list[Message], message: Message) -> None:
        if len(stack) > _DEEPEST:
            raise MalformedError(f"messages within messages, {_DEEPEST} deep", self._start)
        stack.append(message)
        self._next()

    def _close(self, stack: list[Message]) -> None:
        """Put a message into the one around it, or the values of a list."""
        done = stack.pop()
        top = stack[-1]
        base = len(top.body)
        if not done.lists:
            if not (done.number and done.kind):
                return
            head = varint(done.number << 3 | 2) + varint(len(done.body))
            base += len(head)
            top.body += head
            top.places.append((base, done.at))
        top.body += done.body
        top.places += ((base + place, at) for place, at in done.places)

    def _next(self) -> None:
        self._left -= 1
        if not self._left % _OFTEN:
            self._check()
            if self._left <= 0:
                raise IncompleteError(f"more than {_MOST_TOKENS:,} words")
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise MalformedError("a character that stands for nothing", self._at)
        self._kind = found.lastgroup or "end"
        self._token = found[self._kind]
        self._start, self._at = found.start(self._kind), found.end()
