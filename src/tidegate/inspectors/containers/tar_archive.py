"""A tar, header by header: a member's content is never read to get to the next one.

Source: POSIX.1-2017 pax, "pax Interchange Format" and "ustar"; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tidegate.inspectors.containers.archive import Member
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Part, Readable
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Observation
from tidegate.model.severity import Severity

BLOCK: Final = 512
_LINKS: Final = b"12"
_EMPTY: Final = b"123456"
"""Links, devices, folders: whatever size they state, the next header follows at once. What is of no type that
Python's reader knows is a file to it."""
_LONG_BYTES: Final = 1 << 16
"""Of a long name or of a member's pax records. More is no name."""
_AHEAD_BYTES: Final = 64 * BLOCK
"""Small members stand close together: their headers are read at once."""


class TarArchive:
    """An open tar."""

    kind = "tar"

    def __init__(self, data: Readable, meter: Meter) -> None:
        """Read its headers. Raises `OverBudgetError`, and what `data.read` raises."""
        self.data = data
        self.members: list[Member] = []
        self.judgement = Judgement(self.kind, model=False)
        self._meter = meter
        self._kept = (0, b"")
        self._links = 0
        self._run()

    @contextmanager
    def open(self, member: Member) -> Iterator[Readable]:
        """Open a member."""
        yield Part(self.data, member.source, member.size_bytes)

    def settle(self, member: Member, *, model: bool) -> None:
        """Do nothing: a tar has no checksums of contents."""

    def _run(self) -> None:
        at, long_name, records = 0, "", dict[str, str]()
        size_bytes = self.data.size_bytes
        while at + BLOCK <= size_bytes:
            header = self._header(at)
            if not header.strip(b"\x00"):
                return
            if not is_header(header):
                self._broken(at, "no header stands where the next one should be")
                return
            self._meter.member()
            kind = header[156:157]
            size = _number(header[124:136])
            content = at + BLOCK
            if size < 0 or (content + size > size_bytes and kind not in _EMPTY):
                self._broken(at, f"a member of {size:,} bytes goes beyond the end of the file")
                size = max(0, size_bytes - content)
            if kind == b"L":
                long_name = _text(self.data.read(content, min(size, _LONG_BYTES)))
            elif kind in b"xX":
                records = _records(self.data.read(content, min(size, _LONG_BYTES)))
            elif kind not in b"gK":
                stated = records.get("size", "")
                if stated.isascii() and stated.isdigit() and len(stated) < 20:
                    size = min(int(stated), size_bytes - content)
                name = records.get("path") or long_name or _name(header)
                extended = kind == b"S" and header[482] == 1
                self._file(at, kind, name, content, size, records, extended=extended)
                while extended and content + BLOCK <= size_bytes:
                    extended = self._header(content)[504:505] == b"\x01"
                    content += BLOCK
                long_name, records = "", {}
            at = content + (0 if kind in _EMPTY else -(-size // BLOCK) * BLOCK)
        if at > size_bytes or not self.members:
            self._broken(size_bytes, "it ends early")

    def _file(
        self,
        at: int,
        kind: bytes,
        name: str,
        content: int,
        size: int,
        records: dict[str, str],
        *,
        extended: bool,
    ) -> None:
        if kind in _LINKS:
            self._links += 1
            return
        if kind in _EMPTY or (kind == b"\x00" and name.endswith("/")):
            return
        if kind == b"S" or extended or any(key.startswith("GNU.sparse.") for key in records):
            self.judgement.observations.append(
                Observation(
                    inspector="tar",
                    kind="sparse_member",
                    severity=Severity.LOW,
                    offset=at,
                    member=name,
                    summary="is stored with holes: it is looked at as it is packed, not as it is unpacked",
                )
            )
            self.judgement.complete = False
        if _leaves(name):
            self.judgement.evidence = Evidence.TAMPERING
            self.judgement.observations.append(
                Observation(
                    inspector="tar",
                    kind="path_traversal",
                    severity=Severity.HIGH,
                    offset=at,
                    member=name,
                    summary="its name leads out of the folder it is unpacked into",
                )
            )
        self.members.append(Member(name, size, at, content))

    def _header(self, at: int) -> bytes:
        start, kept = self._kept
        if not start <= at <= start + len(kept) - BLOCK:
            # The first headers are near each other; between large members only one is of use.
            wide = _AHEAD_BYTES if not self.members or self.members[-1].size_bytes < _AHEAD_BYTES else BLOCK
            self._kept = start, kept = at, self.data.read(at, min(wide, self.data.size_bytes - at))
        return kept[at - start : at - start + BLOCK]

    def _broken(self, at: int, summary: str) -> None:
        self.judgement.broken = True
        self.judgement.observations.append(
            Observation(inspector="tar", kind="damaged", severity=Severity.MEDIUM, offset=at, summary=summary)
        )


def is_header(block: bytes) -> bool:
    """Tell whether the checksum of a header is right, as signed or unsigned sums count."""
    if len(block) < BLOCK:
        return False
    stated = _number(block[148:156])
    if stated < 0 or not block[148:156].strip(b"\x00 "):
        return False
    rest = block[:148] + b" " * 8 + block[156:BLOCK]
    unsigned = sum(rest)
    return stated == unsigned or stated == unsigned - 256 * sum(1 for byte in rest if byte > 127)


def _number(field: bytes) -> int:
    """Read octal digits, or the large numbers of GNU; -1: neither."""
    if field[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1
    # As Python's reader takes it: up to a NUL, with blanks, a sign, underscores, or a base in front.
    digits = field.split(b"\x00", 1)[0].strip()
    try:
        return max(-1, int(digits or b"0", 8))
    except ValueError:
        return -1


def _name(header: bytes) -> str:
    name = _text(header[:100])
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\x00" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(raw: bytes) -> str:
    return raw.split(b"\x00", 1)[0].decode("utf-8", "backslashreplace")


def _records(raw: bytes) -> dict[str, str]:
    """Read pax records: length, space, key, equals sign, value, line feed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(raw):
        space = raw.find(b" ", at, at + 20)
        digits = raw[at:space] if space > 0 else b""
        if not digits.isdigit() or int(digits) <= space - at + 1:
            return found
        record = raw[space + 1 : at + int(digits) - 1]
        key, _, value = record.partition(b"=")
        found[_text(key)] = _text(value)
        at += int(digits)
    return found


def _leaves(name: str) -> bool:
    return name.startswith("/") or ".." in name.replace("\\", "/").split("/")
