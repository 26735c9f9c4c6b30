"""PyTorch's format before the zip: five pickles one after the other, then the storages' numbers.

Source: PyTorch, `torch/serialization.py`, `_legacy_save` and `_legacy_load`. The loader compares the first
pickle's value with a number, however it is written, so that a file may begin in many ways; each of the five
is unpickled in full, and what runs in the first has run before the comparison.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._torch import storages
from tidegate.inspectors.pickles.judge import judge_pickles, judge_stream
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.opcodes import ARGS, Arg
from tidegate.inspectors.pickles.values import Box, Value
from tidegate.inspectors.readable import Part, Readable
from tidegate.inspectors.seam import Context, Judgement

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_FORMS: Final = (
    _MAGIC.to_bytes(10, "little"),
    str(_MAGIC).encode(),
    hex(_MAGIC).encode(),
    hex(_MAGIC).upper().encode().replace(b"0X", b"0x"),
)
_BEGIN_BYTES: Final = 64
_STREAMS: Final = ("magic number", "protocol", "system information", "object", "storage keys")
_KEYS: Final = 4
_OBJECT: Final = 3
_LENGTH_BYTES: Final = 8
"""The number of items stands before each storage's numbers."""


class TorchLegacy:
    """Reads the five pickles; the storages are passed over by their sizes."""

    id = "torch_legacy"
    order = 20
    instead_of = frozenset(("pickle",))

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by the magic number in a pickle at its beginning."""
        del tail, size_bytes, name
        begins = head[:_BEGIN_BYTES]
        return any(form in begins for form in _FORMS) and ARGS[begins[0]] != Arg.UNKNOWN

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge the five pickles, and what stands behind the storages."""
        del name
        judged = Judgement(self.id)
        at, keys, ids = 0, None, list[Value]()
        for number, what in enumerate(_STREAMS):
            found = judge_stream(
                data,
                at,
                data.size_bytes,
                loader=Loader.TORCH,
                policy=context.policy,
                inside=context.inside,
                values=number in (_OBJECT, _KEYS),
            )
            absorb(judged, found.judgement)
            if found.end is None:
                notes = Notes(self.id)
                notes.broken(f"the pickle of its {what} does not end", offset=at)
                absorb(judged, notes.done())
                absorb(judged, judge_pickles(data, max(found.reached, at + 1), loader=Loader.TORCH))
                return judged
            at = found.end
            if number == _OBJECT:
                ids = found.storages
            keys = found.value
        absorb(judged, _after(data, at, keys, ids, context))
        return judged


def _after(data: Readable, at: int, keys: Value, ids: list[Value], context: Context) -> Judgement:
    """Go over the storages by their sizes, and look at what is left."""
    notes = Notes("torch_legacy")
    wanted = keys.items if isinstance(keys, Box) and not keys.more else None
    found = list(storages(ids))
    sizes = {each.key: each.size_bytes for each in found if each is not None}
    if wanted is None or None in found or any(key not in sizes for key in wanted):
        notes.odd("storages", "its storages are not named in the usual way: their bytes were not gone over")
        return notes.done()
    end = at + sum(_LENGTH_BYTES + sizes[key] for key in wanted if isinstance(key, str))
    left = data.size_bytes - end
    if left < 0:
        notes.broken(f"its storages need {-left:,} bytes more than are there")
    if left <= 0:
        return notes.done()
    notes.odd("trailing_bytes", f"{left:,} bytes stand behind the last storage", offset=end)
    judged = notes.done()
    inner = context.inside(Part(data, end, left), "") if context.inside else None
    if inner is not None:
        absorb(judged, inner, f"bytes from {end} on")
    return judged


PLUGIN = TorchLegacy()
