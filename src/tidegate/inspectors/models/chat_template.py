"""Chat templates in files of their own, `chat_template.jinja`, or as a text in YAML."""

from __future__ import annotations

import re

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._template import MOST_CHARACTERS, judge_template
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MARKED = re.compile(rb"\{\{|\{%")


class ChatTemplate:
    """Reads the whole text."""

    id = "chat_template"
    order = 90

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        if b"\0" in head:
            return False
        last = name.lower()
        if last.endswith((".yaml", ".yml")):
            return b"chat_template" in head and _MARKED.search(head) is not None
        return last.endswith((".jinja", ".jinja2", ".j2")) or (
            last.endswith(".template") and _MARKED.search(head) is not None
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        text = data.read(0, 4 * MOST_CHARACTERS + 4).decode("utf-8", "replace")
        judge_template(text, notes, where="the template")
        return notes.done()


PLUGIN = ChatTemplate()
