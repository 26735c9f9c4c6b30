"""The opcodes of pickle protocols 0 to 5 and what stands behind each: our own table.

Not `pickletools`: its readers refuse operands that real loaders take, and a parser that stops where the
loader goes on is blind behind that byte. Source: CPython's `Lib/pickle.py` and `Modules/_pickle.c`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Arg(IntEnum):
    """What follows an opcode: 0 to 8 is so many bytes, read as one number; below, what ends by itself."""

    NONE = 0
    LINE = -1
    """Up to a line feed."""
    LINES = -2
    """Two lines: module and name."""
    COUNTED_1 = -11
    """A length of one byte, then so many bytes."""
    COUNTED_4 = -14
    """A length of four bytes, little-endian."""
    COUNTED_8 = -18
    UNKNOWN = -99
    """No loader knows this opcode."""


class Op(IntEnum):
    """Opcodes by their name in `pickle.py`."""

    MARK = 0x28
    STOP = 0x2E
    POP = 0x30
    POP_MARK = 0x31
    DUP = 0x32
    FLOAT = 0x46
    INT = 0x49
    BININT = 0x4A
    BININT1 = 0x4B
    LONG = 0x4C
    BININT2 = 0x4D
    NONE = 0x4E
    PERSID = 0x50
    BINPERSID = 0x51
    REDUCE = 0x52
    STRING = 0x53
    BINSTRING = 0x54
    SHORT_BINSTRING = 0x55
    UNICODE = 0x56
    BINUNICODE = 0x58
    APPEND = 0x61
    BUILD = 0x62
    GLOBAL = 0x63
    DICT = 0x64
    EMPTY_DICT = 0x7D
    APPENDS = 0x65
    GET = 0x67
    BINGET = 0x68
    INST = 0x69
    LONG_BINGET = 0x6A
    LIST = 0x6C
    EMPTY_LIST = 0x5D
    OBJ = 0x6F
    PUT = 0x70
    BINPUT = 0x71
    LONG_BINPUT = 0x72
    SETITEM = 0x73
    TUPLE = 0x74
    EMPTY_TUPLE = 0x29
    SETITEMS = 0x75
    BINFLOAT = 0x47
    PROTO = 0x80
    NEWOBJ = 0x81
    EXT1 = 0x82
    EXT2 = 0x83
    EXT4 = 0x84
    TUPLE1 = 0x85
    TUPLE2 = 0x86
    TUPLE3 = 0x87
    NEWTRUE = 0x88
    NEWFALSE = 0x89
    LONG1 = 0x8A
    LONG4 = 0x8B
    BINBYTES = 0x42
    SHORT_BINBYTES = 0x43
    SHORT_BINUNICODE = 0x8C
    BINUNICODE8 = 0x8D
    BINBYTES8 = 0x8E
    EMPTY_SET = 0x8F
    ADDITEMS = 0x90
    FROZENSET = 0x91
    NEWOBJ_EX = 0x92
    STACK_GLOBAL = 0x93
    MEMOIZE = 0x94
    FRAME = 0x95
    BYTEARRAY8 = 0x96
    NEXT_BUFFER = 0x97
    READONLY_BUFFER = 0x98


_OPERANDS: dict[Op, int] = {
    Op.FLOAT: Arg.LINE, Op.INT: Arg.LINE, Op.LONG: Arg.LINE, Op.PERSID: Arg.LINE, Op.STRING: Arg.LINE,
    Op.UNICODE: Arg.LINE, Op.GET: Arg.LINE, Op.PUT: Arg.LINE, Op.GLOBAL: Arg.LINES, Op.INST: Arg.LINES,
    Op.BININT: 4, Op.BININT1: 1, Op.BININT2: 2, Op.BINFLOAT: 8, Op.PROTO: 1, Op.FRAME: 8,
    Op.BINGET: 1, Op.LONG_BINGET: 4, Op.BINPUT: 1, Op.LONG_BINPUT: 4, Op.EXT1: 1, Op.EXT2: 2, Op.EXT4: 4,
    Op.SHORT_BINSTRING: Arg.COUNTED_1, Op.SHORT_BINBYTES: Arg.COUNTED_1, Op.SHORT_BINUNICODE: Arg.COUNTED_1,
    Op.LONG1: Arg.COUNTED_1, Op.BINSTRING: Arg.COUNTED_4, Op.BINBYTES: Arg.COUNTED_4,
    Op.BINUNICODE: Arg.COUNTED_4, Op.LONG4: Arg.COUNTED_4, Op.BINUNICODE8: Arg.COUNTED_8,
    Op.BINBYTES8: Arg.COUNTED_8, Op.BYTEARRAY8: Arg.COUNTED_8,
}  # fmt: skip

_KNOWN = frozenset(int(op) for op in Op)

ARGS: Final[tuple[int, ...]] = tuple(
    int(_OPERANDS.get(Op(code), Arg.NONE)) if code in _KNOWN else int(Arg.UNKNOWN) for code in range(256)
)
"""By opcode byte: what follows it."""
