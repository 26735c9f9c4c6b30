"""Whether a tensor stays within its storage: offset, sizes and strides stand in the pickle, unchecked.

Source: PyTorch, `torch/_utils.py`, `_rebuild_tensor`: `set_` makes the storage as large as they ask for.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.pickles.values import Box, Call, Global, Persistent, Value

_SHARED_BYTES: Final = frozenset(("QUInt4x2Storage", "QUInt2x4Storage"))
"""Several elements of a tensor share one of the storage."""


def goes_beyond(args: tuple[Value, ...]) -> bool:
    """Tell whether a tensor (storage, offset, sizes, strides, …) reaches beyond what its storage holds.

    `False` where it cannot be told. A tensor without elements, or on no device, reaches nothing.
    """
    if len(args) < 4:
        return False
    held = _elements(args[0])
    offset, sizes, strides = args[1], _ints(args[2]), _ints(args[3])
    if held is None or type(offset) is not int or sizes is None or strides is None:
        return False
    if len(sizes) != len(strides) or offset < 0 or min((*sizes, *strides), default=0) < 0:
        return True
    if 0 in sizes:
        return False
    return offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True)) >= held


def _elements(storage: Value) -> int | None:
    """Return how many elements a storage holds by its persistent id; `None`: it does not say."""
    items = storage.id.items if isinstance(storage, Persistent) and isinstance(storage.id, Box) else []
    if len(items) < 5 or items[0] != "storage" or items[3] == "meta":
        return None
    kind, count = items[1], items[4]
    if isinstance(kind, Global) and kind.name in _SHARED_BYTES:
        return None
    return count if type(count) is int else None


def _ints(value: Value) -> list[int] | None:
    """Return the numbers of a tuple, or of a `torch.Size` of one."""
    if isinstance(value, Call) and len(value.args) == 1:
        value = value.args[0]
    if not isinstance(value, Box) or value.more:
        return None
    numbers = [each for each in value.items if type(each) is int]
    return numbers if len(numbers) == len(value.items) else None
