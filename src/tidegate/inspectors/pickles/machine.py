"""Interprets opcodes on descriptions: stack, marks and memo as a loader has them, and nothing is made."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import ClassVar, TypeAlias

from tidegate.inspectors.pickles import operands
from tidegate.inspectors.pickles.actions import Actions
from tidegate.inspectors.pickles.limits import MOST_MEMO, MOST_STACK, Limits
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.notes import Notes
from tidegate.inspectors.pickles.opcodes import Op
from tidegate.inspectors.pickles.tokens import take_run
from tidegate.inspectors.pickles.values import KEPT_ITEMS, Box, Literal, Unknown, Value
from tidegate.inspectors.pickles.walk import NEVER, Operand, Walk
from tidegate.inspectors.pickles.window import Window

_NOTHING = Unknown("a value that is not there")
_BOMB_INDEX = 1 << 20
"""A memo index beyond the number of entries by this much makes the C unpickler allocate for it."""
_MOST_DUPS = 24
"""Doubled so often, one value takes 16 million places once somebody walks over it."""
_DUP_COST = 4
"""Of a DUP beyond that, in everyday opcodes: what is kept of it costs as much."""
_HIGHEST_PROTOCOL = 5
_WALK_COST = 6
"""Of an opcode that is not part of a run, in everyday opcodes."""


class Machine:
    """One stream, from its first opcode to STOP or to where it breaks."""

    HANDLERS: ClassVar[list[_Handler]]
    """By opcode byte: what the machine does."""

    def __init__(
        self, window: Window, start: int, loader: Loader, notes: Notes, actions: Actions, limits: Limits
    ) -> None:
        self.walk = Walk(window, start)
        self.start = start
        self.loader = loader
        self.notes = notes
        self.actions = actions
        self.limits = limits
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.memo: dict[int, Value] = {}
        self.memo_count = 0
        self.protocol = 0
        self.dups = 0
        """How often DUP was met."""
        self.done = False
        self.failed_at: int | None = None
        """First opcode at which every loader gives up."""
        self.end: int | None = None
        """Offset after STOP."""
        self.value: Value = _NOTHING
        """What a loader would return."""
        self.others: list[Machine] = []
        """The same stream as another loader reads it, from where they part."""

    def run(self) -> None:
        """Interpret up to STOP. Raises what reading raises."""
        handlers, walk, limits = self.HANDLERS, self.walk, self.limits
        walk.window.fill(walk.at, 10)
        # Not `limits.opcodes -= take_run(self)`: what is charged within the run would be written over.
        ran = take_run(self)
        limits.opcodes -= ran
        for code, operand, at in walk:
            if walk.straddled is not None:
                self._part(at)
            handlers[code](self, operand, at)
            if self.done:
                break
            ran = take_run(self)
            limits.opcodes -= _WALK_COST + ran
            if (
                limits.opcodes <= 0
                or len(self.stack) + len(self.marks) > MOST_STACK
                or len(self.memo) > MOST_MEMO
            ):
                self._stop_at_limit(at, "needs more opcodes, stack or memo than are granted")
                break
        if not self.done:
            self._cut(walk)

    # What the stack holds.

    def pop(self, at: int) -> Value:
        """Take the top value; below a mark there is none."""
        if len(self.stack) > (self.marks[-1] if self.marks else 0):
            return self.stack.pop()
        self.fail(at, "takes a value from the stack where none is")
        return _NOTHING

    def top(self, at: int) -> Value:
        """Return the top value, which stays."""
        if len(self.stack) > (self.marks[-1] if self.marks else 0):
            return self.stack[-1]
        self.fail(at, "needs a value on the stack where none is")
        return _NOTHING

    def pop_mark(self, at: int) -> list[Value]:
        """Take all values down to the last mark, and the mark."""
        if not self.marks:
            self.fail(at, "looks for a mark where none is")
            return []
        begin = self.marks.pop()
        values = self.stack[begin:]
        del self.stack[begin:]
        return values

    def push(self, value: Value) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def fail(self, at: int, what: str) -> None:
        """Note where loaders give up. The walk goes on: another loader might."""
        if self.failed_at is None:
            self.failed_at = at
            self.notes.broken("broken", f"the stream {what}: a loader stops there", offset=at)

    def put(self, index: int, at: int) -> None:
        """Memoise the top value."""
        value = self.top(at)
        if index < 0:
            self.notes.tampering("divergence", f"a negative memo index, {index}", offset=at)
            return
        known = index in self.memo
        if known and self.memo[index] is not value:
            self.notes.tampering(
                "memo", f"writes memo place {index} a second time, which no pickler does", offset=at
            )
        if index > self.memo_count + _BOMB_INDEX:
            self.notes.tampering(
                "bomb",
                f"asks for a memo of {index:,} places, {index * 16 / 1e9:.1f} GB in the C unpickler",
                offset=at,
            )
        if not known:
            self.memo_count += 1
        self.memo[index] = value

    def get(self, index: int, at: int) -> None:
        """Push a memoised value."""
        if index not in self.memo:
            self.fail(at, f"asks for memo place {index}, which is empty")
            self.push(Unknown("a memo place that is empty"))
            return
        self.push(self.memo[index])

    # How it ends.

    def _stop_at_limit(self, at: int, what: str) -> None:
        self.notes.judgement.complete = False
        self.notes.broken("limit", f"the stream {what}; the rest was not judged", offset=at)
        self.done = True

    def _cut(self, walk: Walk) -> None:
        at = walk.cut_at if walk.cut_at is not None else walk.at
        self.notes.judgement.complete = False
        self.notes.broken(
            "truncated",
            "the stream ends without STOP: what stands before has run when a loader notices",
            offset=at,
        )

    def _part(self, at: int) -> None:
        """Go on both as memory and as files are read: an operand lies across the end of a frame."""
        walk = self.walk
        walk.straddled = None
        self.notes.tampering(
            "divergence",
            "an operand lies across the end of a frame: the C unpickler reads another one from a file"
            " than from memory, the Python one refuses",
            offset=at,
        )
        self._read_as_file(at, walk.frame_end)
        walk.frame_end = NEVER

    def _read_as_file(self, at: int, frame_end: int) -> None:
        """Have the rest interpreted once more, from `at` on, as the C unpickler reads a file."""
        walk = self.walk
        other = Machine(walk.window, self.start, self.loader, self.notes, self.actions, self.limits)
        other.walk = Walk(Window(walk.window.data, walk.window.stop), at, frame_end=frame_end, drops=True)
        other.stack, other.marks = list(self.stack), list(self.marks)
        other.memo, other.memo_count = dict(self.memo), self.memo_count
        other.protocol = self.protocol
        if not self.others:
            self.others.append(other)

    # One handler an opcode.

    def _invalid(self, _operand: Operand, at: int) -> None:
        self.fail(at, "holds a byte that is no opcode")
        self.done = True

    def _do_stop(self, _operand: Operand, at: int) -> None:
        self.value = self.pop(at)
        self.end = self.walk.at
        self.done = True

    def _do_mark(self, _operand: Operand, at: int) -> None:
        if len(self.marks) >= MOST_STACK:
            self._stop_at_limit(at, f"sets more than {MOST_STACK:,} marks")
            return
        self.marks.append(len(self.stack))

    def _do_pop(self, _operand: Operand, at: int) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.pop(at)

    def _do_pop_mark(self, _operand: Operand, at: int) -> None:
        self.pop_mark(at)

    def _do_dup(self, _operand: Operand, at: int) -> None:
        self.push(self.top(at))
        self.dups += 1
        if self.dups > _MOST_DUPS:
            self.limits.opcodes -= _DUP_COST
        if self.dups == _MOST_DUPS:
            self.notes.tampering(
                "bomb",
                f"takes a value twice by DUP {_MOST_DUPS} times, which no pickler writes: values made so can"
                " double with each",
                offset=at,
            )

    # Numbers.

    def _small_int(self, operand: Operand, _at: int) -> None:
        self.stack.append(operand)

    def _do_binint(self, operand: Operand, _at: int) -> None:
        number = operand if isinstance(operand, int) else 0
        self.push(number - (1 << 32) if number >= 1 << 31 else number)

    def _do_binfloat(self, operand: Operand, _at: int) -> None:
        number = operand if isinstance(operand, int) else 0
        self.push(struct.unpack(">d", number.to_bytes(8, "little"))[0])

    def _do_int(self, operand: Operand, at: int) -> None:
        self._text_number(operand, at, operands.read_int)

    def _do_long(self, operand: Operand, at: int) -> None:
        self._text_number(operand, at, operands.read_long)

    def _do_float(self, operand: Operand, at: int) -> None:
        self._text_number(operand, at, operands.read_float)

    def _text_number(
        self, operand: Operand, at: int, read: Callable[[bytes], tuple[float | None, str]]
    ) -> None:
        if not isinstance(operand, bytes):
            self.push(Unknown("a number of very many digits"))
            return
        value, odd = read(operand)
        self._odd(odd, at)
        if value is None:
            self.fail(at, "holds a number that is none")
        self.push(Unknown("a number") if value is None else value)

    def _binary_long(self, operand: Operand, _at: int) -> None:
        if isinstance(operand, bytes):
            self.push(int.from_bytes(operand, "little", signed=True))
        else:
            self.push(Unknown("a number of very many digits"))

    # Strings and bytes.

    def _text(self, operand: Operand, at: int) -> None:
        if isinstance(operand, bytes):
            try:
                self.stack.append(operand.decode())
            except UnicodeDecodeError:
                self.stack.append(self._surrogates(operand, at))
        elif isinstance(operand, Literal):
            operand.kind = "str"
            self.push(operand)

    def _surrogates(self, operand: bytes, at: int) -> str:
        """Decode as pickle does: half characters are let through."""
        try:
            return operand.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            self.fail(at, "holds a string that is not UTF-8")
            return operand.decode("utf-8", "replace")

    def _bytes(self, operand: Operand, _at: int) -> None:
        self.stack.append(operand)

    def _do_bytearray8(self, operand: Operand, _at: int) -> None:
        if isinstance(operand, Literal):
            operand.kind = "bytearray"
        self.push(operand)

    def _old_string(self, operand: Operand, _at: int) -> None:
        if isinstance(operand, bytes):
            self.push(operands.decode_old(operand, self.loader.encoding))
        elif isinstance(operand, Literal):
            self.push(operand)

    def _do_string(self, operand: Operand, at: int) -> None:
        if not isinstance(operand, bytes):
            self.push(operand)
            return
        value, odd = operands.read_string(operand, self.loader.encoding)
        self._odd(odd, at)
        if value is None:
            self.fail(at, "holds a string without its quotes")
        self.push("" if value is None else value)

    def _do_unicode(self, operand: Operand, at: int) -> None:
        if isinstance(operand, Literal):
            operand.kind = "str"
            self.push(operand)
        elif isinstance(operand, bytes):
            value = operands.read_unicode(operand)
            if value is None:
                self.fail(at, "holds a string with a broken escape")
            self.push("" if value is None else value)

    # Memo.

    def _do_memoize(self, _operand: Operand, at: int) -> None:
        self._binary_put(self.memo_count, at)

    def _binary_put(self, operand: Operand, at: int) -> None:
        if isinstance(operand, int):
            if operand in self.memo or operand > self.memo_count or not self.stack:
                self.put(operand, at)
            else:  # as every pickler does
                self.memo[operand] = self.stack[-1]
                self.memo_count += 1

    def _binary_get(self, operand: Operand, at: int) -> None:
        if isinstance(operand, int):
            self.get(operand, at)

    def _do_put(self, operand: Operand, at: int) -> None:
        index = self._index(operand, at)
        if index is not None:
            self.put(index, at)

    def _do_get(self, operand: Operand, at: int) -> None:
        index = self._index(operand, at)
        if index is None:
            self.push(_NOTHING)
        else:
            self.get(index, at)

    def _index(self, operand: Operand, at: int) -> int | None:
        index, odd = (
            operands.read_index(operand) if isinstance(operand, bytes) else (None, "a memo index without end")
        )
        self._odd(odd, at)
        if index is None:
            self.fail(at, "holds a memo index that is no number")
        return index

    def _odd(self, odd: str, at: int) -> None:
        if odd:
            self.notes.tampering("divergence", odd, offset=at)

    # Containers.

    def _do_tuple(self, _operand: Operand, at: int) -> None:
        self._box("tuple", self.pop_mark(at))

    def _do_tuple1(self, _operand: Operand, at: int) -> None:
        self._box("tuple", [self.pop(at)])

    def _do_tuple2(self, _operand: Operand, at: int) -> None:
        stack = self.stack
        if len(stack) - (self.marks[-1] if self.marks else 0) >= 2:  # as in every whole stream
            items = stack[-2:]
            stack[-2:] = (Box("tuple", items),)
            return
        second = self.pop(at)
        self._box("tuple", [self.pop(at), second])

    def _do_tuple3(self, _operand: Operand, at: int) -> None:
        third, second = self.pop(at), self.pop(at)
        self._box("tuple", [self.pop(at), second, third])

    def _do_list(self, _operand: Operand, at: int) -> None:
        self._box("list", self.pop_mark(at))

    def _do_dict(self, _operand: Operand, at: int) -> None:
        self._box("dict", self.pop_mark(at))

    def _do_frozenset(self, _operand: Operand, at: int) -> None:
        self._box("frozenset", self.pop_mark(at))

    def _box(self, kind: str, items: list[Value]) -> None:
        if len(items) <= KEPT_ITEMS:
            self.stack.append(Box(kind, items))
            return
        box = Box(kind)
        box.add(items)
        self.push(box)

    def _do_append(self, _operand: Operand, at: int) -> None:
        value = self.pop(at)
        self.actions.fill(self.top(at), [value], "append", at)

    def _do_appends(self, _operand: Operand, at: int) -> None:
        values = self.pop_mark(at)
        self.actions.fill(self.top(at), values, "append", at)

    def _do_setitem(self, _operand: Operand, at: int) -> None:
        value, key = self.pop(at), self.pop(at)
        self.actions.fill(self.top(at), [key, value], "setitem", at)

    def _do_setitems(self, _operand: Operand, at: int) -> None:
        values = self.pop_mark(at)
        self.actions.fill(self.top(at), values, "setitem", at)

    def _do_additems(self, _operand: Operand, at: int) -> None:
        values = self.pop_mark(at)
        self.actions.fill(self.top(at), values, "add", at)

    # Names and calls.

    def _do_global(self, operand: Operand, at: int) -> None:
        self.push(self._named(operand, at))

    def _named(self, operand: Operand, at: int) -> Value:
        if isinstance(operand, tuple):
            module, name = operand
            if isinstance(module, bytes) and isinstance(name, bytes):
                return self.actions.name(
                    module.decode("utf-8", "replace"), name.decode("utf-8", "replace"), at, self.protocol
                )
        return self.actions.unresolved("a name of more than 64 KB", at)

    def _do_stack_global(self, _operand: Operand, at: int) -> None:
        name, module = self.pop(at), self.pop(at)
        if isinstance(name, str) and isinstance(module, str):
            self.push(self.actions.name(module, name, at, self.protocol))
        else:
            self.push(self.actions.unresolved("a name that is made while loading", at))

    def _extension(self, operand: Operand, at: int) -> None:
        self.push(self.actions.extension(operand if isinstance(operand, int) else 0, at))

    def _do_reduce(self, _operand: Operand, at: int) -> None:
        stack = self.stack
        if len(stack) - (self.marks[-1] if self.marks else 0) >= 2:
            args, callee = stack.pop(), stack.pop()
        else:
            args, callee = self.pop(at), self.pop(at)
        stack.append(self.actions.reduce(callee, args, at))

    def _do_inst(self, operand: Operand, at: int) -> None:
        args = self.pop_mark(at)
        self.push(self.actions.call(self._named(operand, at), tuple(args), at))

    def _do_obj(self, _operand: Operand, at: int) -> None:
        values = self.pop_mark(at)
        if not values:
            self.fail(at, "makes an object of no class")
            values = [_NOTHING]
        self.push(self.actions.call(values[0], tuple(values[1:]), at))

    def _do_newobj(self, _operand: Operand, at: int) -> None:
        args, cls = self.pop(at), self.pop(at)
        self.push(self.actions.new(cls, args, None, at))

    def _do_newobj_ex(self, _operand: Operand, at: int) -> None:
        kwargs, args, cls = self.pop(at), self.pop(at), self.pop(at)
        self.push(self.actions.new(cls, args, kwargs, at))

    def _do_build(self, _operand: Operand, at: int) -> None:
        state = self.pop(at)
        raw = self.actions.build(self.top(at), state, at, self.walk.at)
        if raw is None:
            return
        if raw < 0:
            self._stop_at_limit(at, "holds an array whose size cannot be told")
        else:
            self.walk.at = raw

    def _do_persid(self, operand: Operand, at: int) -> None:
        name = operand.decode("ascii", "replace") if isinstance(operand, bytes) else operand
        self._persistent(name, at)

    def _do_binpersid(self, _operand: Operand, at: int) -> None:
        self._persistent(self.pop(at), at)

    def _persistent(self, name: Value, at: int) -> None:
        self.push(self.actions.persistent(name, at))

    # The envelope.

    def _do_proto(self, operand: Operand, at: int) -> None:
        if at != self.start:
            self.notes.tampering("divergence", "names its protocol a second time", offset=at)
        self.protocol = operand if isinstance(operand, int) else 0
        if self.protocol > _HIGHEST_PROTOCOL:
            self.fail(at, f"says that it is of protocol {self.protocol}, which does not exist")

    def _do_frame(self, operand: Operand, at: int) -> None:
        size = operand if isinstance(operand, int) else 0
        walk = self.walk
        if walk.frame_end != NEVER:
            self.notes.tampering("divergence", "begins a frame within a frame", offset=at)
            before = walk.frame_end
            if walk.at + size <= before:
                return  # the C unpickler has it in its buffer, which ends where it did
            # Else it reads on in the file, and what its buffer still held is thrown away.
            if walk.drops:
                walk.at, walk.frame_end = before, before + size
                return
            self._read_as_file(before, before + size)
        if walk.at + size > walk.window.stop:
            self.notes.tampering(
                "divergence",
                f"says that a frame has {size:,} bytes, more than there are:"
                " the C unpickler refuses, the Python one reads on",
                offset=at,
            )
        walk.frame_end = walk.at + size if 0 < size < NEVER // 2 else NEVER

    def _do_next_buffer(self, _operand: Operand, at: int) -> None:
        self.actions.buffer(at)
        self.push(Unknown("a buffer that the caller hands in"))

    def _do_readonly_buffer(self, _operand: Operand, at: int) -> None:
        self.top(at)


_Handler: TypeAlias = "Callable[[Machine, Operand, int], None]"


def _constant(value: Value) -> _Handler:
    return lambda machine, _operand, _at: machine.push(value)


def _empty(kind: str) -> _Handler:
    return lambda machine, _operand, _at: machine.push(Box(kind))


def _table() -> list[_Handler]:
    """Return, by opcode byte, what the machine does."""
    table: list[_Handler] = [Machine._invalid] * 256
    for op in Op:
        handler = getattr(Machine, f"_do_{op.name.lower()}", None)
        if handler is not None:
            table[op] = handler
    table[Op.NONE], table[Op.NEWTRUE], table[Op.NEWFALSE] = _constant(None), _constant(True), _constant(False)
    table[Op.EMPTY_TUPLE], table[Op.EMPTY_LIST] = _empty("tuple"), _empty("list")
    table[Op.EMPTY_DICT], table[Op.EMPTY_SET] = _empty("dict"), _empty("set")
    for handler, codes in (
        (Machine._text, (Op.BINUNICODE, Op.SHORT_BINUNICODE, Op.BINUNICODE8)),
        (Machine._bytes, (Op.BINBYTES, Op.SHORT_BINBYTES, Op.BINBYTES8)),
        (Machine._old_string, (Op.BINSTRING, Op.SHORT_BINSTRING)),
        (Machine._binary_long, (Op.LONG1, Op.LONG4)),
        (Machine._binary_get, (Op.BINGET, Op.LONG_BINGET)),
        (Machine._binary_put, (Op.BINPUT, Op.LONG_BINPUT)),
        (Machine._small_int, (Op.BININT1, Op.BININT2)),
        (Machine._extension, (Op.EXT1, Op.EXT2, Op.EXT4)),
    ):
        for code in codes:
            table[code] = handler
    return table


Machine.HANDLERS = _table()
