"""LightGBM: trees as text. It runs nothing; a text cut off is told by the sizes at its head.

Source: LightGBM `gbdt_model_text.cpp`.
"""

from __future__ import annotations

import re

from tidegate.inspectors.models._notes import MalformedError, Notes
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_HEAD_BYTES = 1 << 22
"""The names and ranges of all features stand there."""
_SIZES = re.compile(rb"^tree_sizes=([\d ]*)\r?$", re.MULTILINE)
_FIRST = re.compile(rb"^Tree=0\r?$", re.MULTILINE)
_END = b"end of trees"


class LightGbm:
    """Reads the head, and where the last tree ends."""

    id = "lightgbm"
    order = 31

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return head.startswith((b"tree\nversion=", b"tree\r\nversion=")) and b"num_class" in head

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            head = data.read(0, _HEAD_BYTES)
            sizes, first = _SIZES.search(head), _FIRST.search(head)
            if sizes and first:
                end = first.start() + sum(int(each[:18]) for each in sizes.group(1).split())
                if _END not in data.read(end, 64):
                    raise MalformedError("the trees do not end where their sizes say", end)
            elif _END not in head and _END not in data.read(max(0, data.size_bytes - 65_536), 65_536):
                raise MalformedError("the text has no end of trees", data.size_bytes)
        return notes.done()


PLUGIN = LightGbm()
