"""What torch's containers share: storages, named by persistent ids and kept outside of the pickle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tidegate.inspectors.pickles.values import Box, Global, Value
from tidegate.records import dataclass

_ITEM_BYTES: Final = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8,
    "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
    "ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "QUInt8Storage": 1, "QInt8Storage": 1,
    "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storage:
    """One stretch of numbers that the pickle asks for."""

    key: str
    size_bytes: int
    device: str


def storages(ids: Iterable[Value]) -> Iterator[Storage | None]:
    """Yield what the persistent ids ask for; `None` for an id that is not of the usual form.

    Usual is `("storage", type, key, device, numel)`, in old files with a sixth item for views.
    """
    for each in ids:
        items = each.items if isinstance(each, Box) and each.kind == "tuple" else []
        if len(items) < 5 or items[0] != "storage":
            yield None
            continue
        _, kind, key, device, count = items[:5]
        size = _ITEM_BYTES.get(kind.name) if isinstance(kind, Global) else None
        if size is None or type(count) is not int or count < 0 or not isinstance(key, str):
            yield None
            continue
        yield Storage(key, count * size, device if isinstance(device, str) else "")
