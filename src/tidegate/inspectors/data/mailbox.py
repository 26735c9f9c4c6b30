"""Mail as text: a mailbox of many (mbox), and one message (`.eml`).

Source: RFC 4155 (mbox), RFC 5322 (message). Of a long mailbox windows are read, and the count is "about".
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, plural
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, WINDOW_BYTES, plain, windows
from tidegate.inspectors.messages.tally import Tally, rounded, seconds, span
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_WHOLE_BYTES: Final = 32 << 20
"""Up to this size every message is counted."""
_WINDOWS: Final = 32
_WINDOW_BYTES: Final = 256 << 10
_MOST_HEADER_BYTES: Final = 64 << 10
_PIECE_BYTES: Final = 1 << 20
_OVERLAP_BYTES: Final = 512
_BOM: Final = b"\xef\xbb\xbf"
_FROM_LINE: Final = re.compile(
    rb"(?:\A|\n)From [^\r\n]{1,200}?\d{1,2}:\d\d(?::\d\d)?[^\r\n]{0,40}\r?\n"
    rb"(?=>?[A-Za-z][A-Za-z0-9-]{1,60}:[ \t])"
    rb"|(?:\A|\n)From (?:-|[^\s@]{1,100}@[^\s@]{1,100}) ?\r?\n(?=[A-Za-z][A-Za-z0-9-]{1,60}:[ \t])"
    rb"|(?:\A|\n)From \S{1,100} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\r?\n(?=\r?\n)"  # noqa: E501
)
_PATCH: Final = re.compile(rb"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\r?\n")
"""What git writes above a patch: code in the form of a mail."""
_FIELD: Final = re.compile(rb"(?i)\A([a-z0-9][a-z0-9-]{1,60}):[ \t]?[^\n]{0,8000}(?:\n|\Z)")
_OF_MAIL: Final = frozenset(
    b"from to cc subject date message-id received return-path delivered-to mime-version reply-to in-reply-to "
    b"x-mailer dkim-signature authentication-results thread-topic x-received envelope-to delivery-date"
    b" received-spf arc-seal arc-message-signature x-original-to list-id list-unsubscribe references"
    b" sender".split()
)
_LENGTH: Final = re.compile(rb"\A\d{1,10} *\r?\n")
"""How long it is, as Apple Mail writes it before."""
_PLAINLY: Final = 3
_OF_MIME: Final = frozenset(
    b"content-type content-transfer-encoding content-disposition content-id content-description".split()
)
_LOOSE: Final = re.compile(rb"(?i)\A([a-z][a-z0-9-]{1,60})[ \t]*:")
_DATE: Final = re.compile(rb"(?im)^Date:[ \t]*([^\r\n]{10,80})")
_SENDER: Final = re.compile(rb"(?im)^From:([^\r\n]{1,400})")
_SPACED: Final = bytes.maketrans(b'<>"(),;:\t', b" " * 9)
_ATTACHED: Final = re.compile(rb"(?im)^Content-Disposition:[ \t]*attachment")


class Mailbox:
    """Reads headers; of a body only that it is there."""

    id = "mailbox"
    order = 44
    of_archives = True

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a mailbox by its first line, and a message by three fields that mail has."""
        del tail, size_bytes
        head = head.removeprefix(_BOM).lstrip()
        if _PATCH.match(head):
            return False
        return _FROM_LINE.match(head) is not None or is_message(head) or _named_so(head, name)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count messages and the people who sent them."""
        head = data.read(0, 4096).removeprefix(_BOM).lstrip()
        # What follows the header may be bytes of any sort.
        if plain(head) is None and plain(head.replace(b"\r", b"").partition(b"\n\n")[0] or b"\0") is None:
            return nothing()
        if _FROM_LINE.match(head) is None:
            return _one(data, name, context)
        return self._many(data, name, context)

    def _many(self, data: Readable, name: str, context: Context) -> Judgement:
        tally = Tally()
        size = data.size_bytes
        whole = size <= _WHOLE_BYTES
        counted = 0
        found: list[Observation] = []
        try:
            if whole:
                counted = _through(data, tally, context, name, found)
            else:
                for place in range(_WINDOWS):
                    context.meter.check()
                    at = place * (size - _WINDOW_BYTES) // (_WINDOWS - 1)
                    text = data.read(at, _WINDOW_BYTES)
                    _take(text, tally, len(text))
                    if place in (0, _WINDOWS // 2, _WINDOWS - 1):
                        found += context.sample(text[:WINDOW_BYTES], name, start=at)
                    counted += len(text)
        except OverBudgetError:
            whole = False
        numbers = {"people": len(tally.people)} if tally.people else {}
        if whole:
            numbers["messages"] = tally.messages
            said = plural(tally.messages, "message")
        elif size <= _WHOLE_BYTES:
            numbers["messages"] = tally.messages
            said = f"at least {plural(tally.messages, 'message')}"
        elif counted:
            about = rounded(tally.messages * size // counted)
            numbers["messages_estimated"] = about
            said = f"about {about:,} messages (from {counted >> 20:,} MiB of {size >> 20:,} MiB)"
        else:
            said = "messages that were not counted"
        words = f"mailbox (mbox): {said}"
        if tally.people:
            words += f" from {'' if whole else 'at least '}{plural(len(tally.people), 'sender')}"
        # One message in the form of a mailbox is a mail that somebody kept, no archive.
        kept = whole and tally.messages <= 1 and not name.lower().endswith(".mbox")
        kind = "mail" if kept else "mail_archive"
        note = _note(kind, words, numbers, tally, Step.WHOLE if whole else Step.SAMPLE)
        return judged(kind, note, *found)


def _one(data: Readable, name: str, context: Context) -> Judgement:
    tally = Tally()
    start = data.read(0, min(data.size_bytes, _MOST_HEADER_BYTES))
    _header(start, 0, len(start), tally)
    parts = windows(data)
    attached = sum(len(_ATTACHED.findall(text)) for _, text in parts)
    whole = data.size_bytes <= WHOLE_TEXT_BYTES
    numbers = {"messages": 1}
    words = "a mail"
    if attached:
        numbers["attachments"] = attached
        words += f" with {'' if whole else 'at least '}{plural(attached, 'attachment')}"
    note = _note("mail", words, numbers, tally, Step.WHOLE if whole else Step.SAMPLE)
    return judged("mail", note, *_sampled(data, name, context))


def _sampled(data: Readable, name: str, context: Context) -> list[Observation]:
    found: list[Observation] = []
    try:
        for start, text in windows(data):
            found += context.sample(text, name, start=start)
    except OverBudgetError:
        return found
    return found


def _through(data: Readable, tally: Tally, context: Context, name: str, found: list[Observation]) -> int:
    """Count all messages; return the bytes that were read. found: gets what stands in a few windows."""
    at, rest = 0, b""
    pieces = -(-data.size_bytes // _PIECE_BYTES)
    sampled = {0, pieces // 2 * _PIECE_BYTES, (pieces - 1) * _PIECE_BYTES}
    while at < data.size_bytes:
        context.meter.check()
        piece = data.read(at, _PIECE_BYTES)
        if not piece:
            break
        if at in sampled:
            found += context.sample(piece[:WHOLE_TEXT_BYTES], name, start=at)
        at += len(piece)
        text = rest + piece
        last = at >= data.size_bytes
        stop = len(text) if last else max(0, len(text) - _MOST_HEADER_BYTES)
        end = _take(text, tally, stop)
        rest = text[max(end, stop - _OVERLAP_BYTES) :]
    return at


def _take(text: bytes, tally: Tally, stop: int) -> int:
    """Count the messages that begin before `stop`; return where the last one's first line ends."""
    end = 0
    starts = list(_FROM_LINE.finditer(text))
    for place, found in enumerate(starts):
        if found.start() >= stop:
            break
        end = found.end()
        tally.messages += 1
        # A header ends where the next message begins: what is read of all headers is no more than the text.
        after = starts[place + 1].start() if place + 1 < len(starts) else len(text)
        _header(text, end, after, tally)
    return end


