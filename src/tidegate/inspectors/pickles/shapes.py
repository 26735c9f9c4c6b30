"""Whether the arguments of an allow-listed callable have the shape that its own library writes.

A shape is a list of kinds: `storage int ints ints bool dict plain?`. A kind with `?` may be missing, one
with `*` may stand any number of times; `|` separates alternatives; a word in quotes is that very string,
one behind `@` that very function or class.
"""

from __future__ import annotations

from functools import cache

from tidegate.inspectors.pickles.names import Listed
from tidegate.inspectors.pickles.values import Box, Call, Global, Literal, Persistent, Value

_MOST_ITEMS = 256


def fits(shape: str, args: tuple[Value, ...]) -> bool:
    """Tell whether the arguments have the shape."""
    kinds = _parsed(shape)
    at = 0
    for kind, how in kinds:
        if how == "*":
            while at < len(args) and _is(kind, args[at]):
                at += 1
            continue
        if at >= len(args):
            if how == "?":
                continue
            return False
        if not _is(kind, args[at]):
            return False
        at += 1
    return at == len(args)


@cache
def _parsed(shape: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    found = []
    for word in shape.split():
        how = word[-1] if word[-1] in "?*" else ""
        found.append((tuple(word.rstrip("?*").split("|")), how))
    return tuple(found)


def _is(kinds: tuple[str, ...], value: Value) -> bool:
    return any(_is_one(kind, value) for kind in kinds)


def _is_one(kind: str, value: Value) -> bool:
    if kind.startswith("'"):
        return value == kind.strip("'")
    if kind.startswith("@"):
        return isinstance(value, Global) and not value.changed and value.path == kind[1:]
    match kind:
        case "plain":
            return not _is_function(value)
        case "any":
            return True
        case "int":
            return type(value) is int
        case "number":
            return type(value) in (int, float)
        case "bool":
            return type(value) is bool
        case "none":
            return value is None
        case "str":
            return isinstance(value, str) or (isinstance(value, Literal) and value.kind == "str")
        case "bytes":
            return isinstance(value, bytes) or (isinstance(value, Literal) and value.kind != "str")
        case "storage":
            return isinstance(value, Persistent) or (isinstance(value, Call) and value.known)
        case "ints":
            return _is_ints(value)
        case "class" | "named":
            return _is_listed(value, make_only=kind == "class")
        case "made":
            return isinstance(value, Call) and value.known
        case _:
            return isinstance(value, Box) and value.kind == kind


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


def _is_function(value: Value) -> bool:
    """Tell whether calling the value would do something: a function, or what is not on the list."""
    if not isinstance(value, Global):
        return False
    return not isinstance(value.entry, Listed) or value.entry.use == "call"
