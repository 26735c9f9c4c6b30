"""Ways to spell a call in opcodes: which opcode names it, which one calls it, and where the operands come from."""

from __future__ import annotations

import struct

from corpus_models.assemble import (
    APPEND,
    BINPERSID,
    BUILD,
    COMMAND,
    DUP,
    EMPTY_DICT,
    EMPTY_LIST,
    EMPTY_TUPLE,
    MARK,
    MEMOIZE,
    NEWOBJ,
    NEWOBJ_EX,
    NONE,
    OBJ,
    POP,
    POP_MARK,
    REDUCE,
    SETITEM,
    STACK_GLOBAL,
    STOP,
    TUPLE,
    TUPLE1,
    Code,
    call,
    framed,
    get,
    long_text,
    made,
    name,
    number,
    proto,
    push,
    put,
    shell,
    stack_name,
    stream,
    text,
)
from corpus_models.model import Want, add

SPEC = "pickle specification"
GROUP = "opcodes"

_TEXT_COMMAND = Code(f"V{COMMAND}\n".encode())
_STRING_COMMAND = Code(f"S'{COMMAND}'\n".encode())
_CALL_ARGUMENTS = push((COMMAND,)) + REDUCE


def _spelled(id_: str, what: str, data: bytes, source: str = SPEC, want: Want = Want.DANGEROUS) -> None:
    add(id_, GROUP, what, source, data, want=want)


_spelled(
    "global-reduce-0",
    "GLOBAL and REDUCE, protocol 0, no PROTO",
    name("os.system") + MARK + _STRING_COMMAND + TUPLE + REDUCE + STOP,
    "Slaviero, Black Hat 2011",
)
_spelled(
    "global-reduce-1",
    "GLOBAL and REDUCE, protocol 1",
    name("os.system") + put(0) + MARK + long_text(COMMAND) + put(1) + TUPLE + put(2) + REDUCE + put(3) + STOP,
    "Slaviero, Black Hat 2011",
)
_spelled(
    "global-reduce-2",
    "GLOBAL and REDUCE, protocol 2",
    stream(name("posix.system"), long_text(COMMAND), TUPLE1, REDUCE, protocol=2),
    "Slaviero, Black Hat 2011",
)
_spelled(
    "global-nt",
    "the name that Windows pickles carry",
    stream(call("nt.system", COMMAND)),
    "picklescan tests/data",
)
_spelled(
    "stack-global",
    "STACK_GLOBAL, protocol 4, framed",
    framed(stack_name("os.system"), MEMOIZE, text(COMMAND), MEMOIZE, TUPLE1, MEMOIZE, REDUCE, MEMOIZE),
)
_spelled(
    "stack-global-long-text",
    "STACK_GLOBAL with BINUNICODE8 operands",
    stream(
        b"\x8d" + struct.pack("<Q", 2) + b"os",
        b"\x8d" + struct.pack("<Q", 6) + b"system",
        STACK_GLOBAL,
        _CALL_ARGUMENTS,
    ),
)
_spelled("inst", "INST", b"(" + _STRING_COMMAND + b"ios\nsystem\n" + STOP, "picklescan PR #21")
_spelled("obj", "OBJ", stream(MARK, name("os.system"), text(COMMAND), OBJ))
_spelled(
    "obj-stack-global",
    "OBJ of a name from STACK_GLOBAL",
    stream(MARK, stack_name("os.system"), text(COMMAND), OBJ),
)
_spelled(
    "newobj",
    "NEWOBJ of a class that starts a process",
    stream(made("subprocess.Popen", ["echo", "tidegate"])),
)
_spelled(
    "newobj-ex",
    "NEWOBJ_EX with keyword arguments",
    stream(name("subprocess.Popen"), push((["echo", "tidegate"],)), push({"shell": False}), NEWOBJ_EX),
)
_spelled(
    "memo-operands",
    "STACK_GLOBAL whose operands arrive only by memo",
    stream(
        text("os"), put(0), POP, text("system"), put(1), POP, get(0), get(1), STACK_GLOBAL, _CALL_ARGUMENTS
    ),
    "picklescan PR #16, #23",
)
_spelled(
    "memo-list-operand",
    "a name's operand taken out of the memo inside a list",
    stream(
        EMPTY_LIST, text("os"), MEMOIZE, APPEND, POP, get(0), text("system"), STACK_GLOBAL, _CALL_ARGUMENTS
    ),
    "ours",
)
_spelled(
    "memo-after-pop",
    "memoise after push and pop: the opcode before is not what is memoised",
    stream(text("os"), text("sys"), POP, put(0), POP, get(0), text("system"), STACK_GLOBAL, _CALL_ARGUMENTS),
    "ours",
)
_spelled(
    "memo-overwritten-before",
    "memo slot overwritten before its use",
    stream(
        text("collections"), put(0), POP, text("os"), put(0), POP,
        get(0), text("system"), STACK_GLOBAL, _CALL_ARGUMENTS,
    ),
    "arXiv 2607.17503",
)  # fmt: skip
_spelled(
    "memo-overwritten-after",
    "memo slot overwritten after its use, against readers that keep the last write",
    stream(
        text("os"), put(0), POP, get(0), text("system"), STACK_GLOBAL, _CALL_ARGUMENTS, POP,
        text("collections"), put(0),
    ),
    "ours",
)  # fmt: skip
_spelled(
    "memo-global",
    "the function itself arrives by memo",
    stream(name("os.system"), put(300), POP, number(1), POP, get(300), _CALL_ARGUMENTS),
    "ours",
)
_spelled(
    "memo-text-get",
    "PUT and GET in text form",
    stream(name("os.system"), b"p7\n", POP, b"g7\n", _CALL_ARGUMENTS),
    SPEC,
)
_spelled(
    "dup-global",
    "the function duplicated, one copy thrown away",
    stream(name("os.system"), DUP, POP, _CALL_ARGUMENTS),
    "ours",
)
_spelled(
    "mark-discard",
    "the call's result discarded with POP_MARK",
    stream(MARK, call("os.system", COMMAND), POP_MARK, NONE),
    "ours",
)
_spelled(
    "add-extension",
    "copyreg.add_extension, then EXT1",
    stream(call("copyreg.add_extension", "os", "system", 7), POP, b"\x82\x07", _CALL_ARGUMENTS),
)
_spelled("ext1", "EXT1 through the process's registry", stream(b"\x82\x07", _CALL_ARGUMENTS), want=Want.ALARM)
_spelled(
    "ext2", "EXT2 through the process's registry", stream(b"\x83\x07\x01", _CALL_ARGUMENTS), want=Want.ALARM
)
_spelled(
    "ext4",
    "EXT4 through the process's registry",
    stream(b"\x84\x07\x01\0\0", _CALL_ARGUMENTS),
    want=Want.ALARM,
)
for _id, _dotted in {
    "dotted-stdlib": "logging:os.system",
    "dotted-deep": "http.server:os.system",
    "dotted-torch": "torch.serialization:os.system",
    "dotted-torch-root": "torch:serialization.os.system",
    "dotted-numpy": "numpy:testing._private.utils.os.system",
    "dotted-sklearn": "sklearn.utils:os.system",
    "dotted-builtins": "collections:abc.sys.modules",
}.items():
    _spelled(
        _id,
        f"dotted attribute through a harmless module: {_dotted}",
        stream(stack_name(_dotted), _CALL_ARGUMENTS),
        "fickling GHSA-5j3x-jp52-966f",
        Want.ALARM if _id == "dotted-builtins" else Want.DANGEROUS,
    )
