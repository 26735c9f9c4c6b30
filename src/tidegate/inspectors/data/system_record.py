"""Files of servers that have no mark of their own, or one in two bytes: told by fields that have to agree.

Sources: utmp(5) of Linux; PostgreSQL's bufpage.h and xlog_internal.h; MySQL's "Binary log overview".
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_LOGIN_BYTES: Final = 384
_PAGE_BYTES: Final = 8192
_TYPES: Final = range(1, 10)
_BINLOG: Final = (b"\xfebin", b"\xfdbin")
_FORMAT_EVENT: Final = 15
_WORDS: Final = {
    "log": "who logged in to a Linux machine, when, and from where (utmp)",
    "database": "a table or an index of PostgreSQL",
    "wal": "the log of what changed in a PostgreSQL database, with the data",
    "binlog": "the log of what changed in a MySQL database, with the data",
}


class SystemRecord:
    """Looks at the first 4 KiB."""

    id = "system_record"
    order = 87

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its fields."""
        del tail, name
        return bool(_told(head, size_bytes))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say which."""
        del context, name
        what = _told(data.read(0, 4096), data.size_bytes)
        if not what:
            return nothing()
        kind_id = {"wal": "database", "binlog": "database_dump"}.get(what, what)
        severity = Severity.INFO if what == "log" else None
        return judged(kind_id, seen(kind_id, _WORDS[what], inspector=self.id, severity=severity))


def _told(head: bytes, size: int) -> str:
    if head.startswith(_BINLOG) and head[8:9] == bytes((_FORMAT_EVENT,)):
        return "binlog"
    if head[1:2] == b"\xd0" and size >= _PAGE_BYTES and _is_wal(head):
        return "wal"
    if size >= _PAGE_BYTES and size % _PAGE_BYTES == 0 and _is_page(head):
        return "database"
    return "log" if size >= _LOGIN_BYTES and _is_login(head, size) else ""


def _is_wal(head: bytes) -> bool:
    """Tell a segment: flags that there are, a line of time, and an address that begins a page."""
    flags, line = int.from_bytes(head[2:4], "little"), int.from_bytes(head[4:8], "little")
    address = int.from_bytes(head[8:16], "little")
    return flags <= 15 and 0 < line < 1 << 16 and address % _PAGE_BYTES == 0 and address > 0


def _is_page(head: bytes) -> bool:
    """Tell a page: where its free space begins and ends, its size with the version of its layout."""
    lower, upper, special, layout = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14, 16, 18))
    fits = layout == _PAGE_BYTES | 4 and 24 <= lower <= upper <= special <= _PAGE_BYTES
    return fits and int.from_bytes(head[10:12], "little") <= 7


def _is_login(head: bytes, size: int) -> bool:
    """Tell records of 384 bytes: a type, a terminal and a user in letters, a time that may be."""
    count = min(size // _LOGIN_BYTES, len(head) // _LOGIN_BYTES)
    for at in range(0, count * _LOGIN_BYTES, _LOGIN_BYTES):
        record = head[at : at + _LOGIN_BYTES]
        kind = int.from_bytes(record[:4], "little")
        when = int.from_bytes(record[340:344], "little")
        if kind not in _TYPES or not 0x20000000 < when < 0xF0000000:
            return False
        for start, length in ((8, 32), (44, 32), (76, 256)):
            text = record[start : start + length].partition(b"\0")[0]
            if not all(32 <= byte < 127 for byte in text):
                return False
    return size % _LOGIN_BYTES < 16


PLUGIN = SystemRecord()
