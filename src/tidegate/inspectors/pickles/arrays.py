"""joblib's arrays: their bytes stand between the opcodes, as many as the wrapper's state says.

Source: joblib, `numpy_pickle.py`, `NumpyArrayWrapper.read_array`: BUILD on the wrapper makes the loader read
one byte (the length of the padding), the padding, and numel × itemsize bytes; an array of objects is a
second pickle in line instead.
"""

from __future__ import annotations

import re
from math import prod

from tidegate.inspectors.pickles.values import Box, Call, Global, Value, get, pairs

_WRAPPERS = frozenset(
    {
        "joblib.numpy_pickle:NumpyArrayWrapper",
        "sklearn.externals.joblib.numpy_pickle:NumpyArrayWrapper",
    }
)
_MOST_BYTES = 1 << 48
_DTYPE = re.compile(r"[<>=|]?([?bBhHiIlLqQuefdgFDGSUVOMmc])([0-9]*)\Z")
_LETTER_BYTES = {
    "?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4,
    "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "c": 1, "M": 8, "m": 8,
}  # fmt: skip


def is_wrapper(call: Call) -> bool:
    """Tell whether an instance is one whose BUILD reads raw bytes."""
    callee = _class_of(call)
    if not isinstance(callee, Global) or callee.name != "NumpyArrayWrapper":
        return False  # nearly all of them: this is asked of every state
    return f"{callee.module}:{callee.name}" in _WRAPPERS


def _class_of(call: Call) -> Value:
    """Return the class of an instance, made by NEWOBJ or by `copyreg._reconstructor`."""
    callee = call.callee
    if isinstance(callee, Global) and callee.name == "_reconstructor" and call.args:
        return call.args[0]
    return callee


def raw_bytes(wrapper: Call) -> int | None:
    """Return how many bytes the array has; -1: it is one of objects, a stream of its own; `None`: unknown."""
    shape = get(wrapper.state, "shape")
    size = _itemsize(get(wrapper.state, "dtype"))
    if not size:
        return None if size is None else -1
    if not isinstance(shape, Box) or shape.more:
        return None
    sides = [side for side in shape.items if type(side) is int and side >= 0]
    count = prod(sides) * size
    return count if len(sides) == len(shape.items) and count <= _MOST_BYTES else None


def is_aligned(wrapper: Call) -> bool:
    """Tell whether padding stands before the array: joblib 1.2 and later."""
    return type(get(wrapper.state, "numpy_array_alignment_bytes")) is int


def _itemsize(dtype: Value) -> int | None:
    """Return the bytes of one item; 0: Python objects; `None`: unknown."""
    if not isinstance(dtype, Call) or not dtype.args or not isinstance(dtype.args[0], str):
        return None
    found = _DTYPE.match(dtype.args[0])
    if found is None:
        return None
    letter, digits = found.groups()
    if letter == "O":
        return 0
    count = int(digits[:9] or 0)
    if letter == "U":
        return count * 4 or None
    if letter in "SV":
        return _holds_objects_or(count, dtype)
    if letter in "Mm":
        return 8
    return count or _LETTER_BYTES.get(letter)


def _holds_objects_or(count: int, dtype: Call) -> int | None:
    """Return the size of a structured or byte-string type; 0 if one of its fields is an object."""
    state = dtype.state
    fields = state.items[4] if isinstance(state, Box) and len(state.items) > 4 else None
    if isinstance(fields, Box):
        for _, field in pairs(fields):
            inner = field.items[0] if isinstance(field, Box) and field.items else None
            if inner is None or _itemsize(inner) == 0:
                return 0
    return count or None
