"""Statements and messages of banks: MT940, OFX, ISO 20022, SWIFT, QIF, national forms. Counted, never kept.

Sources: SWIFT's MT940 field list; OFX 1.6 and 2.2; ISO 20022's name spaces; Quicken's
description of QIF; the rules of NACHA; BAI2 version 2; AEB Norma 43; CFONB 120; DTAUS 0.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, nothing, of_a_test, plural, seen
from tidegate.inspectors.data._text import found_in
from tidegate.inspectors.data.mailbox import is_message
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_READ_BYTES: Final = 16 << 20
_OVERLAP_BYTES: Final = 256
_FORMS: Final = (
    (
        re.compile(
            rb"(?ms)^[^\n]{0,200}?:20:[^\n]{0,40}\n.{0,600}^:25:[^\n]{0,60}\n.{0,900}^:(?:60[FM]|61|34F):"
        ),
        re.compile(rb"\n:61:\d{6}"),
        "MT940",
    ),
    (
        re.compile(
            rb"\A(?:\xef\xbb\xbf)?\s*(?:OFXHEADER:\d|(?:<\?xml[^>]{0,200}\?>\s*)?<\?OFX\s|<OFX>)",
            re.IGNORECASE,
        ),
        re.compile(rb"<(?:STMTTRN|INVTRAN|INVPOS)>"),
        "OFX",
    ),
    (
        re.compile(
            rb"xsd:\$?(?:camt\.05[234]|pain\.\d{3}|pacs\.\d{3})\.\d{3}\.\d\d"
            rb"|<Document>\s{0,99}<(?:CstmrPmtStsRpt|CstmrCdtTrfInitn|CstmrDrctDbtInitn|BkToCstmr\w{4,12}|FIToFI\w{6,14})>"
        ),
        re.compile(rb"<(?:\w{1,20}:)?(?:Ntry|CdtTrfTxInf|DrctDbtTxInf|TxInfAndSts|TxInf)[\s>]"),
        "ISO 20022",
    ),
    (
        re.compile(rb"\{1:[A-Z]\d\d[A-Z0-9]{12}\d{10}\}\{2:[IO]\d{3}"),
        re.compile(rb"\{1:[A-Z]01[A-Z0-9]{12}\d{10}\}\{2:[IO]\d{3}"),
        "SWIFT",
    ),
    (
        re.compile(rb"\A101[ \d]{20}[^\r\n]{71}\r?\n5[^\r\n]{93}\r?\n"),
        re.compile(rb"\n6\d{2}[^\r\n]{91}"),
        "NACHA",
    ),
    (
        re.compile(rb"\A01,[^,\r\n/]{0,30},[^,\r\n/]{0,30},\d{6},\d{4},[^\r\n]{0,40}/\s{0,4}[\r\n]+02,"),
        re.compile(rb"\n16,\d{3},"),
        "BAI2",
    ),
    (
        re.compile(rb"\A11\d{18}(?:\d{12})[^\r\n]{48}\r?\n(?:22|24|33)"),
        re.compile(rb"\n22[^\r\n]{78}"),
        "Norma 43",
    ),
    (
        re.compile(rb"\A01\d{5}[^\r\n]{113}\r?\n0[457]\d{5}[^\r\n]{113}\r?\n"),
        re.compile(rb"\n04\d{5}[^\r\n]{113}"),
        "CFONB 120",
    ),
    (re.compile(rb"\A0128A[LG]"), re.compile(rb"0\d{3}C\d{8}"), "DTAUS"),
    (
        re.compile(rb"\A(?:\xef\xbb\xbf)?\s*!(?:Type:(?:Bank|CCard|Cash|Invst|Oth [AL])|Account|Option:)\s"),
        re.compile(rb"\n\^\r?(?=\n|\Z)"),
        "QIF",
    ),
)
"""How it begins, one of its bookings, and what it is called."""


_MARKS: Final = {"MT940": (b":20:",), "ISO 20022": (b"xsd:", b"<Document>"), "SWIFT": (b"{1:",)}
"""Without one of these in it there is no need to search."""


def _form(head: bytes) -> tuple[re.Pattern[bytes], str] | None:
    """Return how a booking looks and what the form is called; `None` for none of them."""
    for begins, booking, form in _FORMS:
        marks = _MARKS.get(form)
        if marks is not None and not any(mark in head for mark in marks):
            continue
        if begins.search(head):
            return booking, form
    return None


class BankStatement:
    """Asked before tables and logs."""

    id = "bank_statement"
    order = 37

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by how each form begins; a program that writes one is a program."""
        del tail, size_bytes
        if _form(head) is None:
            return False
        return named(name) != "source_code" and not is_message(head)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count bookings."""
        head = data.read(0, 4096)
        told = _form(head)
        if told is None:
            return nothing()
        booking, form = told
        check = context.meter.check
        found = found_in(data, booking, check, most_bytes=_READ_BYTES, overlap=_OVERLAP_BYTES)
        count = sum(1 for _ in found)
        whole = data.size_bytes <= _READ_BYTES
        what = "messages between banks" if form == "SWIFT" else "statement of a bank"
        each = "message" if form == "SWIFT" else "booking"
        words = f"{what} ({form}): {'' if whole else 'at least '}{plural(count, each)}"
        severity = Severity.HIGH if count else Severity.MEDIUM
        if of_a_test(name):
            severity, words = (
                Severity.LOW,
                words + "; its path says it is material of a test suite, or an example",
            )
        step = Step.WHOLE if whole else Step.SAMPLE
        note = seen("payment_data", words, severity=severity, step=step, numbers={"rows": count})
        made = judged("payment_data", note)
        made.observations += context.sample(data.read(0, min(data.size_bytes, 256 << 10)), name)
        return made


PLUGIN = BankStatement()
