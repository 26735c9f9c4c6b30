"""Readers that cannot be bounded from within: in a process of their own, with limits of memory and time."""

from __future__ import annotations

import atexit
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tidegate.sources.unpack.limits import Budget
from tidegate.sources.unpack.reader import Reader

_PROGRAM: Final = Path(__file__).with_name("sandboxed.py")
_FRAME: Final = struct.Struct("<cI")
_JOB: Final = struct.Struct("<8sQ")
_MOST: Final = 1 << 24
"""Bytes in one frame; a child that says more is out of its mind."""


class _Child:
    """The process. It serves one job after the other, and is ended when one goes wrong."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            # -P: the folder of the program is no place to import from.
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )

    def close(self) -> None:
        """End it, whatever it does."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.kill()
        self.process.wait()


_children: list[_Child] = []
"""At most one that is idle. A process that was forked does not use its parent's."""


def _child() -> _Child:
    while _children:
        child = _children.pop()
        if child.owner == os.getpid() and child.process.poll() is None:
            return child
    return _Child()


@atexit.register
def close() -> None:
    """End the idle child."""
    while _children:
        child = _children.pop()
        if child.owner == os.getpid():
            child.close()


def run(
    kind: str, data: memoryview, inner: str, budget: Budget, *, seconds: float
) -> Iterator[tuple[str, Reader]]:
    """Yield the documents the reader of `kind` finds in `data`. Its end, early or late, is a gap.

    `seconds` counts the time it is waited for, not what the caller does in between.
    """
    child = _child()
    whole = False
    try:
        yield from _documents(child, kind, data, inner, budget, seconds)
        whole = True
    except (_EndedError, OSError) as error:
        budget.gap(inner, f"{kind} reader {error if isinstance(error, _EndedError) else 'ended early'}")
    finally:
        if whole:
            _children.append(child)
        else:
            child.close()


class _EndedError(Exception):
    """Nothing more comes from the child; the message says why."""


class _Frames:
    """Reads what the child says, with a limit to the waiting."""

    def __init__(self, descriptor: int, seconds: float) -> None:
        self.descriptor = descriptor
        self.left = seconds

    def read(self) -> tuple[bytes, bytes]:
        kind, size = _FRAME.unpack(self._exactly(_FRAME.size))
        if size > _MOST:
            raise _EndedError("said what makes no sense")
        return kind, self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        pieces = []
        while count:
            start = time.monotonic()
            ready, _, _ = select.select([self.descriptor], [], [], max(self.left, 0))
            self.left -= time.monotonic() - start
            if not ready:
                raise _EndedError("took too long and was ended")
            piece = os.read(self.descriptor, min(count, 1 << 18))
            if not piece:
                raise _EndedError("ended early: damaged, or more memory was asked for than it may have")
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)


def _documents(
    child: _Child, kind: str, data: memoryview, inner: str, budget: Budget, seconds: float
) -> Iterator[tuple[str, Reader]]:
    if child.process.stdin is None or child.process.stdout is None:
        raise _EndedError("has no pipes")
    send = child.process.stdin.fileno()
    _write(send, memoryview(_JOB.pack(kind.encode(), len(data))))
    _write(send, data)
    frames = _Frames(child.process.stdout.fileno(), seconds)
    while True:
        what, value = frames.read()
        if what == b"E":
            return
        if what == b"G":
            budget.gap(inner, value.decode("utf-8", "replace"))
        elif what == b"D":
            name, _, text = value.partition(b"\x00")
            budget.member()
            budget.spend(len(text))
            yield name.decode("utf-8", "replace"), Reader(text)
        else:
            raise _EndedError("said what makes no sense")


def _write(descriptor: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(descriptor, data[: 1 << 20]) :]
