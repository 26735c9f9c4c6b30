"""Streams that Python's own unpicklers read, and on which `pickletools.genops` raises or loses step."""

from __future__ import annotations

import struct

from corpus_models.assemble import (
    COMMAND,
    POP,
    REDUCE,
    STOP,
    TUPLE1,
    call,
    name,
    proto,
    push,
    shell,
    stream,
    text,
)
from corpus_models.model import Want, add

GROUP = "differentials"
_BEHIND = shell()[2:]

for _id, _what, _before, _source in (
    ("int-hex", "INT in base 16", b"I0x10\n", "CPython `_pickle.c` load_int"),
    ("int-binary", "INT in base 2", b"I0b11\n", "CPython `_pickle.c` load_int"),
    ("int-octal", "INT in base 8, old form: C reads 8, Python raises", b"I010\n", "CPython `_pickle.c` load_int"),
    ("int-nul", "INT with a NUL: only the C unpickler reads it", b"I1\0\n", "ours"),
    ("int-spaces", "INT with spaces around", b"I 7 \n", "ours"),
    ("int-underscore", "INT with an underscore", b"I1_0\n", "ours"),
    ("long-hex", "LONG in base 16", b"L0x10L\n", "CPython load_long"),
    ("long-binary", "LONG in base 2", b"L0b11L\n", "CPython load_long"),
    ("long-no-suffix", "LONG without its suffix", b"L16\n", "CPython load_long"),
    ("float-underscore", "FLOAT with an underscore: only the Python unpickler reads it", b"F1_0.0\n", "ours"),
    ("string-non-ascii", "STRING that is not ASCII, read where an encoding is passed", b"S'\xc3\xa9'\n", "torch serialization.py"),
    ("string-double-quotes", "STRING in double quotes with a quote in it", b"S\"'\"\n", "ours"),
    ("second-proto", "a second PROTO in the middle", b"N" + proto(2), "ours"),
    ("long1-empty", "LONG1 of no bytes", b"\x8a\0", "ours"),
    ("put-spaces", "PUT whose index has a space and a sign", b"Np +1\n", "ours"),
    ("frame-short", "FRAME shorter than its content", b"\x95" + struct.pack("<Q", 1) + b"N", "ours"),
    ("frame-long", "FRAME longer than the file", b"N\x95" + struct.pack("<Q", 1 << 40), "ours"),
    ("frame-zero", "FRAME of no bytes", b"N\x95" + bytes(8), "ours"),
    ("bytearray8", "BYTEARRAY8 of protocol 5 in protocol 4", b"\x96" + struct.pack("<Q", 1) + b"x", "ours"),
    ("binstring-non-utf8", "BINSTRING that is not UTF-8", b"U\x02\xff\xfe", "ours"),
):  # fmt: skip
    add(_id, GROUP, _what + "; a call behind it", _source, proto(4) + _before + POP + _BEHIND)

add(
    "proto-6",
    GROUP,
    "PROTO 6, which no loader reads, before the call",
    "ours",
    proto(6) + _BEHIND,
    want=Want.ALARM,
)
add(
    "harmless-first",
    GROUP,
    "a harmless name first, then what stops genops, then the call",
    "ours",
    stream(call("collections.OrderedDict"), POP, b"I0x10\n", POP, call("os.system", COMMAND)),
)
_OPERAND = text(COMMAND)
_FRAME = call("collections.OrderedDict") + b"X" + struct.pack("<I", 4)
add(
    "frame-straddle",
    GROUP,
    "an operand that straddles its FRAME: the C unpickler takes the rest from the file",
    "cpython #154848",
    proto(4) + b"\x95" + struct.pack("<Q", len(_FRAME)) + _FRAME + b"abcd" + POP + POP + _BEHIND,
)
add(
    "frame-straddle-name",
    GROUP,
    "a GLOBAL that straddles its FRAME",
    "fickling test_frame_boundary_divergence",
    proto(4) + b"\x95" + struct.pack("<Q", 4) + name("os.system") + push((COMMAND,)) + REDUCE + STOP,
)
add(
    "no-proto-4",
    GROUP,
    "protocol 4 opcodes without PROTO",
    "ours",
    text("os") + text("system") + b"\x93" + text(COMMAND) + TUPLE1 + REDUCE + STOP,
)
add(
    "crlf",
    GROUP,
    "names ended by CR LF: the loader looks for a name that ends in CR",
    "ours",
    b"cos\r\nsystem\r\n(S'" + COMMAND.encode() + b"'\r\ntR.",
    want=Want.ALARM,
)
add(
    "python2-names",
    GROUP,
    "protocol 2 maps the names of Python 2: commands of `commands`",
    "CPython _compat_pickle.py",
    stream(call("commands.getoutput", COMMAND), protocol=2),
)
add(
    "python2-urllib",
    GROUP,
    "the same for urllib",
    "CPython _compat_pickle.py",
    stream(call("urllib.urlopen", "http://tidegate.invalid/"), protocol=2),
)
