"""What needs no more than its mark: the table of signatures."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, seen
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.signatures import signature
from tidegate.kinds.table import kind
from tidegate.model.severity import Severity

_TEXTS: Final = frozenset(("vmdk",))
"""Formats of some weight that are texts themselves."""
_PARTS: Final = frozenset(("rocksdb_table", "lucene", "influx_tsm", "bolt", "wiredtiger"))
"""Of a database in many files: what one holds does not show."""
_ISO: Final = 32769
"""Where the first volume descriptor of an ISO 9660 stands, in a file that may begin with nothing."""


class BySignature:
    """Asked last: an inspector that knows more of a kind stands before it."""

    id = "signature"
    order = 90

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether a mark of the table stands there, or whether it may be an ISO image."""
        return signature(head, tail, size_bytes) is not None or _may_be_iso(head, size_bytes, name)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what the table says. What is dull by its kind is no observation."""
        del context
        size = data.size_bytes
        head, tail = data.read(0, 4096), data.read(max(0, size - 4096), 4096)
        row = signature(head, tail, size)
        if row is None:
            if _may_be_iso(head, size, name) and data.read(_ISO, 5) == b"CD001":
                return judged(
                    "disk_image", seen("disk_image", "an ISO image of a disc", severity=Severity.LOW)
                )
            return nothing()
        severity = kind(row.kind).severity
        if severity.rank >= Severity.MEDIUM.rank and row.id not in _TEXTS and plain(head) and plain(tail):
            # A text that begins with the word: a page about the format, not a file of it.
            return nothing()
        if row.id in _PARTS:
            severity = Severity.MEDIUM
        if severity.rank <= Severity.LOW.rank:
            severity = Severity.INFO
        note = seen(row.kind, row.words, inspector=self.id, severity=severity)
        return judged(row.kind, note)


def _may_be_iso(head: bytes, size_bytes: int, name: str) -> bool:
    return size_bytes > _ISO + 2048 and (name.lower().endswith((".iso", ".img")) or not any(head[:2048]))


PLUGIN = BySignature()
