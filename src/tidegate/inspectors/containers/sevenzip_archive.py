"""A 7z: its header from the end, its folders unpacked forward. No loader opens one; people unpack them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tidegate.inspectors.containers.archive import Member
from tidegate.inspectors.containers.inflated import Inflated, unpack
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import OverBudgetError, Part, Readable
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Observation
from tidegate.model.severity import Severity
from tidegate.packing.sevenzip_coders import machine
from tidegate.packing.sevenzip_header import Archive, Folder, parse

MAGIC: Final = b"7z\xbc\xaf\x27\x1c"
_START: Final = struct.Struct("<6sBBIQQI")
_PACKED_AGAIN: Final = 4
_BRANCH_TAIL: Final = 16
"""A branch filter keeps back the last bytes when the stream in front of it does not say that it ends."""


class SevenZipArchive:
    """An open 7z."""

    kind = "7z"

    def __init__(self, data: Readable, meter: Meter) -> None:
        """Read its header. Raises `OverBudgetError`, and what `data.read` raises."""
        self.data = data
        self.members: list[Member] = []
        self.judgement = Judgement(self.kind, model=False)
        self._meter = meter
        self._open: tuple[Folder, Inflated] | None = None
        try:
            self._list(self._header())
        except ValueError as error:
            self._broken(str(error))

    @contextmanager
    def open(self, member: Member) -> Iterator[Readable]:
        """Open a member: all that stands before it in its folder is unpacked with it."""
        folder, start = member.source
        try:
            undo, is_filtered = machine(folder.coders)
        except ValueError as error:
            self._broken(f"not read: {error}", member.name, complete=False)
            yield Part(self.data, 0, 0)
            return
        if self._open is None or self._open[0] is not folder:
            self.close()
            pieces = unpack(self.data, folder.start, folder.start + folder.packed, undo, self._meter)
            self._open = folder, Inflated(pieces, self._meter, folder.size)
        inflated = self._open[1]
        yield Part(inflated, start, member.size_bytes)
        missing = start + member.size_bytes - inflated.unpacked_bytes
        if inflated.damage and missing > (_BRANCH_TAIL if is_filtered else 0):
            self._broken(inflated.damage, member.name)

    def settle(self, member: Member, *, model: bool) -> None:
        """Do nothing: a wrong checksum is refused by whoever unpacks it, and hides nothing."""

    def close(self) -> None:
        """Give back what the folder that is open takes."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _header(self) -> Archive:
        head = self.data.read(0, _START.size)
        if len(head) < _START.size:
            raise ValueError("it ends inside of its first header")
        _, _, _, _, offset, size, _ = _START.unpack(head)
        header = self._take(_START.size + offset, size)
        for _ in range(_PACKED_AGAIN):
            if not header:
                return Archive((), ())
            archive = parse(memoryview(header), self._meter.budget.members)
            if archive.header is None:
                return archive
            folder = archive.header
            undo, _ = machine(folder.coders)
            pieces = unpack(self.data, folder.start, folder.start + folder.packed, undo, self._meter)
            with Inflated(pieces, self._meter, folder.size) as inflated:
                self._bound(folder.size)
                header = inflated.read(0, folder.size)
        raise ValueError("its header is packed again and again")

    def _take(self, start: int, size: int) -> bytes:
        self._bound(size)
        header = self.data.read(start, size)
        if len(header) < size:
            raise ValueError("it ends before its header, which stands at the end")
        return header

    def _bound(self, size: int) -> None:
        if size > self._meter.budget.directory_bytes:
            raise OverBudgetError(f"its header has {size:,} bytes")

    def _list(self, archive: Archive) -> None:
        names = iter(archive.names)
        for folder in archive.folders:
            start = 0
            for size in folder.parts:
                self._meter.member()
                name = next(names, "") or f"stream {len(self.members)}"
                self.members.append(Member(name.replace("\\", "/"), size, folder.start, (folder, start)))
                start += size

    def _broken(self, summary: str, member: str = "", *, complete: bool = True) -> None:
        self.judgement.broken = True
        self.judgement.complete &= complete
        self.judgement.observations.append(
            Observation(
                inspector="7z", kind="damaged", severity=Severity.MEDIUM, member=member, summary=summary
            )
        )
