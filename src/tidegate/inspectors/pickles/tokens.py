"""Runs of the everyday opcodes, cut into tokens by one regular expression: the fast half of the machine.

A walk that looks at each opcode costs 1.5 µs an opcode, this 0.3 µs. It takes only opcodes that are whole
within the window and the frame; what is odd, larger or rare is left to the walk.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from tidegate.inspectors.pickles.opcodes import Op
from tidegate.inspectors.pickles.plain import TEXT_FORMS, counted
from tidegate.inspectors.pickles.values import KEPT_BYTES, KEPT_ITEMS, Box, Value

if TYPE_CHECKING:
    from tidegate.inspectors.pickles.machine import Machine

# What makes a value takes the MEMOIZE or BINPUT behind it along: a token less to look at for each.
_MEMO: Final = rb"(?:\x94|q.)?"
_TOKEN: Final = b"|".join([
    rb"[R\]}t\x93\x85-\x87\x81\x8f\x91dl]" + _MEMO,
    rb"[(N)\x88\x89aesub\x90\x94012Q]",
    rb"[Kqh].",
    rb"M..",
    rb"J....",
    rb"G.{8}",
    counted(b"\x8c", b"", 64) + _MEMO,
    counted(b"X", rb"\x00\x00\x00", 64) + _MEMO,
    # A flag, a number, a time: what calls have as bytes.
    rb"C(?:\x01.|\x08.{8}|\x0a.{10})" + _MEMO,
    rb"c[\w.]{1,80}\n[\w.]{1,80}\n" + _MEMO,
    *TEXT_FORMS,
])  # fmt: skip
_TOKENS: Final = re.compile(b"(?s:(" + _TOKEN + b")|.++)")
"""The first that is no token takes the rest along, and has no group."""
_MOST_BYTES = 1 << 16
_FEWEST_BYTES = 6
"""Fewer bytes are not worth the call."""
# Plain numbers: comparing with a member of an enumeration costs 0.1 µs more.
_MEMOIZE, _MARK, _BININT1, _BINFLOAT = int(Op.MEMOIZE), int(Op.MARK), int(Op.BININT1), int(Op.BINFLOAT)
_SHORT_BINUNICODE, _BINUNICODE = int(Op.SHORT_BINUNICODE), int(Op.BINUNICODE)
_SHORT_BINBYTES = int(Op.SHORT_BINBYTES)
_REDUCE, _BINGET, _BINPUT, _BUILD, _GLOBAL = (
    int(Op.REDUCE),
    int(Op.BINGET),
    int(Op.BINPUT),
    int(Op.BUILD),
    int(Op.GLOBAL),
)
_TUPLE, _TUPLE1, _TUPLE2, _TUPLE3 = int(Op.TUPLE), int(Op.TUPLE1), int(Op.TUPLE2), int(Op.TUPLE3)
_CONSTANTS: Final[dict[int, Value]] = {int(Op.NONE): None, int(Op.NEWTRUE): True, int(Op.NEWFALSE): False}
_EMPTY: Final[dict[int, str]] = {
    ord(")"): "tuple",
    ord("]"): "list",
    ord("}"): "dict",
    int(Op.EMPTY_SET): "set",
}
_TEXT: Final = frozenset(b"ILFpgVS")
_SIMPLE: Final = frozenset(b"Raedlsu012Q\x81\x93\x90\x91")
_NUMBERS: Final = frozenset(b"MJ")
_DOUBLE: Final = struct.Struct(">d")
_LITERALS: Final[dict[int, int]] = {
    int(Op.SHORT_BINBYTES): 1,
    int(Op.BINBYTES): 4,
    int(Op.BYTEARRAY8): 8,
    int(Op.LONG1): 1,
    int(Op.SHORT_BINUNICODE): 1,
    int(Op.BINUNICODE): 4,
}
"""Constants whose length stands before them, in so many bytes."""


def take_run(machine: Machine) -> int:
    """Interpret the run of everyday opcodes that comes next. Returns how many there were, and moves on."""
    walk = machine.walk
    window = walk.window
    buffer, base = window.buffer, window.base
    begin = at = walk.at
    limit = min(base + len(buffer), walk.frame_end, begin + _MOST_BYTES)
    if walk.drops or begin < base or limit - begin < _FEWEST_BYTES:
        return 0
    taken = 0
    while True:
        tokens: list[bytes] = _TOKENS.findall(buffer, at - base, limit - base)
        rest = bool(tokens) and not tokens[-1]
        if rest:
            tokens.pop()
        at, more, goes_on = _take(machine, tokens, at)
        taken += len(tokens) + more
        if not goes_on:
            return taken
        # A longer constant stands between two runs: the walk would take twice as long for it.
        width = _LITERALS.get(buffer[at - base], 0) if rest else 0
        start = at + 1 + width
        if not width or start > limit:
            break
        after = start + int.from_bytes(buffer[at - base + 1 : start - base], "little")
        if after > limit or after - start > KEPT_BYTES:
            break
        machine.HANDLERS[buffer[at - base]](machine, buffer[start - base : after - base], at)
        taken += 1
        at = after
    walk.at = at
    if at >= walk.frame_end:
        walk.leave_frame()
    return taken


def _take(machine: Machine, tokens: list[bytes], at: int) -> tuple[int, int, bool]:
    """Interpret tokens, the first of which stands at `at`.

    Returns where they end, how many opcodes more than tokens there were, and whether it goes on there: else
    the walk was moved on.
    """
    stack, memo, marks, handlers = machine.stack, machine.memo, machine.marks, machine.HANDLERS
    reduce = machine.actions.reduce
    more = 0
    for number, token in enumerate(tokens):
        code = token[0]
        size = len(token)
        end = 1
        if code == _BINGET:
            index = token[1]
            if index in memo:
                stack.append(memo[index])
            else:
                handlers[code](machine, index, at)
            at += 2
            continue
        if code == _SHORT_BINUNICODE:
            end = token[1] + 2
            try:
                stack.append(token[2:end].decode())
            except UnicodeDecodeError:
                handlers[code](machine, token[2:end], at)
        elif code == _BININT1:
            stack.append(token[1])
            at += 2
            continue
        elif code == _MARK:
            marks.append(len(stack))
        elif code == _TUPLE2 and len(stack) - (marks[-1] if marks else 0) >= 2:
            items = stack[-2:]
            stack[-2:] = (Box("tuple", items),)
        elif code == _TUPLE1 and len(stack) > (marks[-1] if marks else 0):
            stack[-1] = Box("tuple", [stack[-1]])
        elif code == _BINUNICODE:
            end = token[1] + 5
            try:
                stack.append(token[5:end].decode())
            except UnicodeDecodeError:
                handlers[code](machine, token[5:end], at)
        elif code == _REDUCE and len(stack) - (marks[-1] if marks else 0) >= 2:
            args = stack.pop()
            stack[-1] = reduce(stack[-1], args, at)
        elif code == _TUPLE3 and len(stack) - (marks[-1] if marks else 0) >= 3:
            items = stack[-3:]
            stack[-3:] = (Box("tuple", items),)
        elif code in _SIMPLE:
            handlers[code](machine, None, at)
        elif code == _TUPLE and marks and len(stack) - marks[-1] <= KEPT_ITEMS:
            first = marks.pop()
            items = stack[first:]
            stack[first:] = (Box("tuple", items),)
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code == _BINFLOAT:
            stack.append(_DOUBLE.unpack_from(token, 1)[0])
            at += 9
            continue
        elif code in _NUMBERS:
            handlers[code](machine, int.from_bytes(token[1:], "little"), at)
            at += size
            continue
        elif code in _EMPTY:
            stack.append(Box(_EMPTY[code]))
        elif code == _SHORT_BINBYTES:
            end = token[1] + 2
            stack.append(token[2:end])
        elif code == _BUILD:
            walk = machine.walk
            walk.at = after = at + 1
            if after >= walk.frame_end:
                walk.leave_frame()
            handlers[code](machine, None, at)
            if walk.at != after or machine.done or machine.limits.opcodes <= 0:
                # Raw bytes stand behind it, or it has cost what was left.
                return at, number + 1 - len(tokens) + more, False
        elif code == _MEMOIZE:
            more -= 1
            end = 0
        elif code == _BINPUT:
            handlers[code](machine, token[1], at)
            at += 2
            continue
        elif code == _GLOBAL:
            end = token.index(b"\n", token.index(b"\n") + 1) + 1
            module, name, _ = token[1:end].split(b"\n")
            handlers[code](machine, (module, name), at)
        elif code in _TEXT:
            handlers[code](machine, token[1:-1], at)
            at += size
            continue
        else:
            handlers[code](machine, None, at)
        at += size
        if end == size:
            continue
        more += 1
        count = machine.memo_count
        if stack and count not in memo and (size - end == 1 or token[-1] == count):
            memo[count] = stack[-1]
            machine.memo_count = count + 1
        elif size - end == 1:
            machine.put(count, at - 1)
        else:
            handlers[_BINPUT](machine, token[-1], at - 2)
    return at, more, True
