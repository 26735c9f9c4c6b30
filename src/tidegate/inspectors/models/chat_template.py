"""Chat templates in files of their own: `chat_template.jinja`."""

from __future__ import annotations

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._template import MOST_CHARACTERS, judge_template
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class ChatTemplate:
    """Reads the whole text."""

    id = "chat_template"
    order = 90

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return name.lower().endswith((".jinja", ".jinja2", ".j2")) and b"\0" not in head

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        text = data.read(0, 4 * MOST_CHARACTERS + 4).decode("utf-8", "replace")
        judge_template(text, notes, where="the template")
        return notes.done()


PLUGIN = ChatTemplate()
