"""Lists of items in an eDiscovery export of Microsoft Purview: `Results.csv`, `Items_*.csv`, load files.

Source: learn.microsoft.com/purview, "Document metadata fields in eDiscovery", "Export search results".
"""

from __future__ import annotations

import csv
import re
from typing import Final

from tidegate.inspectors.data._notes import nothing, plural
from tidegate.inspectors.data._text import plain, windows
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_READ_BYTES: Final = 64 << 20
_WINDOW_BYTES: Final = 1 << 20
_TELLING: Final = frozenset(
    (
        "item identity",
        "document path",
        "target path",
        "original path",
        "compound path",
        "native path",
        "conversation type",
        "message kind",
        "item class",
        "custodian",
        "family id",
        "duplicate to item",
        "load id",
    )
)
_OF_CHATS: Final = frozenset(
    (
        "conversation id",
        "thread id",
        "chat id",
        "message id",
        "sender name",
        "sender email",
        "participants",
        "message time (utc)",
        "message text",
        "message body",
        "channel name",
        "team name",
        "created date (utc)",
    )
)
"""Columns of a transcript: each line is a message."""
_THREAD: Final = re.compile(rb"19:[0-9A-Za-z_\-]{6,100}@(?:thread\.(?:v2|tacv2|skype)|unq\.gbl\.spaces)")
_LEAST: Final = 3
_OF_TEAMS: Final = re.compile(rb"IPM\.SkypeTeams\.Message", re.IGNORECASE)


class PurviewExport:
    """Counts lines of the list, and which of them are Teams messages."""

    id = "purview_export"
    order = 39

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by names of columns."""
        del tail, size_bytes, name
        columns = set(_columns(head))
        return len(_TELLING & columns) >= _LEAST or _is_transcript(columns, head)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count."""
        columns = _columns(data.read(0, 4096))
        if not columns:
            return nothing()
        lines, teams, whole = _count(data, context)
        items = max(0, lines - 1)
        transcript = _is_transcript(set(columns), data.read(0, 4096))
        if transcript:
            teams = items
        kind_id = "teams_messages" if teams else "mail_archive"
        least = "" if whole else "at least "
        words = f"transcript of Teams conversations: {least}{plural(items, 'message')}"
        if not transcript:
            words = f"items of an eDiscovery export (Purview), listed: {least}{plural(items, 'item')}"
        numbers = {"items": items}
        if teams:
            numbers["messages"] = teams
        if teams and not transcript:
            words += f", {least}{plural(teams, 'Teams message')} among them"
        note = Observation(
            inspector=self.id,
            kind=kind_id,
            severity=kind(kind_id).severity,
            summary=words,
            step=Step.WHOLE if whole else Step.SAMPLE,
            numbers=numbers,
        )
        found = [note]
        for start, text in windows(data):
            found += context.sample(text, name, columns, start=start)
        return Judgement(kind_id, model=False, complete=whole, observations=found)


def _is_transcript(columns: set[str], head: bytes) -> bool:
    return len(_OF_CHATS & columns) >= _LEAST and _THREAD.search(head) is not None


def _columns(head: bytes) -> list[str]:
    text = plain(head)
    line = b"" if text is None else text.split(b"\n", 1)[0].strip()
    if not 20 < len(line) < 4096 or line.count(b",") < _LEAST:
        return []
    try:
        row = next(csv.reader([line.decode("utf-8", "replace")]))
    except (csv.Error, StopIteration):
        return []
    return [each.strip().lower().replace("_", " ") for each in row]


def _count(data: Readable, context: Context) -> tuple[int, int, bool]:
    """Return lines outside of quotes, Teams messages, and whether all was read."""
    lines = teams = at = 0
    quoted = False
    rest = last = b""
    stop = min(data.size_bytes, _READ_BYTES)
    while at < stop:
        context.meter.check()
        piece = data.read(at, min(_WINDOW_BYTES, stop - at))
        if not piece:
            break
        at += len(piece)
        parts = piece.split(b'"')
        lines += sum(part.count(b"\n") for part in parts[1 if quoted else 0 :: 2])
        quoted ^= len(parts) % 2 == 0
        text = rest + piece
        end = 0
        for found in _OF_TEAMS.finditer(text):
            teams += 1
            end = found.end()
        rest = text[max(end, len(text) - 21) :]
        last = piece[-1:]
    return lines + (last not in (b"\n", b"")), teams, stop == data.size_bytes


PLUGIN = PurviewExport()
