"""Files of one form: what was judged once is not interpreted again, where only plain values differ.

A data set holds thousands of pickles that differ in numbers, labels and the bytes of arrays alone. Of one
that was judged clean, with nothing to say about it, an expression is made that holds every byte as it was
but those that the machine has passed along without looking at them. What matches it is judged the same.

That it is the same follows from how the expression is made: the stream is interpreted once more, with an
empty mark in place of each value. As soon as anything but stack, memo and built-in containers is handed a
mark, the value behind it counts as looked at, and stays in the expression as it was. Bytes within a call
are held as a `Literal` that cannot be read. The last run has looked at no mark and read no byte, so that
its result is that of every stream which the expression takes.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import Final, NoReturn

from tidegate.inspectors.pickles.actions import Actions
from tidegate.inspectors.pickles.evaluate import helps
from tidegate.inspectors.pickles.limits import Limits
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.machine import Machine
from tidegate.inspectors.pickles.notes import Notes
from tidegate.inspectors.pickles.opcodes import Op
from tidegate.inspectors.pickles.plain import counted
from tidegate.inspectors.pickles.values import Box, Call, Global, Literal, Value
from tidegate.inspectors.pickles.walk import NEVER, Walk
from tidegate.inspectors.pickles.window import Window
from tidegate.inspectors.readable import Memory
from tidegate.inspectors.seam import Judgement
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Evidence, Executes, Verdict
from tidegate.records import dataclass

MOST_BYTES: Final = 1 << 16
"""Of a file: a larger one is read in parts, and what it costs is not the form."""
_MOST_FORMS: Final = 64
_MOST_SEEN: Final = 4096
_MEETINGS: Final = 3
"""Files with the same opcodes after which the next is expected: an expression costs as much as ten files."""
_MOST_STEPS: Final = 4_000
"""Opcodes of a stream of which an expression is made: compiling it takes 10 µs for each."""
_MOST_ROUNDS: Final = 8
_MOST_VALUES: Final = 20_000
"""Looked at in one run, 10 ms, so that containers in each other end."""
_MOST_TEXTS: Final = 8
"""That may differ: each has an alternative for every length, which takes 1 ms to compile."""
_TEXT_BYTES: Final = 40

_EACH: Final = 64
_ONE_OF: Final = 8
_MANY: Final = 512
_ONE_OF_MANY: Final = 64
"""So many files that are of no known form are looked at for theirs, then one of so many, and beyond `_MANY`
one of even more."""

_NUMBERS: Final = frozenset(
    (Op.BININT, Op.BININT1, Op.BININT2, Op.BINFLOAT, Op.NONE, Op.NEWTRUE, Op.NEWFALSE)
)
_NUMBER: Final = rb"(?:[N\x88\x89]|K.|M..|J....|G.{8})"
_TEXT: Final = counted(b"\x8c", b"", _TEXT_BYTES, rb"[\0-\x7f]")
_LONG_TEXT: Final = counted(b"X", rb"\x00\x00\x00", _TEXT_BYTES, rb"[\0-\x7f]")
_TEXTS: Final[dict[int, int]] = {Op.SHORT_BINUNICODE: 2, Op.BINUNICODE: 5}
"""Where the text begins behind its opcode."""
_BYTES: Final = frozenset((Op.SHORT_BINBYTES, Op.BINBYTES, Op.BINBYTES8, Op.BYTEARRAY8))
_FRAME: Final = (2, 11)
"""Where the one frame begins, and what it holds."""


class _NoFormError(Exception):
    """More than the form decides how this one is judged, or it cannot be told."""


@dataclass(slots=True, eq=False)
class _Mark:
    """Stands for a plain value that nobody has looked at."""

    at: int


@dataclass(frozen=True, slots=True)
class Form:
    """What files have in common that are judged the same."""

    pattern: re.Pattern[bytes]
    executes: Executes
    framed: bool
    """The first group of the expression is the length of a frame."""

    def takes(self, data: bytes) -> bool:
        """Tell whether a file is of this form, from its first byte to its last."""
        found = self.pattern.fullmatch(data)
        if found is None:
            return False
        return not self.framed or int.from_bytes(found[1], "little") == len(data) - _FRAME[1]


class Forms:
    """The forms that were met, the last one first."""

    def __init__(self, policy: frozenset[str]) -> None:
        self._policy = policy
        self._forms: list[Form] = []
        self._seen: dict[int, int] = {}
        self._strange = 0

    def known(self, data: bytes) -> Form | None:
        """Return the form of a file, where it was met before."""
        forms = self._forms
        for each in forms:
            if each.takes(data):
                if each is not forms[0]:
                    with suppress(ValueError):  # another thread has moved it
                        forms.remove(each)
                        forms.insert(0, each)
                return each
        return None

    def learn(self, data: bytes, judged: Judgement) -> None:
        """Take up the form of a file that was judged, when it is the third of its kind."""
        self._strange += 1
        if self._strange > _EACH and self._strange % (_ONE_OF if self._strange < _MANY else _ONE_OF_MANY):
            return
        if len(data) > MOST_BYTES or len(self._forms) >= _MOST_FORMS or not _is_quiet(judged):
            return
        with suppress(_NoFormError):
            steps = _steps(data)
            kind = hash(bytes(code for code, _, _ in steps))
            count = self._seen.get(kind, 0) + 1
            if count > 1 or len(self._seen) < _MOST_SEEN:
                self._seen[kind] = count
            # Once: what has no form, or one that the next of its kind is not of, has cost enough.
            if count == _MEETINGS:
                self._forms.insert(0, _form(data, steps, judged, self._policy))


@lru_cache(maxsize=16)
def forms(policy: frozenset[str]) -> Forms:
    """Return the forms that were met under a policy, in this process."""
    return Forms(policy)


def _is_quiet(judged: Judgement) -> bool:
    """Tell whether there is nothing to say but that it is clean."""
    return (
        judged.kind == "pickle"
        and judged.model
        and judged.evidence is Evidence.NONE
        and not judged.observations
        and verdict(judged) is Verdict.CLEAN
    )


_Steps = list[tuple[int, int, int]]
"""Opcode, its offset, and that of what comes after it."""


def _steps(data: bytes) -> _Steps:
    """Return the opcodes of one stream that fills the file, with at most one frame around all of it."""
    if data[:1] != b"\x80" or data[1:2] not in (b"\2", b"\3", b"\4", b"\5"):
        raise _NoFormError
    walk = Walk(Window(Memory(data), len(data)), 0)
    found: _Steps = []
    for code, operand, at in walk:
        if code == Op.FRAME:
            if (at, operand) != (_FRAME[0], len(data) - _FRAME[1]):
                raise _NoFormError
            walk.frame_end = NEVER
        found.append((code, at, walk.at))
        if code == Op.STOP:
            break
        if len(found) > _MOST_STEPS:
            raise _NoFormError
    if not found or found[-1][0] != Op.STOP or walk.at != len(data):
        raise _NoFormError
    return found


def _form(data: bytes, steps: _Steps, judged: Judgement, policy: frozenset[str]) -> Form:
    """Return the widest form that was found. Raises `_NoFormError`."""
    texts = {at for code, at, after in steps if code in _TEXTS and _may_differ(data[at:after])}
    marks = {at for code, at, _ in steps if code in _NUMBERS} | texts
    for _ in range(_MOST_ROUNDS):
        looked_at = _looked_at(data, marks, judged, policy)
        if not looked_at:
            marks -= set(sorted(texts & marks)[_MOST_TEXTS:])
            pattern = re.compile(_expression(data, steps, marks))
            return Form(pattern, judged.executes, framed=pattern.groups > 0)
        marks -= looked_at
    raise _NoFormError


def _may_differ(token: bytes) -> bool:
    """Tell whether a text is one of those that an expression takes for another."""
    text = token[_TEXTS[token[0]] :]
    return text.isascii() and len(text) <= _TEXT_BYTES


def _looked_at(data: bytes, marks: set[int], judged: Judgement, policy: frozenset[str]) -> set[int]:
    """Interpret it with marks. Returns the places of those that were looked at. Raises `_NoFormError`."""
    notes = Notes("pickle")
    limits = Limits()
    actions = _Actions(Loader.C, notes, policy, limits, _unread)
    machine = _Machine(Window(Memory(data), len(data)), 0, Loader.C, notes, actions, limits)
    actions.nested, actions.inline, actions.beside = _unasked, _unasked, _unasked
    try:
        machine.interpret(marks)
    except _NoFormError:
        if not actions.seen:  # a name that was a mark leads astray, and not in the next run
            raise
    if actions.seen:
        return actions.seen
    actions.close()
    notes.close()
    found = notes.judgement
    if not _is_quiet(found) or found.executes is not judged.executes:
        raise _NoFormError
    return set()


def _unread(_offset: int, _count: int) -> bytes:
    raise _NoFormError


def _unasked(*_: object) -> NoReturn:
    raise _NoFormError


class _Actions(Actions):
    """Notes which marks are handed to anything that could look at them."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.seen: set[int] = set()
        self._left = _MOST_VALUES

    def look_at(self, *values: Value) -> bool:
        """Note the marks within values, however deep. Tells whether there are bytes that cannot be read."""
        waiting, known, literal = list(values), set[int](), False
        while waiting:
            value = waiting.pop()
            if isinstance(value, _Mark):
                self.seen.add(value.at)
            elif isinstance(value, Literal):
                literal = True
            elif isinstance(value, (Box, Call)) and id(value) not in known:
                known.add(id(value))
                self._left -= 1
                if self._left < 0:
                    raise _NoFormError
                if isinstance(value, Box):
                    waiting += value.items
                else:
                    waiting += (value.callee, value.kwargs, value.state, *value.args)
            elif isinstance(value, tuple):
                waiting += value
        return literal

    def reduce(self, callee: Value, args: Value, at: int) -> Value:
        self.look_at(callee, args)
        return super().reduce(callee, args, at)

    def new(self, cls: Value, args: Value, kwargs: Value, at: int) -> Value:
        self.look_at(cls, args, kwargs)
        return super().new(cls, args, kwargs, at)

    def call(
        self, callee: Value, args: tuple[Value, ...], at: int, *, kwargs: Value = None, verb: str = "runs"
    ) -> Value:
        literal = self.look_at(callee, args, kwargs)
        if literal and not (isinstance(callee, Global) and not helps(callee)):
            raise _NoFormError  # what it returns depends on the bytes
        return super().call(callee, args, at, kwargs=kwargs, verb=verb)

    def fill(self, target: Value, values: list[Value], how: str, at: int) -> None:
        if not isinstance(target, Box):
            self.look_at(target)  # what is put in is neither kept nor looked at
        super().fill(target, values, how, at)

    def build(self, target: Value, state: Value, at: int, after: int) -> int | None:
        self.look_at(target, state)
        return super().build(target, state, at, after)

    def persistent(self, name: Value, at: int) -> Value:  # noqa: ARG002
        raise _NoFormError


