"""A Keras configuration in a file of its own: `model.to_json()`, `config.json` out of a `.keras`."""

from __future__ import annotations

import re

from tidegate.inspectors.models._json import MOST_BYTES
from tidegate.inspectors.models._keras_config import judge_config
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MARK = re.compile(rb"\"class_name\"\s*:")
_BEGIN = re.compile(rb"\s*\{\s*\"(?:class_name|module|config|registered_name|build_config)\"\s*:")


class KerasJson:
    """Judges the whole JSON."""

    id = "keras_json"
    order = 70

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return _BEGIN.match(head) is not None and _MARK.search(head) is not None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        if data.size_bytes > MOST_BYTES:
            notes.can_run()
            notes.incomplete(f"{data.size_bytes:,} bytes of JSON")
        else:
            notes.include(judge_config(data.read(0, data.size_bytes), policy=context.policy))
        return notes.done()


PLUGIN = KerasJson()
