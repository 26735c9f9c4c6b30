"""CatBoost's `.cbm`: a FlatBuffer with trees, then parts by their names. It runs nothing.

Source: catboost/libs/model/model.cpp, catboost/libs/model/flatbuffers/model.fbs.
"""

from __future__ import annotations

from tidegate.inspectors.models._flatbuffer import Buffer
from tidegate.inspectors.models._notes import MalformedError, Notes, exact, quoted
from tidegate.inspectors.readable import Part, Readable
from tidegate.inspectors.seam import Context, Judgement

_FORMATS = ("FlabuffersModel_v1", "")


class CatBoost:
    """Reads the head of the core."""

    id = "catboost"
    order = 14

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return head.startswith(b"CBM1")

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            size = int.from_bytes(exact(data, 4, 4), "little")
            if 8 + size > data.size_bytes:
                raise MalformedError(f"a core of {size:,} bytes is announced, beyond the end of the file", 4)
            form = Buffer(Part(data, 8, size)).root().text(0)
            if form not in _FORMATS:
                notes.odd("version", f"the form {quoted(form)}, which is not known")
        return notes.done()


PLUGIN = CatBoost()
