"""Messages exported from Teams as JSON: Microsoft Graph's `chatMessage`, one array, pages, or a line each.

Counted by the names of fields, which stand in quotes that no text inside a string can have.
Source: learn.microsoft.com/graph/api/resources/chatmessage.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._text import found_in
from tidegate.inspectors.messages.tally import Tally, moment
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step

_READ_BYTES: Final = 64 << 20
"""Of a longer export the start is counted, and said to be "at least"."""
_OVERLAP_BYTES: Final = 1024
_FIELD: Final = re.compile(
    rb'"(messageType|createdDateTime|chatId|channelId)"\s{0,8}:\s{0,8}"([^"\\]{1,300})"'
    rb'|"(from)"\s{0,8}:\s{0,8}\{[^{}]{0,300}\{[^{}]{0,300}?"id"\s{0,8}:\s{0,8}"([^"\\]{1,100})"'
)


class TeamsExport:
    """Reads from the start, in windows."""

    id = "teams_export"
    order = 35

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by what Graph calls it, or by three fields that only it has together."""
        del tail, size_bytes, name
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start not in (b"{", b"["):
            return False
        said = b"chatMessage" in head or (b"$metadata#" in head and b"/messages" in head)
        place = b'"chatId"' in head or b'"channelIdentity"' in head
        return b'"messageType"' in head and b'"createdDateTime"' in head and (said or place)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count messages, conversations, people and the time between them."""
        del name
        tally = Tally()
        seen = found_in(data, _FIELD, context.meter.check, most_bytes=_READ_BYTES, overlap=_OVERLAP_BYTES)
        for found in seen:
            _take(tally, found)
        tally.partly = data.size_bytes > _READ_BYTES
        step = Step.SAMPLE if tally.partly else Step.WHOLE
        note = tally.observation("teams_messages", "Teams messages", inspector=self.id, step=step)
        return Judgement("teams_messages", model=False, complete=not tally.partly, observations=[note])


def _take(tally: Tally, found: re.Match[bytes]) -> None:
    if found[3]:
        tally.person(found[4])
    elif found[1] == b"messageType":
        if found[2] == b"message":
            tally.messages += 1
        else:
            tally.events += 1
    elif found[1] == b"createdDateTime":
        tally.at(moment(found[2].decode("ascii", "replace")))
    else:
        tally.conversation(found[2])


PLUGIN = TeamsExport()
