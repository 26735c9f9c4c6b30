"""Documents: PDF with its pages, Office files of before 2007, mail in the same form.

Sources: ISO 32000-1, 7.7.3; [MS-CFB], sections 2.2 and 2.6.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, plural, seen
from tidegate.inspectors.data._text import windows
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COUNT: Final = re.compile(rb"/Count (\d{1,6})\b")
_LINEAR: Final = re.compile(rb"/Linearized\b[^>]{0,200}/N (\d{1,6})\b")
_WITH_TEXT: Final = frozenset(("document", "spreadsheet"))
_WIDE: Final = re.compile(rb"(?:[\t\r\x20-\x7e\xa0-\xff]\x00){6,8192}")
_NARROW: Final = re.compile(rb"[\t\r\x20-\x7e\xc0-\xff]{8,8192}")
_SEARCHED_BYTES: Final = 1 << 20
_TELLING: Final = 8
"""So many of these, from the first, tell a program; the rest is in files of many."""
_STREAMS: Final = (
    ("__properties_version1.0", "mail", "an e-mail (Outlook)"),
    ("__nameid_version1.0", "mail", "an e-mail (Outlook)"),
    ("WordDocument", "document", "a Word document"),
    ("Workbook", "spreadsheet", "an Excel workbook"),
    ("Book", "spreadsheet", "an Excel workbook"),
    ("PowerPoint Document", "document", "a PowerPoint presentation"),
    ("VisioDocument", "document", "a Visio drawing"),
    ("EncryptedPackage", "document", "an Office document, encrypted"),
    ("\x05SummaryInformation", "document", "a compound document"),
    ("\x01Ole10Native", "document", "an object that was embedded in a document"),
    ("\x01CompObj", "document", "an object that was embedded in a document"),
    ("Package", "document", "an object that was embedded in a document"),
)


class Document:
    """Looks at the ends, and at one sector of an OLE file's directory."""

    id = "document"
    order = 40
    of_archives = True
    """A document with a zip embedded at its end reads as a zip too: what it begins with says what it is."""

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by magic."""
        del tail, size_bytes, name
        return head.startswith((_OLE, b"%PDF-", b"\xef\xbb\xbf%PDF-"))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say which program's it is, or how many pages it has."""
        head = data.read(0, 4096)
        if not head.startswith(_OLE):
            return _pdf(data, head)
        made = _ole(data, head, name)
        if made.kind in _WITH_TEXT:
            for at, piece in windows(data):
                made.observations += context.sample(_runs(piece), f"{name}.txt", start=at)
        return made


def _runs(piece: bytes) -> bytes:
    """Return the text in a piece of a compound file: letters of one byte and of two, a line a run.

    Words are where they were typed; what stands between them, pieces of tables and numbers, is left out.
    """
    texts = [found[0].decode("utf-16-le", "replace").encode() for found in _WIDE.finditer(piece)]
    return b"\n".join([*texts, *_NARROW.findall(piece)]).replace(b"\r", b"\n")


def _pdf(data: Readable, head: bytes) -> Judgement:
    size = data.size_bytes
    tail = data.read(max(0, size - 4096), 4096)
    linear = _LINEAR.search(head)
    counts = [int(each) for each in _COUNT.findall(head + tail)]
    pages = int(linear[1]) if linear else max(counts, default=0)
    words = f"PDF of {plural(pages, 'page')}" if pages else "PDF"
    if b"/Encrypt" in tail or b"/Encrypt" in head:
        words += ", encrypted"
    note = seen("document", words, severity=Severity.INFO, numbers={"pages": pages} if pages else None)
    return judged("document", note)


def _ole(data: Readable, head: bytes, name: str) -> Judgement:
    shift = int.from_bytes(head[30:32], "little")
    if shift not in (9, 12):
        return nothing()
    first = int.from_bytes(head[48:52], "little")
    directory = data.read((first + 1) << shift, 4096)
    names = []
    for at in range(0, len(directory) - 127, 128):
        length = int.from_bytes(directory[at + 64 : at + 66], "little")
        if 2 < length <= 64:
            names.append(directory[at : at + length - 2].decode("utf-16-le", "replace").lower())
    if not any(stream.lower() in names for stream, _, _ in _STREAMS[:_TELLING]):
        # Its directory may go on anywhere; the names stand in it as they are.
        start = data.read(0, min(data.size_bytes, _SEARCHED_BYTES))
        names += [
            stream.lower()
            for stream, _, _ in _STREAMS[:_TELLING]
            if stream.encode("utf-16-le") + b"\0\0" in start
        ]
    for stream, kind_id, words in _STREAMS:
        if stream.lower() in names:
            if stream == "EncryptedPackage" and name.lower().endswith((".xls", ".xlsx", ".xlsm", ".xlsb")):
                kind_id, words = "spreadsheet", "an Excel workbook, encrypted"
            severity = None if kind_id == "mail" else Severity.INFO
            return judged(
                kind_id, seen(kind_id, words, inspector="document", severity=severity, step=Step.SAMPLE)
            )
    return nothing()


PLUGIN = Document()
