"""One channel and day of a Slack export, outside of its zip."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import nothing, of_a_test
from tidegate.inspectors.messages.slack import count_day
from tidegate.inspectors.messages.tally import Tally
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity
from tidegate.records import replace

_MOST_BYTES: Final = 16 << 20
_TYPE: Final = re.compile(rb'"type"\s{0,8}:\s{0,8}"message"')
_TIME: Final = re.compile(rb'"ts"\s{0,8}:\s{0,8}"1\d{9}\.\d{6}"')
_WHO: Final = re.compile(rb'"(?:user|bot_id)"\s{0,8}:\s{0,8}"[UWB][A-Z0-9]{5,20}"')


class SlackDay:
    """An array of messages."""

    id = "slack_day"
    order = 36

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by the fields that Slack's messages have together."""
        del tail, name
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start != b"[" or size_bytes > _MOST_BYTES:
            return False
        return bool(_TYPE.search(head) and _TIME.search(head) and _WHO.search(head))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count its messages and people."""
        tally = Tally()
        text = data.read(0, min(data.size_bytes, _MOST_BYTES))
        if not count_day(text, tally):
            return nothing()
        note = tally.observation(
            "slack_export", "Slack messages of one channel and day", inspector=self.id, step=Step.WHOLE
        )
        if of_a_test(name):
            words = note.summary + "; its path says it is material of a test suite, or an example"
            note = replace(note, severity=Severity.LOW, summary=words)
        found = context.sample(text, name)
        return Judgement("slack_export", model=False, observations=[note, *found])


PLUGIN = SlackDay()