def _header(text: bytes, start: int, stop: int, tally: Tally) -> None:
    bound = min(stop, start + _MOST_HEADER_BYTES)
    ends = [at for mark in (b"\n\n", b"\n\r\n") if (at := text.find(mark, start, bound)) >= 0]
    header = text[start : min(ends, default=bound)]
    sender = _SENDER.search(header)
    if sender is not None:
        tally.person(_address(sender[1]))
    date = _DATE.search(header)
    if date is not None:
        try:
            tally.at(seconds(parsedate_to_datetime(date[1].decode("ascii", "replace")).timestamp()))
        except (ValueError, TypeError, OverflowError, IndexError):
            return


def _address(field: bytes) -> bytes:
    """Return the first address of a field in lower case; empty when there is none."""
    before, at, after = field.lower().translate(_SPACED).partition(b"@")
    if not at or not before or before[-1:] == b" ":
        return b""
    return before.rsplit(b" ", 1)[-1] + at + after.partition(b" ")[0]


def is_message(head: bytes) -> bool:
    """Tell whether it begins with fields, three of them those of mail."""
    head = _LENGTH.sub(b"", head)
    known: set[bytes] = set()
    at = 0
    for _ in range(60):
        if at >= len(head):
            break
        end = head.find(b"\n", at)
        end = len(head) if end < 0 else end
        line = head[at : end + 1]
        if not line.strip():
            break
        if line[:1] not in (b" ", b"\t"):
            found = _FIELD.match(line)
            if found is None and len(known & _OF_MAIL) >= _PLAINLY:
                break  # a line that is broken, in what is plainly a mail's header
            if found is None:
                return False
            known.add(found[1].lower())
        elif not at:
            return False
        at = end + 1
    named = known & _OF_MAIL
    if b"content-type" in known and b"mime-version" in known:
        return True  # a mail whose sender was left out, a page that was saved with its pictures
    if len(named) < 3 or not named & {b"from", b"received", b"return-path", b"message-id"}:
        return False
    # Settings may have such names; who writes a mail has an address, or a server wrote into it.
    return b"@" in head[:at] or bool(named & {b"received", b"return-path", b"message-id", b"mime-version"})


def _named_so(head: bytes, name: str) -> bool:
    """Tell a message whose name says so: a field or two are enough, whatever stands between."""
    low = name.lower()
    if not low.endswith((".eml", ".msg", ".emlx", ".mime")) or plain(head) is None:
        return False
    known = set()
    for line in head.splitlines()[:60]:
        if not line:
            break
        field = _LOOSE.match(line)
        if field is not None:
            known.add(field[1].lower())
    found = len(known & _OF_MAIL) + len(known & _OF_MIME)
    return found >= (2 if low.endswith(".msg") else 1) or (
        bool(found) and b"multipart/" in head[:200].lower()
    )


def _note(kind_id: str, words: str, numbers: dict[str, int], tally: Tally, step: Step) -> Observation:
    return Observation(
        inspector="mailbox",
        kind=kind_id,
        severity=kind(kind_id).severity,
        summary=words + span(tally.first_at, tally.last_at),
        confidence="high" if step is Step.WHOLE else "medium",
        step=step,
        numbers=numbers,
        first_at=tally.first_at,
        last_at=tally.last_at,
    )


PLUGIN = Mailbox()
