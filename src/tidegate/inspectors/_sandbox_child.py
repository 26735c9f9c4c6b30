"""What runs in the worker process of `sandbox`: alone, with nothing open but two pipes.

Started as a program: folders to import from, module to import, descriptor to read, descriptor to write.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import platform
import resource
import struct
import sys
import time
from typing import Any, Final

HEADER: Final = struct.Struct("<cI")
RANGE: Final = struct.Struct("<QQ")
READY, TASK, READ, DATA, RESULT, FAILURE = b"R", b"T", b"r", b"d", b"=", b"!"
MOST_SECONDS: Final = 3600
MOST_BYTES: Final = 8 << 30
_MOST_MESSAGE: Final = 17 << 20
_MOST_RANGE: Final = 16 << 20

_PERMITTED: Final[dict[str, tuple[int, str]]] = {
    # An allow list, because the ways out are endless. Memory, waiting, the clock, and the two pipes.
    "x86_64": (
        0xC000003E,
        "0 1 3 5 8 9 10 11 12 13 14 15 19 20 24 25 28 35 39 60 72 96 98 102 131 186 201 202 203 204 219"
        " 228 229 230 231 318 324",
    ),
    "aarch64": (
        0xC00000B7,
        "25 57 62 63 64 65 66 80 93 94 96 98 101 113 114 115 122 123 124 128 132 134 135 139 153 165 169"
        " 172 174 178 214 215 216 222 226 233 278 283",
    ),
}
"""The architecture's mark and the numbers of system calls.
Source: the kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h."""


class Ranges:
    """The item, read through the parent."""

    def __init__(self, down: int, up: int, size_bytes: int) -> None:
        self._down, self._up = down, up
        self.size_bytes = size_bytes

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the item, fewer only at its end."""
        offset, left = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        pieces = []
        while left:
            part = min(left, _MOST_RANGE)
            send(self._up, READ, RANGE.pack(offset, part))
            mark, body = receive(self._down)
            if mark != DATA:
                raise SystemExit(3)
            pieces.append(body)
            if len(body) < part:
                break
            offset, left = offset + part, left - part
        return b"".join(pieces)


def send(where: int, mark: bytes, body: bytes) -> None:
    """Write one message whole."""
    message = memoryview(HEADER.pack(mark, len(body)) + body)
    while message:
        message = message[os.write(where, message) :]


def receive(where: int) -> tuple[bytes, bytes]:
    """Read one message whole; the end of the pipe ends the process."""
    mark, length = HEADER.unpack(_exactly(where, HEADER.size))
    if length > _MOST_MESSAGE:
        raise SystemExit(3)
    return mark, _exactly(where, length)


def _exactly(where: int, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        piece = os.read(where, min(count - len(got), 1 << 20))
        if not piece:
            raise SystemExit(0)
        got += piece
    return bytes(got)


def close_the_door() -> str:
    """Take away what a parser does not need. Returns what holds: `seccomp` or `limits`."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MOST_BYTES if hard == resource.RLIM_INFINITY else min(hard, MOST_BYTES)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (min(1 << 30, most), most))
        resource.setrlimit(resource.RLIMIT_CPU, (60, MOST_SECONDS))
    except (OSError, ValueError):
        return "limits" if not _seccomp() else "seccomp"
    return "seccomp" if _seccomp() else "limits"


def _seccomp() -> bool:
    """Permit only the system calls of the list; any other fails. `False`: the kernel has no such filter."""
    if sys.platform != "linux" or platform.machine() not in _PERMITTED or sys.maxsize < 1 << 32:
        return False
    arch, numbers = _PERMITTED[platform.machine()]

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, value)

    load, equal, answer = 0x20, 0x15, 0x06
    allow, deny = 0x7FFF0000, 0x00050000 | 1  # EPERM
    program = step(load, 4) + step(equal, arch, 1, 0) + step(answer, deny) + step(load, 0)
    for number in map(int, numbers.split()):
        program += step(equal, number, 0, 1) + step(answer, allow)
    program += step(answer, deny)
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = ctypes.create_string_buffer(
        struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer)), 16
    )
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        words = ctypes.c_ulong
        if prctl(38, words(1), words(0), words(0), words(0)):  # PR_SET_NO_NEW_PRIVS
            return False
        return not prctl(22, words(2), words(ctypes.addressof(filter_)), words(0), words(0))  # PR_SET_SECCOMP
    except (OSError, AttributeError):
        return False


def main() -> None:
    """Import, close the door, then answer until the pipe ends."""
    roots, name, down, up = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    sys.path += roots.split(os.pathsep)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        send(up, FAILURE, str(error).encode("utf-8", "replace"))
        return
    platform.machine()
    send(up, READY, close_the_door().encode())
    while True:
        mark, body = receive(down)
        if mark != TASK:
            return
        _answer(module, json.loads(body), down, up)


def _answer(module: Any, request: dict[str, Any], down: int, up: int) -> None:
    function = getattr(module, request["task"].partition(":")[2])
    data = Ranges(down, up, request["size_bytes"])
    try:
        result = function(data, **request["arguments"])
        body = json.dumps({"result": result, "cpu_seconds": time.process_time()}).encode()
    except MemoryError:
        send(up, FAILURE, b"the parser wants more memory than it may have")
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is said of the item, by the type alone
        send(up, FAILURE, f"the parser gave up: {type(error).__name__}".encode())
    else:
        send(up, RESULT, body)


if __name__ == "__main__":
    main()