class _Machine(Machine):
    """Has marks on its stack in place of values."""

    actions: _Actions

    def interpret(self, marks: set[int]) -> None:
        """Interpret the stream, which fills the file. Raises `_NoFormError`."""
        for code, operand, at in self.walk:
            if at in marks:
                self.stack.append(_Mark(at))
            elif code in _BYTES:
                kind = "bytearray" if code == Op.BYTEARRAY8 else "bytes"
                size = operand.size_bytes if isinstance(operand, Literal) else len(_bytes(operand))
                self.stack.append(Literal(kind, at, size, b""))
            else:
                if code == Op.STACK_GLOBAL:
                    self.actions.look_at(*self.stack[-2:])
                self.HANDLERS[code](self, operand, at)
            if self.done:
                return
        raise _NoFormError


def _bytes(operand: object) -> bytes:
    if not isinstance(operand, bytes):
        raise _NoFormError
    return operand


def _expression(data: bytes, steps: _Steps, marks: set[int]) -> bytes:
    """Return an expression that takes the file, and all that differ in what was not looked at."""
    parts: list[bytes] = []
    kept = 0
    for code, at, after in steps:
        if at in marks:
            what = _TEXT if code == Op.SHORT_BINUNICODE else _LONG_TEXT if code == Op.BINUNICODE else _NUMBER
        elif code == Op.FRAME:
            what = rb"\x95(.{8})"
        elif code in _BYTES:
            start = at + 1 + {Op.SHORT_BINBYTES: 1, Op.BINBYTES: 4}.get(Op(code), 8)
            what = re.escape(data[at:start]) + b".{%d}" % (after - start)
        else:
            continue
        parts += re.escape(data[kept:at]), what
        kept = after
    parts.append(re.escape(data[kept:]))
    return b"(?s:" + b"".join(parts) + b")"
