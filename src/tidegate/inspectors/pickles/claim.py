"""Whether bytes are a pickle: by trying its first opcodes, never by the name alone.

Protocols 2 to 5 begin with PROTO. Protocols 0 and 1 begin with any opcode, and nearly every opcode is a
letter, so that a text could pass for one: there the opcodes must also make sense on a stack.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from tidegate.inspectors.pickles.opcodes import ARGS, Arg, Op
from tidegate.inspectors.pickles.values import Literal
from tidegate.inspectors.pickles.walk import Operand, Walk
from tidegate.inspectors.pickles.window import Window
from tidegate.inspectors.readable import Memory, Readable

HEAD_BYTES = 4096
_NAMES = (
    ".pkl",
    ".pickle",
    ".pck",
    ".p",
    ".joblib",
    ".dill",
    ".pt",
    ".pth",
    ".ckpt",
    ".bin",
    ".model",
    ".npy",
)
_NAME: Final = re.compile(rb"[A-Za-z_][\w.]*\r?\Z")
"""CR before the line feed belongs to the name, for a loader; who writes it means to be read otherwise."""
_CONTAINER: Final = re.compile(
    rb"7z\xbc\xaf\x27\x1c|\x1f\x8b\x08|\xfd7zXZ\x00|BZh[1-9]1AY|\x04\x22M\x18|\x89HDF\r\n\x1a\n|.{257}ustar",
    re.DOTALL,
)
"""What holds files, and begins with no opcode: a pickle in its head is one of them, not the file."""
_PROTO: Final = re.compile(rb"\x80[\x00-\x05]")
_PROTO_BYTE = b"\x80"
_HIGHEST = 5
_MOST_STARTS = 16
_ENOUGH = 12
"""Opcodes that make sense on a stack; no text of our tests reaches six."""

# By opcode: how many values it needs, and how many stand there after it. Marks count apart.
_PUSH: Final = frozenset({
    Op.INT, Op.LONG, Op.FLOAT, Op.STRING, Op.UNICODE, Op.NONE, Op.BININT, Op.BININT1, Op.BININT2, Op.BINFLOAT,
    Op.BINSTRING, Op.SHORT_BINSTRING, Op.BINUNICODE, Op.EMPTY_DICT, Op.EMPTY_LIST, Op.EMPTY_TUPLE, Op.GLOBAL,
    Op.PERSID, Op.NEWTRUE, Op.NEWFALSE, Op.LONG1, Op.LONG4, Op.BINBYTES, Op.SHORT_BINBYTES, Op.EXT1, Op.EXT2,
    Op.EXT4, Op.SHORT_BINUNICODE, Op.BINUNICODE8, Op.BINBYTES8, Op.EMPTY_SET, Op.BYTEARRAY8, Op.GET,
    Op.BINGET, Op.LONG_BINGET,
})  # fmt: skip
_TAKES: Final = {
    Op.REDUCE: (2, 1), Op.BUILD: (2, 1), Op.APPEND: (2, 1), Op.SETITEM: (3, 1), Op.BINPERSID: (1, 1),
    Op.TUPLE1: (1, 1), Op.TUPLE2: (2, 1), Op.TUPLE3: (3, 1), Op.NEWOBJ: (2, 1), Op.NEWOBJ_EX: (3, 1),
    Op.STACK_GLOBAL: (2, 1), Op.POP: (1, 0), Op.DUP: (1, 2), Op.PUT: (1, 1), Op.BINPUT: (1, 1),
    Op.LONG_BINPUT: (1, 1), Op.MEMOIZE: (1, 1), Op.STOP: (1, 0),
}  # fmt: skip
_TO_MARK: Final = {
    Op.TUPLE: (0, 1), Op.LIST: (0, 1), Op.DICT: (0, 1), Op.INST: (0, 1), Op.FROZENSET: (0, 1), Op.OBJ: (0, 1),
    Op.APPENDS: (1, 1), Op.SETITEMS: (1, 1), Op.ADDITEMS: (1, 1), Op.POP_MARK: (0, 0),
}  # fmt: skip
_NUMBERS: Final = frozenset({Op.INT, Op.LONG, Op.FLOAT, Op.PUT, Op.GET})
_LINES: Final = _NUMBERS | {Op.STRING, Op.UNICODE, Op.PERSID}
_TRIED = 4_096
"""Opcodes after which nothing more is to be learnt."""
_NUMBER: Final = re.compile(rb"\s*[-+]?(?:\d|inf|nan)\S*\s*\Z", re.IGNORECASE)
"""A number, for any loader; "Linear" is none, though L begins one, nor is a line of a log: "I0301 08:00"."""
_BEGUN_NUMBER: Final = re.compile(rb"\s*[-+]?[0-9A-FXa-fx_.]*L?\s*\Z")
"""The beginning of a number that is longer than what is looked at: zeros and spaces, in whatever base."""
_MOST_SEARCHED_BYTES = 64 << 20
"""In which the end of a first line is looked for, where the name does not say that it is a pickle."""
_PUTS: Final = frozenset({Op.PUT, Op.BINPUT, Op.LONG_BINPUT, Op.MEMOIZE})
_GETS: Final = frozenset({Op.GET, Op.BINGET, Op.LONG_BINGET})
_STRINGS: Final = frozenset({
    Op.STRING, Op.UNICODE, Op.BINSTRING, Op.SHORT_BINSTRING, Op.BINUNICODE, Op.SHORT_BINUNICODE,
    Op.BINUNICODE8, Op.BINBYTES, Op.SHORT_BINBYTES,
})  # fmt: skip
_TUPLES: Final = frozenset({Op.TUPLE, Op.EMPTY_TUPLE, Op.TUPLE1, Op.TUPLE2, Op.TUPLE3})
_TEXT: Final = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+\Z")
_CALLS: Final = frozenset({Op.REDUCE, Op.INST, Op.OBJ, Op.NEWOBJ, Op.NEWOBJ_EX, Op.BUILD, Op.STACK_GLOBAL})


def is_pickle(head: bytes, size_bytes: int, name: str) -> bool:
    """Tell whether a file with this head is a pickle. head: its first 4,096 bytes, or all."""
    if _begins_with_proto(head):
        return True
    if head[:1] == _PROTO_BYTE:
        return _calls_in_no_protocol(head, size_bytes)
    if not head or ARGS[head[0]] == Arg.UNKNOWN:
        if _CONTAINER.match(head) or not name.lower().endswith(_NAMES):
            return False
        return _begins_later(head, size_bytes)
    return bool(_makes_sense(Memory(head), whole=size_bytes <= len(head), size_bytes=size_bytes))


def may_be_pickle(head: bytes, size_bytes: int) -> bool:
    """Tell whether a head that is no pickle yet may become one: its first operands go beyond it.

    Loaders read a line or a string of any length: `V`, 5,000 letters, a line feed, and then the payload.
    """
    if not head or head[:1] == _PROTO_BYTE or ARGS[head[0]] == Arg.UNKNOWN or size_bytes <= len(head):
        return False
    return _makes_sense(Memory(head), whole=False, size_bytes=size_bytes) is None


def is_pickle_all_the_same(data: Readable, name: str) -> bool:
    """Tell of a file for which `may_be_pickle` holds whether it is one. Raises what `data.read` raises."""
    whole = data.size_bytes <= _MOST_SEARCHED_BYTES or name.lower().endswith(_NAMES)
    part = data if whole else _Begin(data, _MOST_SEARCHED_BYTES)
    return bool(_makes_sense(part, whole=whole, size_bytes=data.size_bytes))


def _calls_in_no_protocol(head: bytes, size_bytes: int) -> bool:
    """Tell a stream of a protocol that does not exist: loaders refuse it, so only one that calls is told."""
    if len(head) < 3 or head[1] <= _HIGHEST or ARGS[head[2]] == Arg.UNKNOWN:
        return False
    whole = size_bytes <= len(head)
    return bool(_makes_sense(Memory(head[2:]), whole=whole, size_bytes=size_bytes - 2, must_call=True))


def _begins_with_proto(head: bytes) -> bool:
    """PROTO of a protocol that exists and an opcode; a file cut off behind PROTO too."""
    if len(head) < 2 or head[0] != Op.PROTO or head[1] > _HIGHEST:
        return False
    return len(head) == 2 or ARGS[head[2]] != Arg.UNKNOWN


def _begins_later(head: bytes, size_bytes: int) -> bool:
    """Tell whether a pickle stands behind padding or a foreign head, where the name says that it is one.

    Of random bytes one head in three has the two bytes of PROTO: what follows must be a stream.
    """
    whole = size_bytes <= len(head)
    starts = (found.end() for found in islice(_PROTO.finditer(head), _MOST_STARTS))
    return any(
        _makes_sense(Memory(head[start:]), whole=whole, size_bytes=size_bytes - start) for start in starts
    )


def _makes_sense(data: Readable, *, whole: bool, size_bytes: int, must_call: bool = False) -> bool | None:
    """Try opcodes of a stream without PROTO on a count of values and marks.

    data: the stream from its first byte on, or its beginning. whole: all of it. size_bytes: of all of it.
    Returns `None` where the beginning ends within an operand before anything is told.
    """
    window = Window(data, data.size_bytes)
    walk = Walk(window, 0)
    depth, marks, steps, calls = 0, list[int](), 0, False
    put, listed = False, True
    ran = _Ran()
    for code, operand, at in walk:
        steps += 1
        put = put or code in _PUTS
        if code in _GETS and not put:
            # Nothing is there to be had: a loader stops, and what came before decides.
            return calls
        if not _is_operand(code, operand):
            return ran.has
        is_import = code in (Op.GLOBAL, Op.INST)
        calls = calls or is_import
        listed = listed and code == Op.GLOBAL and isinstance(operand, tuple) and _of_a_list(operand)
        if code == Op.MARK:
            marks.append(depth)
            continue
        if code in (Op.FRAME, Op.PROTO):
            continue
        change = _change(code, depth, marks)
        if change is None:
            # A loader stops here, and what ran before has run.
            return ran.has
        depth = change
        ran.step(code)
        if code == Op.STOP:
            if calls or must_call:
                return calls
            return _ends_at(data, at, steps, size_bytes)
        calls = calls or code in _CALLS
        if steps >= _TRIED:
            break
    if ran.has:
        return True
    if listed and steps > 1:
        return False
    if walk.cut_at is None and whole and steps < _TRIED:
        return calls and steps > 1
    if (steps >= _ENOUGH and not must_call) or (calls and steps > 1):
        return True
    return (
        None if walk.cut_at is not None and not whole and _goes_on(data, walk.cut_at, size_bytes) else False
    )


def _is_operand(code: int, operand: Operand) -> bool:
    """Tell whether a loader takes this operand, and a text has it not by chance."""
    if code in (Op.GLOBAL, Op.INST):
        return isinstance(operand, tuple) and all(
            isinstance(part, bytes) and _NAME.match(part) for part in operand
        )
    if isinstance(operand, Literal) and code in _LINES:
        return _may_begin(code, operand.head)
    if code in _NUMBERS:
        return isinstance(operand, bytes) and _NUMBER.match(operand) is not None
    if code == Op.PERSID:
        # Loaders refuse it; a zip begins with this letter, and may have a line feed somewhere.
        return isinstance(operand, bytes) and operand.isascii()
    if code == Op.STRING:
        return isinstance(operand, bytes) and operand[:1] in (b"'", b'"')
    if code == Op.PROTO:
        # Loaders take it anywhere; of a protocol that does not exist they stop.
        return isinstance(operand, int) and operand <= _HIGHEST
    return True


def _ends_at(data: Readable, at: int, steps: int, size_bytes: int) -> bool:
    """Tell whether the STOP at `at` ends a pickle that calls nothing, and no text that has the letter there.

    "GIT v1.5.2.1": a text may come to a STOP by chance, but hardly to one at its end.
    """
    rest = data.read(at + 1, min(HEAD_BYTES, max(0, data.size_bytes - at - 1)))
    if not rest or steps >= _ENOUGH or not _TEXT.match(rest):
        return True
    left = size_bytes - at - 1
    return bool(_makes_sense(Memory(rest), whole=left <= len(rest), size_bytes=left))


class _Ran:
    """Whether a stream has called something: by a name and by arguments that a text has not by chance."""

    def __init__(self) -> None:
        self.has = False
        self._named = False
        self._strings = False
        self._tuple = False

    def step(self, code: int) -> None:
        """Look at the next opcode, which may stand where it does."""
        if code in (Op.GLOBAL, Op.STACK_GLOBAL, Op.EXT1, Op.EXT2, Op.EXT4):
            self._named = True
        elif code in (Op.INST, Op.OBJ):
            self.has = self.has or (self._strings and (self._named or code == Op.INST))
        elif code in (Op.REDUCE, Op.NEWOBJ, Op.NEWOBJ_EX):
            self.has = self.has or (self._named and (self._tuple or code == Op.NEWOBJ_EX))
        self._strings = self._strings or code in _STRINGS
        if code not in _PUTS:
            self._tuple = code in _TUPLES or code in _GETS


def _of_a_list(operand: tuple[bytes | Literal, ...]) -> bool:
    """Tell two lines of a list of names that all begin alike: "com.example.A", "com.example.B".

    As a pickle it would import "om.example.A", and find nothing named "com.example.B" there.
    """
    module, name = operand[0], operand[-1]
    if not isinstance(module, bytes) or not isinstance(name, bytes):
        return False
    first, dot, _ = name.partition(b".")
    return bool(dot) and first == b"c" + module.partition(b".")[0]


def _goes_on(data: Readable, at: int, size_bytes: int) -> bool:
    """Tell whether the operand of the opcode at `at`, which goes beyond what is looked at, may be one."""
    head = data.read(at, min(HEAD_BYTES, data.size_bytes - at))
    if head[0] in _LINES:
        return _may_begin(head[0], head[1:])
    if ARGS[head[0]] == Arg.LINES:
        return False  # no module has so long a name
    walk = Walk(Window(_Longer(head, size_bytes - at), size_bytes - at), 0)
    return next(iter(walk), None) is not None


def _may_begin(code: int, line: bytes) -> bool:
    """Tell whether a long line of text begins as the operand of this opcode may."""
    if code in _NUMBERS:
        return _BEGUN_NUMBER.match(line) is not None
    if code == Op.STRING:
        return line[:1] in (b"'", b'"')
    return line.isascii() or code == Op.UNICODE


class _Begin:
    """The beginning of something."""

    def __init__(self, whole: Readable, size_bytes: int) -> None:
        self._whole = whole
        self.size_bytes = size_bytes

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of it."""
        return self._whole.read(offset, min(count, self.size_bytes - offset))


class _Longer:
    """A beginning with zeros behind it: as long as the whole, for lengths to be compared with."""

    def __init__(self, head: bytes, size_bytes: int) -> None:
        self._head = head
        self.size_bytes = size_bytes

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of it."""
        part = self._head[offset : offset + count]
        return part + bytes(min(count, 1 << 16) - len(part)) if len(part) < count else part


def _change(code: int, depth: int, marks: list[int]) -> int | None:
    """Return how many values there are after an opcode; `None`: it cannot stand here."""
    below = marks[-1] if marks else 0
    if code in _PUSH:
        return depth + 1
    if code in _TAKES:
        needs, leaves = _TAKES[Op(code)]
        if code == Op.POP and marks and depth == below:
            marks.pop()
            return depth
        return depth - needs + leaves if depth - below >= needs else None
    if code in _TO_MARK:
        if not marks:
            return None
        needs, leaves = _TO_MARK[Op(code)]
        begin = marks.pop()
        if code == Op.OBJ and depth == begin:
            return None
        return begin - needs + leaves if begin >= needs else None
    return None
