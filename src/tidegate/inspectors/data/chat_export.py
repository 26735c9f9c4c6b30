"""Chats that people exported: WhatsApp and Signal as text, Telegram, Instagram and Discord as JSON.

Sources: exports of these programs, as readers of them describe their lines and fields. Counted, never quoted.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import of_a_test
from tidegate.inspectors.data._text import found_in, lines, plain, windows
from tidegate.inspectors.messages.tally import Tally, moment, seconds
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity
from tidegate.records import replace

_READ_BYTES: Final = 32 << 20
_OVERLAP_BYTES: Final = 512
_WHEN: Final = (
    rb"(?:\xe2\x80[\x8e\x8f])?\[?(\d{1,4}[./-]\d{1,2}[./-]\d{2,4})(,?) (?:[a-z]{1,4} )?\d{1,2}[:.]\d\d"
    rb"(?P<sharp>[:.]\d\d)?(?:(?: |\xc2\xa0|\xe2\x80\xaf)?[AaPp]\.?(?: |\xc2\xa0)?[Mm]\.?)?"
)
_LINE: Final = re.compile(rb"(?:\A|\n)" + _WHEN + rb"(\]:? | - | \xe2\x80\x93 |: )(?:([^:\r\n]{1,60}):[ .])?")
"""Day, comma, seconds, what follows the time, who wrote it; nobody did where somebody joined."""
_NOBODY: Final = re.compile(
    rb"(?i)(?:trace|debug|info|notice|warn(?:ing)?|error|fatal|critical|severe|alert|emergency|log)\b"
    rb"|[\w-]+\.[\w.-]+\Z"
)
"""What stands there in a log: a level, or a part of a program."""
_LEAST: Final = 3
_TEXT: Final = (
    (b'"sender_name"', b'"timestamp_ms"', "Instagram or Messenger"),
    (b'"date_unixtime"', b'"messages"', "Telegram"),
    (b'"from_id"', b'"messages"', "Telegram"),
    (b'"guild"', b'"channel"', "Discord"),
    (b'"created_date"', b'"creator"', "Google Chat"),
)
"""Two fields that stand together near the beginning, and whose export it is."""
_FIELD: Final = re.compile(
    rb'"(?:(sender_name|from)"\s{0,9}:\s{0,9}"([^"\\]{0,200})|(timestamp_ms|date_unixtime)"\s{0,9}:\s{0,9}"?(\d{10,13})'
    rb'|(?P<sent>type)"\s{0,9}:\s{0,9}"(?:message|Default|Reply)"|(?P<made>created_date|timestamp)"\s{0,9}:\s{0,9}")'
)


class ChatExport:
    """Counts messages and who wrote them."""

    id = "chat_export"
    order = 43

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by lines that begin with a day and a person, or by two fields of an export."""
        del tail, size_bytes, name
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start in (b"{", b"[") and _whose(head):
            return True
        if not (start.isdigit() or start == b"\xe2" or _LINE.match(head.removeprefix(b"\xef\xbb\xbf"))):
            return False
        text = plain(head)
        return text is not None and _is_chat(text)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count."""
        tally = Tally()
        head = data.read(0, 4096)
        whose = _whose(head) if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else ""
        pattern = _FIELD if whose else _LINE
        found = found_in(data, pattern, context.meter.check, most_bytes=_READ_BYTES, overlap=_OVERLAP_BYTES)
        for each in found:
            _take_field(tally, each, whose) if whose else _take_line(tally, each)
        if not tally.messages:
            tally.messages = 1
        tally.partly = data.size_bytes > _READ_BYTES
        step = Step.SAMPLE if tally.partly else Step.WHOLE
        what = f"messages exported from {whose or 'WhatsApp or Signal'}"
        note = tally.observation("chat_store", what, inspector=self.id, step=step)
        if of_a_test(name):
            words = note.summary + "; its path says it is material of a test suite, or an example"
            note = replace(note, severity=Severity.LOW, summary=words)
        observed = [note]
        for at, piece in windows(data):
            text = plain(piece)
            if text:
                observed += context.sample(text, name, start=at)
        return Judgement("chat_store", model=False, complete=not tally.partly, observations=observed)


def _whose(head: bytes) -> str:
    fits = (who for one, other, who in _TEXT if one in head and other in head)
    return next((who for who in fits if b'"messages"' in head or b'"sender_name"' in head), "")


def _is_chat(text: bytes) -> bool:
    rows = [line for line in lines(text, 60) if line.strip()]
    said = [found for found in (_LINE.match(row) for row in rows) if found is not None]
    people = [found for found in said if found[5] and not _NOBODY.match(found[5])]
    # With a comma behind the day, or in brackets with a short year or no seconds: logs write none of it.
    telling = sum(
        bool(found[2]) or (found[4][:1] == b"]" and (len(found[1]) <= 8 or not found["sharp"]))
        for found in said
    )
    first = bool(rows) and _LINE.match(rows[0]) is not None
    enough = len(people) >= min(_LEAST, max(1, len(rows) - 1))
    return first and enough and telling * 10 >= len(said) * 9 and len(said) * 4 >= len(rows)


def _take_line(tally: Tally, found: re.Match[bytes]) -> None:
    if not found[5]:
        tally.events += 1
        return
    tally.messages += 1
    tally.person(found[5].strip())
    day = found[1].decode().replace("/", "-").replace(".", "-")
    if len(day.split("-")[0]) == 4:
        tally.at(moment("-".join(part.zfill(2) for part in day.split("-"))))


def _take_field(tally: Tally, found: re.Match[bytes], whose: str) -> None:
    if found[1]:
        tally.person(found[2])
        tally.messages += found[1] == b"sender_name"
    elif found[3]:
        tally.at(seconds(int(found[4][:10])))
    elif found["sent"]:
        tally.messages += whose in ("Telegram", "Discord")
    elif found["made"]:
        tally.messages += whose == "Google Chat"


PLUGIN = ChatExport()
