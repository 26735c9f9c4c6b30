"""Pickle opcodes put together by hand. Nothing here is ever loaded, and nothing is pickled by Python.

Source of the opcodes: PEP 3154, PEP 574 and the table in CPython's `Lib/pickletools.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable


class Code(bytes):
    """Opcodes that leave one value on the stack, where plain `bytes` would be a value."""

    __slots__ = ()


REDUCE, BUILD, STOP, MARK, POP, DUP = b"R", b"b", b".", b"(", b"0", b"2"
TUPLE, TUPLE1, EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST = b"t", b"\x85", b")", b"}", b"]"
NEWOBJ, NEWOBJ_EX, OBJ, SETITEM, SETITEMS, APPEND = b"\x81", b"\x92", b"o", b"s", b"u", b"a"
APPENDS, STACK_GLOBAL, MEMOIZE, BINPERSID, NONE = b"e", b"\x93", b"\x94", b"Q", b"N"
POP_MARK, TRUE, FALSE = b"1", b"\x88", b"\x89"

COMMAND = "echo tidegate-sample"
"""What the samples would have a shell do: print a line."""


def proto(number: int) -> bytes:
    return bytes((0x80, number))


def text(value: str) -> Code:
    """SHORT_BINUNICODE, or BINUNICODE from 256 bytes on."""
    raw = value.encode("utf-8", "surrogatepass")
    if len(raw) < 256:
        return Code(b"\x8c" + bytes([len(raw)]) + raw)
    return Code(b"X" + struct.pack("<I", len(raw)) + raw)


def long_text(value: str) -> Code:
    """BINUNICODE, which every protocol from 1 on has."""
    raw = value.encode("utf-8", "surrogatepass")
    return Code(b"X" + struct.pack("<I", len(raw)) + raw)


def raw_bytes(value: bytes) -> Code:
    if len(value) < 256:
        return Code(b"C" + bytes([len(value)]) + value)
    return Code(b"B" + struct.pack("<I", len(value)) + value)


def number(value: int) -> Code:
    if 0 <= value < 256:
        return Code(b"K" + bytes([value]))
    if 0 <= value < 65536:
        return Code(b"M" + struct.pack("<H", value))
    if -(2**31) <= value < 2**31:
        return Code(b"J" + struct.pack("<i", value))
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return Code(b"\x8a" + bytes([len(raw)]) + raw)


def put(index: int) -> bytes:
    return b"q" + bytes([index]) if index < 256 else b"r" + struct.pack("<I", index)


def get(index: int) -> Code:
    return Code(b"h" + bytes([index]) if index < 256 else b"j" + struct.pack("<I", index))


def name(dotted: str) -> Code:
    """GLOBAL of `module:qualified.name`, or of `module.name` where no colon tells them apart."""
    module, _, attribute = dotted.partition(":") if ":" in dotted else dotted.rpartition(".")
    return Code(f"c{module}\n{attribute}\n".encode())


def stack_name(dotted: str) -> Code:
    """The same through STACK_GLOBAL."""
    module, _, attribute = dotted.partition(":") if ":" in dotted else dotted.rpartition(".")
    return Code(text(module) + text(attribute) + STACK_GLOBAL)


def push(value: object, *, old: bool = False) -> Code:
    """Return opcodes that push this constant; `Code` as it is. old: texts as protocol 2 has them."""
    match value:
        case Code():
            return value
        case None:
            return Code(NONE)
        case bool():
            return Code(TRUE if value else FALSE)
        case int():
            return number(value)
        case float():
            return Code(b"G" + struct.pack(">d", value))
        case str():
            return long_text(value) if old else text(value)
        case bytes():
            return raw_bytes(value)
        case tuple():
            return Code(EMPTY_TUPLE if not value else MARK + _all(value, old) + TUPLE)
        case list():
            return Code(EMPTY_LIST + MARK + _all(value, old) + APPENDS if value else EMPTY_LIST)
        case dict():
            inner = b"".join(push(k, old=old) + push(v, old=old) for k, v in value.items())
            return Code(EMPTY_DICT + MARK + inner + SETITEMS if value else EMPTY_DICT)
        case _:
            raise TypeError(f"no constant: {type(value).__name__}")


def _all(values: Iterable[object], old: bool) -> bytes:
    return b"".join(push(each, old=old) for each in values)


def call(function: str | Code, *arguments: object) -> Code:
    """Push the result of a call: GLOBAL, arguments, REDUCE."""
    named = name(function) if isinstance(function, str) else function
    return Code(named + push(arguments) + REDUCE)


def made(cls: str | Code, *arguments: object, state: object = None) -> Code:
    """Push an instance through NEWOBJ, with BUILD when it has a state."""
    named = name(cls) if isinstance(cls, str) else cls
    built = b"" if state is None else push(state) + BUILD
    return Code(named + push(arguments) + NEWOBJ + built)


def stream(*parts: bytes, protocol: int = 4) -> bytes:
    """Return a whole pickle."""
    return proto(protocol) + b"".join(parts) + STOP


def framed(*parts: bytes, protocol: int = 4) -> bytes:
    """Return a whole pickle in one frame, as Python writes protocol 4."""
    body = b"".join(parts) + STOP
    return proto(protocol) + b"\x95" + struct.pack("<Q", len(body)) + body


def shell(protocol: int = 4) -> bytes:
    """Return the pickle that the containers hide: `os.system` with a line that prints."""
    return stream(
        call("os.system", COMMAND if protocol >= 4 else Code(long_text(COMMAND))), protocol=protocol
    )
