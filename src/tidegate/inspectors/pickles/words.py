"""Values in words, for sentences that a person reads. Names and strings stay as they are."""

from __future__ import annotations

from tidegate.inspectors.pickles.values import (
    Box,
    Call,
    Global,
    Literal,
    Module,
    Persistent,
    Unknown,
    Value,
)

_MOST_CHARS = 80
"""Of a constant. Enough to see what a command does; a secret in it is the attacker's own."""
_MOST_ARGS = 4
_MOST_NAME_CHARS = 160


def named(path: str) -> str:
    """Return a name, cut where it is made to flood."""
    return path if len(path) <= _MOST_NAME_CHARS else path[:_MOST_NAME_CHARS] + "…"


def with_arguments(args: tuple[Value, ...], kwargs: Value = None) -> str:
    """Return `with the constant string '…' and the number 5`, `without arguments`."""
    shown = [described(value) for value in args[:_MOST_ARGS]]
    if len(args) > _MOST_ARGS:
        shown.append(f"{len(args) - _MOST_ARGS} more")
    if isinstance(kwargs, Box) and kwargs.items:
        shown.append(f"{len(kwargs.items) // 2} by keyword")
    if not shown:
        return "without arguments"
    if len(shown) == 1:
        return f"with {shown[0]}"
    return f"with {', '.join(shown[:-1])} and {shown[-1]}"


def described(value: Value) -> str:
    """Return what a value is, in a few words; of bytes only how many."""
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float)):
        return _number(value)
    if isinstance(value, str):
        return f"the constant string {_quoted(value)}"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, Literal):
        if value.kind == "str":
            return f"the constant string {_quoted(value.head.decode('utf-8', 'replace'))}"
        return f"{value.size_bytes:,} bytes"
    if isinstance(value, Global):
        return named(value.path)
    if isinstance(value, Module):
        return f"the module {named(value.name)}"
    if isinstance(value, Call):
        return f"what {_callee(value)} returns"
    if isinstance(value, Box):
        return _box(value)
    if isinstance(value, Persistent):
        return "an object by its persistent id"
    return value.why if isinstance(value, Unknown) else "a value"


def _number(value: float) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of {value.bit_length():,} bits"
    return f"the number {value}"


def _quoted(text: str) -> str:
    return f"'{text}'" if len(text) <= _MOST_CHARS else f"'{text[:_MOST_CHARS]}…'"


def _box(box: Box) -> str:
    """Return a short list of strings as it is, since commands are given so; else what it is."""
    count = (len(box.items) + box.more) // (2 if box.kind == "dict" else 1)
    strings = [each for each in box.items if isinstance(each, str)]
    if box.kind in ("list", "tuple") and 0 < count <= _MOST_ARGS and len(strings) == count:
        return f"the constant {box.kind} [{', '.join(_quoted(each) for each in strings)}]"
    return f"a {box.kind} of {count:,}"


def _callee(call: Call) -> str:
    callee = call.callee
    for _ in range(8):
        if not isinstance(callee, Call):
            break
        callee = callee.callee
    return named(callee.path) if isinstance(callee, Global) else "a call"
