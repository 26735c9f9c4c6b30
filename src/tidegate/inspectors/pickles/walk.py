"""From bytes to opcodes: one at a time, with what stands behind each, jumping over long literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tidegate.inspectors.pickles.opcodes import ARGS, Arg, Op
from tidegate.inspectors.pickles.values import KEPT_BYTES, Literal
from tidegate.inspectors.pickles.window import Window

Operand: TypeAlias = "int | bytes | Literal | tuple[bytes | Literal, bytes | Literal] | None"
Step: TypeAlias = tuple[int, Operand, int]
"""Opcode, operand, offset of the opcode."""

NEVER = 1 << 63
HEAD_BYTES = 128
"""What is read of a literal that is left where it is: enough to see what it is."""
_LINE_BYTES = 1 << 16
_WITHOUT = (int(Arg.NONE), int(Arg.UNKNOWN))
_SIGNED = (Op.BINSTRING, Op.LONG4)


class Walk:
    """Yields steps from `at` on; ends at the end of the bytes, or where an operand goes beyond it."""

    def __init__(self, window: Window, at: int, *, frame_end: int = NEVER, drops: bool = False) -> None:
        """Begin at `at`.

        drops: read as the C unpickler reads a file: an operand that goes beyond the frame starts after it.
        Source: `_Unpickler_ReadImpl` throws the rest of its buffer away (cpython issue 154848).
        """
        self.window = window
        self.at = at
        self.frame_end = frame_end
        self.drops = drops
        self.cut_at: int | None = None
        """Opcode whose operand is not whole."""
        self.straddled: int | None = None
        """First opcode whose operand lies on both sides of the end of a frame."""

    def __iter__(self) -> Iterator[Step]:
        window, args, drops = self.window, ARGS, self.drops
        counted_1, counted_4, unknown = (
            int(Arg.COUNTED_1),
            int(Arg.COUNTED_4),
            int(Arg.UNKNOWN),
        )
        while True:
            at = self.at
            buffer = window.buffer
            pos = at - window.base
            if pos < 0 or pos + 10 > len(buffer):
                window.fill(at, 10)
                buffer = window.buffer
                pos = at - window.base
                if pos >= len(buffer):
                    return
            code = buffer[pos]
            arg = args[code]
            if drops and at < self.frame_end and arg not in _WITHOUT:
                operand, after = self._dropping(arg, at + 1)
            elif arg == 0:
                self.at = at + 1
                if at + 1 >= self.frame_end:
                    self.frame_end = NEVER
                yield code, None, at
                continue
            elif arg == 1:
                operand, after = (buffer[pos + 1], at + 2) if pos + 1 < len(buffer) else (None, -1)
            elif arg > 0:
                raw = buffer[pos + 1 : pos + 1 + arg]
                operand = int.from_bytes(raw, "little")
                after = at + 1 + arg if len(raw) == arg else -1
            elif arg == counted_1 and pos + 1 < len(buffer) and pos + 2 + buffer[pos + 1] <= len(buffer):
                after = at + 2 + buffer[pos + 1]
                operand = buffer[pos + 2 : after - window.base]
            elif arg == counted_4:
                count = int.from_bytes(buffer[pos + 1 : pos + 5], "little")
                if count <= KEPT_BYTES and pos + 5 + count <= len(buffer):
                    operand, after = buffer[pos + 5 : pos + 5 + count], at + 5 + count
                else:
                    operand, after = self._long(code, arg, at + 1)
            elif arg == unknown:
                operand, after = None, at + 1
            else:
                operand, after = self._long(code, arg, at + 1)
            if after < 0:
                self.cut_at = at
                return
            if after >= self.frame_end:
                if at < self.frame_end < after and not self.drops and self.straddled is None:
                    self.straddled = at
                    yield code, operand, at  # the machine looks at `straddled` before it goes on
                    self.at = max(self.at, after)
                    continue
                self.frame_end = NEVER
            self.at = after
            yield code, operand, at

    def leave_frame(self) -> None:
        """Forget a frame that was read to its end."""
        self.frame_end = NEVER

    def _long(self, code: int, arg: int, at: int) -> tuple[Operand, int]:
        """Read an operand of no fixed size at `at`. Returns it and the offset behind it, or -1."""
        if arg == Arg.LINE:
            return self._line(at, _LINE_BYTES)
        if arg == Arg.LINES:
            module, after = self._line(at, _LINE_BYTES)
            if after < 0:
                return None, -1
            name, after = self._line(after, _LINE_BYTES)
            return (module, name), after
        size = -arg - 10
        raw = self.window.bytes(at, size)
        if len(raw) < size:
            return None, -1
        count = int.from_bytes(raw, "little", signed=code in _SIGNED)
        return self._counted(at + size, count)

    def _counted(self, start: int, count: int) -> tuple[Operand, int]:
        if count < 0 or start + count > self.window.stop:
            return None, -1
        if count <= KEPT_BYTES:
            whole = self.window.bytes(start, count)
            return (whole, start + count) if len(whole) == count else (None, -1)
        return Literal("bytes", start, count, self.window.bytes(start, HEAD_BYTES)), start + count

    def _line(self, at: int, most: int) -> tuple[bytes | Literal, int]:
        """Read up to a line feed, which is left out. A line without end is cut (-1)."""
        end = self.window.find(0x0A, at, at + most)
        if end >= 0:
            return self.window.bytes(at, end - at), end + 1
        end = self.window.find(0x0A, at + most, self.window.stop)
        if end < 0:
            return b"", -1
        return Literal("line", at, end - at, self.window.bytes(at, HEAD_BYTES)), end + 1

    def _dropping(self, arg: int, at: int) -> tuple[Operand, int]:
        """Read an operand as the C unpickler does from a file, inside a frame."""
        if arg > 0:
            start = self._after_drop(at, arg)
            raw = self.window.bytes(start, arg)
            return int.from_bytes(raw, "little"), start + arg if len(raw) == arg else -1
        if arg == Arg.LINE:
            return self._line_dropping(at)
        if arg == Arg.LINES:
            module, after = self._line_dropping(at)
            if after < 0:
                return None, -1
            name, after = self._line_dropping(after)
            return (module, name), after
        size = -arg - 10
        start = self._after_drop(at, size)
        raw = self.window.bytes(start, size)
        if len(raw) < size:
            return None, -1
        count = int.from_bytes(raw, "little")
        return self._counted(self._after_drop(start + size, count), count)

    def _line_dropping(self, at: int) -> tuple[bytes | Literal, int]:
        if at < self.frame_end < NEVER and self.window.find(0x0A, at, self.frame_end) < 0:
            at, self.frame_end = self.frame_end, NEVER
        return self._line(at, _LINE_BYTES)

    def _after_drop(self, at: int, count: int) -> int:
        if at < self.frame_end < at + count:
            at, self.frame_end = self.frame_end, NEVER
        return at