_spelled(
    "shadow-name",
    "an allow-listed name overwritten through its module's __dict__",
    stream(
        stack_name("torch._utils:__dict__"), text("_rebuild_tensor_v2"), name("os.system"), SETITEM, POP,
        name("torch._utils._rebuild_tensor_v2"), _CALL_ARGUMENTS,
    ),
    "ShadowPickle, arXiv 2607.17503",
)  # fmt: skip
_spelled(
    "shadow-build",
    "an allow-listed class patched by BUILD with slot state",
    stream(
        name("collections.OrderedDict"), push((None, {"__setstate__": name("os.system")})), BUILD, POP,
        name("collections.OrderedDict"), EMPTY_TUPLE, NEWOBJ, text(COMMAND), BUILD,
    ),
    "ours",
)  # fmt: skip
_spelled(
    "sys-modules",
    "sys.modules overrides a module by another",
    stream(
        name("sys.modules"), put(0), text("json"), name("importlib.import_module"), push(("os",)), REDUCE,
        SETITEM, POP, name("json.system"), _CALL_ARGUMENTS,
    ),
    "picklescan tests/data",
)  # fmt: skip
_spelled(
    "sys-modules-alone",
    "sys.modules made to answer for itself",
    stream(
        name("sys.modules"),
        text("sys"),
        name("sys.modules"),
        SETITEM,
        POP,
        name("sys.get"),
        push(("os",)),
        REDUCE,
    ),
    "picklescan tests/data",
)
_spelled("truncated", "no STOP", shell()[:-1], "nullifAI, ReversingLabs")
_spelled(
    "truncated-operand",
    "ends within the operand of a text after the call",
    stream(call("os.system", COMMAND), b"X\xff\0\0\0abc")[:-1],
    "nullifAI, ReversingLabs",
)
_spelled(
    "invalid-opcode", "an opcode that does not exist after the call", shell()[:-1] + b"\xff\xfe", "nullifAI"
)
_spelled(
    "stack-underflow",
    "an error on purpose after the call: POP of an empty stack",
    shell()[:-1] + POP + POP + POP + STOP,
    "arXiv 2508.19774",
)
_spelled(
    "raise-mid-stream",
    "a call that raises, after the one that matters",
    stream(call("os.system", COMMAND), POP, call("builtins.int", "no number")),
    "arXiv 2508.19774",
)
_spelled(
    "missing-memo",
    "GET of a slot that was never written, after the call",
    shell()[:-1] + get(200) + STOP,
    "arXiv 2508.19774",
)
_HARMLESS = stream(push({"a": 1}))
_spelled("second-pickle", "a second pickle behind a harmless one", _HARMLESS + shell(), "picklescan tests")
_spelled("far-pickle", "behind 400 harmless pickles", _HARMLESS * 400 + shell(), "ours")
_spelled(
    "padded-pickle",
    "behind 64 NUL bytes",
    _HARMLESS + bytes(64) + shell(),
    "modelaudit tests",
    Want.DANGEROUS,
)
_spelled(
    "padded-pickle-4096", "behind 4,096 NUL bytes", _HARMLESS + bytes(4096) + shell(), "modelaudit tests"
)
_spelled("junk-pickle", "behind a line of text", _HARMLESS + b"end of header\n" + shell(), "ours", Want.ALARM)
add(
    "after-long-text",
    GROUP,
    "behind a text of 12 MiB, beyond byte limits",
    "ours",
    lambda: stream(long_text("x" * (12 << 20)), POP, call("os.system", COMMAND)),
)
add(
    "after-no-ops",
    GROUP,
    "behind 1.2 million pairs of opcodes that do nothing, beyond opcode limits",
    "ours",
    lambda: stream((NONE + POP) * 1_200_000, call("os.system", COMMAND)),
)
add(
    "after-memo",
    GROUP,
    "behind 300,000 memoised numbers",
    "ours",
    lambda: stream((b"K\x01" + MEMOIZE + POP) * 300_000, call("os.system", COMMAND)),
)
_spelled(
    "surrogate",
    "an operand with a lone surrogate before the call",
    stream(text("\ud800"), POP, call("os.system", COMMAND)),
    "picklescan tests/data",
)
_spelled(
    "unicode-escape",
    "raw-unicode escapes in the operands of a name",
    stream(b"V\\u006f\\u0073\n", b"V\\u0073ystem\n", STACK_GLOBAL, MARK, _TEXT_COMMAND, TUPLE, REDUCE),
    "ours",
)
_spelled(
    "string-escape",
    "escapes in STRING operands of a name",
    stream(b"S'\\x6f\\x73'\n", b"S'\\163ystem'\n", STACK_GLOBAL, MARK, _STRING_COMMAND, TUPLE, REDUCE),
    "ours",
)
_spelled(
    "obj-popped",
    "OBJ whose result is thrown away",
    stream(MARK, name("os.system"), text(COMMAND), OBJ, POP, NONE),
    "fickling GHSA-mxhj-88fx-4pcv",
)
_spelled(
    "build-behind",
    "a trailing BUILD makes the call look used",
    stream(call("os.system", COMMAND), EMPTY_DICT, BUILD),
    "fickling GHSA-mhc9-48gj-9gp3",
)
_spelled(
    "in-dict-key",
    "the call as a key of a dictionary",
    stream(EMPTY_DICT, call("os.system", COMMAND), NONE, SETITEM),
    "ours",
)
_spelled(
    "in-deep-list",
    "the call in 200 nested lists",
    stream(EMPTY_LIST * 200, call("os.system", COMMAND), APPEND * 200),
    "ours",
)
_spelled("persid", "BINPERSID of what another opcode called", stream(call("os.system", COMMAND), BINPERSID))
_spelled(
    "setstate-object",
    "a class nobody knows, with state for its __setstate__",
    stream(made("acme_nets.models.Net", state={"layers": 3})),
    SPEC,
    Want.ALARM,
)
_spelled("unknown-call", "a function nobody knows", stream(call("acme_nets.load", "x")), SPEC, Want.ALARM)
_spelled(
    "import-only",
    "a name whose module acts when imported",
    stream(name("antigravity.geohash")),
    SPEC,
    Want.ALARM,
)
_spelled(
    "import-this",
    "a module of the attacker's package, only imported",
    stream(name("acme_nets.x")),
    SPEC,
    Want.ALARM,
)
_spelled(
    "memo-bomb",
    "LONG_BINPUT of index 2^31-1",
    stream(NONE, b"r\xff\xff\xff\x7f"),
    "CPython issue",
    Want.ALARM,
)
_spelled(
    "dup-bomb", "growth by DUP and TUPLE2, 60 times", stream(NONE, (DUP + b"\x86") * 60), "fickling ExpansionAttackAnalysis",
    Want.ALARM,
)  # fmt: skip
_spelled(
    "length-bomb",
    "BINUNICODE8 that claims 2^62 bytes",
    proto(4) + b"\x8d" + struct.pack("<Q", 1 << 62) + b"x",
    "ours",
    Want.ALARM,
)
_spelled(
    "elf-prefix",
    "an ELF header before the stream",
    b"\x7fELF\x02\x01\x01" + bytes(57) + shell(),
    "polyglot literature",
    Want.DANGEROUS,
)
_spelled(
    "shell-prefix",
    "a shell script before the stream",
    b"#!/bin/sh\nexit 0\n" + shell(),
    "polyglot literature",
    Want.DANGEROUS,
)
