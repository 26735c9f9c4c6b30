"""States that decide what an instance does: BUILD gives them to classes that are listed, and they are judged.

A class whose `__setstate__` keeps what it is given needs no rule here. These run, call or trust it.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.pickles.limits import Limits
from tidegate.inspectors.pickles.shapes import fits, parsed
from tidegate.inspectors.pickles.values import Box, Call, Global, Value, get, pairs

_PARTIAL: Final = "callable plain*"
_TRUSTED_FLAGS: Final = 3
"""Version of a type's state from which numpy takes the flags as they stand."""
_MOST_WITHOUT_VERSION: Final = 5
"""Items of a state of numpy before 1.0, which begins with the byte order."""
_FLAGS_OF_OBJECTS: Final = 0b11
"""Counted references, pickled as a list: of any type that holds objects."""
_LETTERS: Final = re.compile(r"[<>|=]?([A-Za-z?])([0-9]*)\Z")
_DEEPEST: Final = 16
_TEMPLATE: Final = re.compile(
    r"""
def _parse_args\(self, (?P<given>[\w, ]*?) ?(?P<places>(?:loc=0)?(?:, scale=1)?)\):
    return \((?P<values>[\w, ]*)\), (?P<rest>(?:loc|0), (?:scale|1))

def _parse_args_rvs\(self, (?P=given) ?(?P=places), size=None\):
    return self\._argcheck_rvs\((?P=values) ?(?P=rest), size=size\)

def _parse_args_stats\(self, (?P=given) ?(?P=places), moments='mv'\):
    return \((?P=values)\), (?P=rest), moments
"""
)
"""Source: scipy, `scipy/stats/_distn_infrastructure.py`, `parse_arg_template`, since 0.14."""


def wrong(rule: str, target: Call, state: Value, limits: Limits) -> str:
    """Return what is wrong with the state of a listed class, by the rule of its entry; empty: nothing."""
    return _RULES[rule](target, state, limits)


def _partial(_target: Call, state: Value, _limits: Limits) -> str:
    """`functools.partial`: function, arguments, keywords, attributes. Source: `partial.__reduce__`."""
    if not isinstance(state, Box) or state.kind != "tuple" or len(state.items) != 4:
        return "a state that functools.partial does not write"
    function, args, kwargs, _ = state.items
    held = args.items if isinstance(args, Box) else [args]
    named = [value for _, value in pairs(kwargs)] if isinstance(kwargs, Box) else []
    if not fits(parsed(_PARTIAL), (function, *held, *named)):
        return "a function that is not listed to be called later"
    return ""


def _dtype(target: Call, state: Value, limits: Limits) -> str:
    """`numpy.dtype`: numpy trusts flags and offsets. Source: numpy, `descriptor.c`, `arraydescr_setstate`."""
    types = _Types(limits)
    found = types.size_and_objects(target, 0)
    if found is None or not isinstance(state, Box) or state.kind != "tuple" or not state.items:
        return "a state that numpy does not write"
    items = state.items
    version = items[0] if len(items) > _MOST_WITHOUT_VERSION else 0
    if type(version) is not int:
        return "a state that numpy does not write"
    if version < _TRUSTED_FLAGS:
        return ""
    size, flags = (items[5], items[7]) if len(items) > 7 else (None, 0)
    if found[1] and (type(flags) is not int or flags & 3 != _FLAGS_OF_OBJECTS):
        return "flags that deny its objects: numbers of the file would be taken for addresses"
    for _, field in pairs(items[4]) if len(items) > 4 and isinstance(items[4], Box) else ():
        if not types.lies_within(field, size):
            return "a field that reaches beyond its item"
    return ""


class _Types:
    """Types within types, each looked at once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[int, tuple[int, bool] | None] = {}

    def lies_within(self, field: Value, size: Value) -> bool:
        """Tell whether a field (type, offset, title) lies within an item of so many bytes."""
        items = field.items if isinstance(field, Box) else []
        if len(items) < 2 or type(items[1]) is not int or type(size) is not int:
            return False
        inner = self.size_and_objects(items[0], 1)
        return inner is not None and items[1] >= 0 and items[1] + inner[0] <= size

    def size_and_objects(self, dtype: Value, depth: int) -> tuple[int, bool] | None:
        """Return the bytes of a type, 0 where they are not told, and whether it holds objects.

        `None`: it is no type as numpy writes one, or more than is looked at.
        """
        if not isinstance(dtype, Call) or not dtype.args or depth > _DEEPEST or self._limits.opcodes <= 0:
            return None
        if id(dtype) not in self._known:
            self._known[id(dtype)] = None  # one within itself
            self._known[id(dtype)] = self._look(dtype, depth)
        return self._known[id(dtype)]

    def _look(self, dtype: Call, depth: int) -> tuple[int, bool] | None:
        first = dtype.args[0]
        if isinstance(first, Global):
            return 0, first.name in ("object", "object_")
        letters = _LETTERS.match(first) if isinstance(first, str) else None
        if letters is None:
            return None
        kind, size = letters[1], int(letters[2][:9] or 0) * (4 if letters[1] == "U" else 1)
        objects = kind == "O"
        parts = dtype.state.items if isinstance(dtype.state, Box) else []
        if kind == "V" and len(parts) > 5 and type(parts[5]) is int:
            size = max(parts[5], 0)
        fields = parts[4] if len(parts) > 4 else None
        inner = [value for _, value in pairs(fields)] if isinstance(fields, Box) else []
        self._limits.opcodes -= len(inner)
        for each in [*inner, *parts[2:3]]:
            if isinstance(each, Box) and each.items:
                found = self.size_and_objects(each.items[0], depth + 1)
                if found is None:
                    return None
                objects = objects or found[1]
        return size, objects


def _scipy(_target: Call, state: Value, _limits: Limits) -> str:
    """Distributions of scipy: `__setstate__` runs the attribute `_parse_arg_template` as Python code."""
    if not isinstance(state, Box) or state.more:
        return "a state that scipy does not write"
    if state.kind == "tuple":  # scipy before 1.6: parameters of the constructor, random numbers
        first, second = state.items if len(state.items) == 2 else (None, state)
        old = isinstance(first, Box) and all(key in _OLD_STATE for key, _ in pairs(first))
        return (
            ""
            if old and (second is None or isinstance(second, Call))
            else "a state that scipy does not write"
        )
    names = [key for key, _ in pairs(state)]
    if not all(isinstance(name, str) for name in names) or names.count("_parse_arg_template") > 1:
        return "a state that scipy does not write"
    template = get(state, "_parse_arg_template")
    if not isinstance(template, str) or not _TEMPLATE.fullmatch(template):
        return "code that it runs, which is not scipy's own"
    return ""


_OLD_STATE: Final = frozenset(
    (
        "momtype",
        "a",
        "b",
        "xtol",
        "badvalue",
        "name",
        "longname",
        "shapes",
        "extradoc",
        "seed",
        "values",
        "inc",
    )
)
_RULES: Final = {"partial": _partial, "dtype": _dtype, "scipy": _scipy}
