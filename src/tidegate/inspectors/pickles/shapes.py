"""Whether the arguments of an allow-listed callable have the shape that its own library writes.

A shape is a list of kinds: `storage int ints ints bool dict plain?`. A kind with `?` may be missing, one
with `*` may stand any number of times; `|` separates alternatives; a word in quotes is that very string,
one behind `@` that very function or class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, TypeAlias

from tidegate.inspectors.pickles.names import Listed, danger
from tidegate.inspectors.pickles.values import Box, Call, Global, Literal, Persistent, Shape, Value

_MOST_ITEMS = 256


def fits(shape: Shape, args: Sequence[Value]) -> bool:
    """Tell whether the arguments have the shape."""
    at, count = 0, len(args)
    for is_one, how in shape:
        if how == "*":
            while at < count and is_one(args[at]):
                at += 1
            continue
        if at >= count:
            if how == "?":
                continue
            return False
        if not is_one(args[at]):
            return False
        at += 1
    return at == count


def shape_alone(entry: Listed) -> Shape | None:
    """Return the shape of a listed name; `None` where more than that is to be looked at when it is called."""
    if entry.use in ("name", "class") or entry.calls or entry.loads or entry.tensor:
        return None
    return parsed(entry.shape)


_Test: TypeAlias = "Callable[[Value], bool]"


@cache
def parsed(shape: str) -> Shape:
    """Return a shape as `fits` takes it."""
    found = []
    for word in shape.split():
        how = word[-1] if word[-1] in "?*" else ""
        kinds = [_test(kind) for kind in word.rstrip("?*").split("|")]
        found.append((kinds[0] if len(kinds) == 1 else _any_of(kinds), how))
    return tuple(found)


def _any_of(tests: list[_Test]) -> _Test:
    def is_one(value: Value) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs as much as three tests
            if test(value):
                return True
        return False

    return is_one


def _test(kind: str) -> _Test:
    """Return what tells whether a value is of a kind."""
    if kind.startswith("'"):
        text = kind.strip("'")
        return lambda value: value == text
    if kind.startswith("@"):
        return lambda value: isinstance(value, Global) and not value.changed and value.path == kind[1:]
    return _TESTS.get(kind) or (lambda value: isinstance(value, Box) and value.kind == kind)


def _is_ints(value: Value) -> bool:
    if isinstance(value, Call):  # torch.Size
        return value.known
    if not isinstance(value, Box) or value.kind not in ("tuple", "list"):
        return False
    return all(type(each) is int or isinstance(each, Call) for each in value.items[:_MOST_ITEMS])


def _is_listed(value: Value, *, make_only: bool) -> bool:
    if isinstance(value, Call):  # a class that was built, a dtype
        return value.known and not make_only
    if not isinstance(value, Global) or value.changed:
        return False
    return isinstance(value.entry, Listed) and (value.entry.use in ("make", "class") or not make_only)


def _is_callable(value: Value) -> bool:
    """Tell whether the value may be called later, unseen: a listed function that neither loads nor calls."""
    if isinstance(value, Call):
        inner = value.callee.entry if isinstance(value.callee, Global) else None
        return value.known and isinstance(inner, Listed) and inner.state == "partial"
    if not isinstance(value, Global) or value.changed or not isinstance(value.entry, Listed):
        return False
    entry = value.entry
    return not (entry.loads or entry.calls or entry.use == "class" or danger(value.module, value.name))


def _is_function(value: Value) -> bool:
    """Tell whether calling the value would do something: a function, or what is not on the list."""
    if not isinstance(value, Global):
        return False
    return not isinstance(value.entry, Listed) or value.entry.use == "call"


_TESTS: Final[dict[str, _Test]] = {
    "plain": lambda value: not isinstance(value, Global) or not _is_function(value),
    "any": lambda _value: True,
    "int": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "bool": lambda value: type(value) is bool,
    "none": lambda value: value is None,
    "str": lambda value: isinstance(value, str) or (isinstance(value, Literal) and value.kind == "str"),
    "bytes": lambda value: isinstance(value, bytes) or (isinstance(value, Literal) and value.kind != "str"),
    "storage": lambda value: isinstance(value, Persistent) or (isinstance(value, Call) and value.known),
    "ints": _is_ints,
    "class": lambda value: _is_listed(value, make_only=True),
    "named": lambda value: _is_listed(value, make_only=False),
    "callable": _is_callable,
    "made": lambda value: isinstance(value, Call) and value.known,
}
"""By the word that stands for them; any other word is the kind of a container."""
