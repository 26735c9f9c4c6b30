"""A worker process for parsers that are not to be trusted with hostile bytes: native ones, complex ones.

The child asks for ranges, the parent reads them within the item's budget, and what comes back is JSON.

What is held to on Linux, on x86-64 and arm64: bounds on processor time, memory and bytes read; and, once the
module is imported, no file is opened, no connection made, no program or process started (seccomp, with a
list of permitted system calls). Where the kernel has no such filter, and on other systems, a limit of no new
descriptors alone keeps files and connections off, which a process of root could raise again.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from tidegate.inspectors import _sandbox_child as child
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable

_ROOTS: list[str] = [str(Path(__file__).resolve().parents[2])]
"""Where the worker finds modules beside what is installed."""
_START_SECONDS: Final = 30.0
"""For the interpreter and the import, on a busy machine."""
_MOST_RESULT_BYTES: Final = 64 << 20
_MOST_RANGE_BYTES: Final = 16 << 20
_MOST_IDLE: Final = 2
"""Children a module, kept warm."""
_MOST_CALLS: Final = 200
"""After so many calls a child is replaced: what a parser leaks goes with it."""


class SandboxError(Exception):
    """The parser gave no answer: it died, took too long, wanted too much, or raised."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """Which of these, for a sentence: "the parser took too long"."""


def call(
    task: str,
    data: Readable,
    arguments: dict[str, Any],
    *,
    meter: Meter,
    seconds: float = 20.0,
    memory_bytes: int = 1 << 30,
    read_bytes: int = 64 << 20,
) -> Any:
    """Run `task`, "module:function", in a worker as `function(data, **arguments)`; return what it returns.

    data: the function gets an object with `size_bytes` and `read(offset, count)`. arguments, result: JSON.
    seconds: of processor time in the worker; as wall time three times as many, reading not counted.
    memory_bytes: of address space, with what the interpreter takes (about 30 MB). read_bytes: of `data`.
    Raises `SandboxError`, and what `data.read` and `meter.check` raise.
    """
    module = task.partition(":")[0]
    worker = _take(module)
    try:
        result = worker.run(task, data, arguments, meter, seconds, memory_bytes, read_bytes)
    except BaseException:
        worker.kill()
        raise
    _give_back(module, worker)
    return result


class _Worker:
    """One child, used by one call at a time."""

    def __init__(self, module: str) -> None:
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    child.__file__,
                    os.pathsep.join(_ROOTS),
                    module,
                    str(down_read),
                    str(up_write),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(down_read, up_write),
                env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
                cwd="/",
                process_group=0,
            )
        except BaseException:
            os.close(self._down)
            os.close(self._up)
            raise
        finally:
            os.close(down_read)
            os.close(up_write)
        self.calls = 0
        self._cpu_seconds = 0.0
        self.protection = ""
        try:
            mark, body = self._receive(time.monotonic() + _START_SECONDS, 1 << 16)
        except SandboxError:
            self.kill()
            raise
        if mark != child.READY:
            self.kill()
            raise SandboxError(f"the parser could not be loaded: {body.decode('utf-8', 'replace')}")
        self.protection = body.decode("ascii", "replace")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(
        self,
        task: str,
        data: Readable,
        arguments: dict[str, Any],
        meter: Meter,
        seconds: float,
        memory_bytes: int,
        read_bytes: int,
    ) -> Any:
        self.calls += 1
        self._limit(seconds, memory_bytes)
        request = {"task": task, "arguments": arguments, "size_bytes": data.size_bytes}
        self._send(child.TASK, json.dumps(request).encode())
        patience = 3 * seconds + 1
        taken = 0
        while True:
            started = time.monotonic()
            mark, body = self._receive(started + patience, _MOST_RESULT_BYTES)
            patience -= time.monotonic() - started
            if mark == child.RESULT:
                return self._result(body)
            if mark == child.FAILURE:
                raise SandboxError(body.decode("utf-8", "replace")[:500])
            if mark != child.READ or len(body) != child.RANGE.size:
                raise SandboxError("the parser's process answered with nonsense")
            meter.check()
            offset, count = child.RANGE.unpack(body)
            count = max(0, min(count, _MOST_RANGE_BYTES, data.size_bytes - offset))
            taken += count
            if taken > read_bytes:
                raise SandboxError(f"the parser would read more than {read_bytes:,} bytes")
            self._send(child.DATA, data.read(offset, count) if count else b"")

    def _result(self, body: bytes) -> Any:
        try:
            answer = json.loads(body)
            self._cpu_seconds = float(answer["cpu_seconds"])
            return answer["result"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SandboxError("the parser's process answered with nonsense") from None

    def _limit(self, seconds: float, memory_bytes: int) -> None:
        if not hasattr(resource, "prlimit"):  # not Linux: the child's own limits and the wall clock remain
            return
        pid = self._process.pid
        cpu = int(self._cpu_seconds + seconds) + 1
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (cpu, child.MOST_SECONDS))
            resource.prlimit(pid, resource.RLIMIT_AS, (min(memory_bytes, child.MOST_BYTES), child.MOST_BYTES))

    def _send(self, mark: bytes, body: bytes) -> None:
        message = memoryview(child.HEADER.pack(mark, len(body)) + body)
        try:
            while message:
                message = message[os.write(self._down, message) :]
        except OSError:
            raise SandboxError(self._death()) from None

    def _receive(self, deadline: float, most: int) -> tuple[bytes, bytes]:
        mark, length = child.HEADER.unpack(self._exactly(child.HEADER.size, deadline))
        if length > most:
            raise SandboxError("the parser's answer is too long")
        return mark, self._exactly(length, deadline)

    def _exactly(self, count: int, deadline: float) -> bytes:
        got = bytearray()
        poll = select.poll()  # not select(): descriptors beyond 1,024 are common behind a link
        poll.register(self._up, select.POLLIN)
        while len(got) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise SandboxError("the parser took too long")
            piece = os.read(self._up, min(count - len(got), 1 << 20))
            if not piece:
                raise SandboxError(self._death())
            got += piece
        return bytes(got)

    def _death(self) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "the parser's process closed its end"
        if code == -24:  # SIGXCPU
            return "the parser took too long"
        return f"the parser's process died: {'signal' if code < 0 else 'exit'} {abs(code)}"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.forget()

    def forget(self) -> None:
        """Close our ends; in a forked copy of us, without touching the process that is not ours."""
        for each in (self._down, self._up):
            with contextlib.suppress(OSError):
                os.close(each)
        self._process.returncode = self._process.returncode if self._process.returncode is not None else 0


_idle: dict[str, list[_Worker]] = {}
_lock = threading.Lock()


def _take(module: str) -> _Worker:
    while True:
        with _lock:
            kept = _idle.get(module)
            worker = kept.pop() if kept else None
        if worker is None:
            return _Worker(module)
        if worker.alive:
            return worker
        worker.kill()


def _give_back(module: str, worker: _Worker) -> None:
    with _lock:
        kept = _idle.setdefault(module, [])
        if len(kept) < _MOST_IDLE and worker.calls < _MOST_CALLS:
            kept.append(worker)
            return
    worker.kill()


def close() -> None:
    """End the children that wait for work. Those at work end with their call."""
    with _lock:
        workers = [each for kept in _idle.values() for each in kept]
        _idle.clear()
    for each in workers:
        each.kill()


def _after_fork() -> None:
    # The children belong to our parent, and so does whoever holds the lock.
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    for kept in _idle.values():
        for each in kept:
            each.forget()
    _idle.clear()


atexit.register(close)
os.register_at_fork(after_in_child=_after_fork)
