"""Conversations of Teams as pages: what eDiscovery (Premium) and exporters of chats write as HTML.

Counted by the times beside the messages.
Source: learn.microsoft.com/purview, "Conversation threading in eDiscovery";
the identifiers of threads are those of Graph's `chat` resource.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import nothing
from tidegate.inspectors.data._text import found_in, plain, windows
from tidegate.inspectors.messages.tally import Tally, moment
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Observation, Step

_READ_BYTES: Final = 32 << 20
_OVERLAP_BYTES: Final = 512
_PAGE: Final = re.compile(
    rb"(?i)\A\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,400}?-->\s*)?<(?:!doctype html|html)[\s>]",  # noqa: E501
    re.DOTALL,
)
_THREAD: Final = re.compile(
    rb"19:[0-9A-Za-z_\-]{6,100}@(?:thread\.(?:v2|tacv2|skype)|unq\.gbl\.spaces)|IPM\.SkypeTeams\.Message|TeamsMessagesData"
)
_SEEN: Final = re.compile(
    rb"(?P<thread>19:[0-9A-Za-z_\-]{6,100}@(?:thread\.(?:v2|tacv2|skype)|unq\.gbl\.spaces))"
    rb"|(?P<person>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,120}\.[A-Za-z]{2,24})"
    rb"|(?P<iso>\b20\d\d-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)|(?P<local>\b\d{1,2}/\d{1,2}/20\d\d,? \d{1,2}:\d\d(?::\d\d)? ?[AaPp][Mm])"  # noqa: E501
)


class TeamsTranscript:
    """Reads from the start, in windows."""

    id = "teams_transcript"
    order = 37

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a page that names a thread of Teams, or the class of its messages, near its start."""
        del tail, size_bytes, name
        return _PAGE.match(head) is not None and _THREAD.search(head) is not None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count times, threads and addresses."""
        if plain(data.read(0, 4096)) is None:
            return nothing()
        tally = Tally()
        seen = found_in(data, _SEEN, context.meter.check, most_bytes=_READ_BYTES, overlap=_OVERLAP_BYTES)
        for found in seen:
            _take(tally, found)
        if not tally.messages:
            return nothing()
        tally.partly = data.size_bytes > _READ_BYTES
        step = Step.SAMPLE if tally.partly else Step.WHOLE
        note = tally.observation(
            "teams_messages",
            "Teams conversation as a page, counted by its times",
            inspector=self.id,
            step=step,
        )
        observed: list[Observation] = [note]
        for start, text in windows(data):
            observed += context.sample(text, name, start=start)
        return Judgement("teams_messages", model=False, complete=not tally.partly, observations=observed)


def _take(tally: Tally, found: re.Match[bytes]) -> None:
    if found["thread"]:
        tally.conversation(found["thread"])
    elif found["person"]:
        tally.person(found["person"].lower())
    else:
        tally.messages += 1
        if found["iso"]:
            tally.at(moment(found["iso"].decode() + "Z"))


PLUGIN = TeamsTranscript()
