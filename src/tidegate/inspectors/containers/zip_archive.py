"""A zip as its loaders read it: by the directory and each member's local header. Every lie is noted.

Loaders believe the directory for sizes, method and checksum, and the local header for where the content
begins; PyTorch's compares neither names nor checksums nor flags, Python's refuses. So members are read as
the lenient one reads them, and what the strict one would refuse is an observation.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tidegate.inspectors.containers.archive import Member
from tidegate.inspectors.containers.inflated import Inflated, Unpacked, unpack
from tidegate.inspectors.containers.zip_directory import LOCAL, LOCAL_MAGIC, Directory, Entry, find
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Part, Readable
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Observation
from tidegate.model.severity import Severity
from tidegate.packing.zip_methods import LZMA_HEAD_BYTES, METHODS, machine

_FULL: Final = 0xFFFFFFFF
_DESCRIPTOR: Final = 8
_LYING_FLAGS: Final = 0x2061
"""Encrypted, patch data, strongly encrypted, masked: they make one reader refuse what another reads."""
_ENCRYPTED: Final = 1
_AES: Final = 99
_CHECKED_BYTES: Final = 4 << 20
"""A stored member up to this size is read once more for its checksum. PyTorch's compares none."""
_GAP_BYTES: Final = 8192
"""Less between two members is the padding of whoever aligns their content."""
_SMALL_PACKED_BYTES: Final = 1 << 13
_SMALL_BYTES: Final = 1 << 16
"""A member up to these sizes, packed and not, is read with its header and unpacked at once."""
_EXTRA_BYTES: Final = 32
"""What mostly stands between a member's name and its content, or less."""
_MOST_HIDDEN: Final = 1000
_MOST_OF_A_KIND: Final = 20


class ZipArchive:
    """An open zip."""

    kind = "zip"

    def __init__(self, data: Readable, meter: Meter) -> None:
        """Read its directories. Raises `OverBudgetError`, and what `data.read` raises."""
        self.data = data
        self.meter = meter
        self.members: list[Member] = []
        self.judgement = Judgement(self.kind, model=False)
        self._counts: dict[str, int] = {}
        self._checks: dict[int, tuple[int, int]] = {}
        """By offset of the member: CRC and bytes of what was unpacked to its end."""
        self._kept = (0, b"")
        """Where the last small member was read, and what."""
        self._read_directories()

    def settle(self, member: Member, *, model: bool) -> None:
        """Compare checksum and size with what the directory says, where that costs little."""
        entry: Entry = member.source
        encrypted = bool(entry.flags & _ENCRYPTED)
        if not model and not encrypted:
            return
        known = self._checks.get(member.offset)
        if known is None and entry.method == 0 and entry.size <= _CHECKED_BYTES:
            local = self._local(entry.offset, len(entry.raw_name))
            content = b"" if local is None else self.data.read(local[-1], entry.packed)
            known = (zlib.crc32(content), len(content))
        if encrypted and (known is None or known[0] != entry.crc):
            self._broken("encrypted", "is encrypted", entry, complete=False)
            return
        if known is None:
            return
        crc, size = known
        if encrypted:
            self._lie("flag_mismatch", entry, "is marked as encrypted and is not")
        if crc != entry.crc:
            self._lie("crc_mismatch", entry, "its checksum is not the stated one")
        if size != entry.size:
            self._lie("size_mismatch", entry, f"stated are {entry.size:,} bytes, it holds {size:,}")

    # -- directories

    def _read_directories(self) -> None:
        found = find(self.data, self.meter)
        if found is None:
            self._broken("no_directory", "has no directory: read by its local headers")
            self._hidden(0, self.data.size_bytes, "")
            return
        for sentence in found.notes:
            self._note("directory", Severity.HIGH, sentence, Evidence.TAMPERING)
        main, *others = found.directories or [Directory(found.end, found.end, 0, 0)]
        self._take(main)
        for other in others:
            self._note(
                "second_directory",
                Severity.HIGH,
                "has two directories: which one counts depends on the reader",
                Evidence.TAMPERING,
                other.start,
            )
            self._take(other)
        if main.count != len(main.entries) & 0xFFFF and main.count != len(main.entries):
            self._note(
                "directory",
                Severity.HIGH,
                f"states {main.count:,} members and lists {len(main.entries):,}",
                Evidence.TAMPERING,
                found.end,
            )
        if found.trailing:
            self._trailing(found.trailing)
        self._look_between(main)

    def _take(self, directory: Directory) -> None:
        for entry in directory.entries:
            if not entry.name.endswith("/") or entry.size:
                self.members.append(Member(entry.name.replace("\\", "/"), entry.size, entry.offset, entry))
            if b"\x00" in entry.raw_name:
                self._lie("name_mismatch", entry, "its name goes on behind a NUL")
            if entry.other_name:
                self._lie("name_mismatch", entry, f"a second name is given for it: {entry.other_name}")
        self._twins()

    def _twins(self) -> None:
        """Note members of one name that differ."""
        seen: dict[str, Entry] = {}
        for member in self.members:
            entry: Entry = member.source
            before = seen.get(member.name)
            if before is not None and before.offset != entry.offset:
                same = (before.crc, before.size) == (entry.crc, entry.size)
                self._note(
                    "duplicate_name",
                    Severity.LOW if same else Severity.HIGH,
                    "is there twice" if same else "is there twice, with different content: the last counts",
                    Evidence.NONE if same else Evidence.TAMPERING,
                    entry.offset,
                    entry.name,
                )
            seen[member.name] = entry

    def _look_between(self, main: Directory) -> None:
        """Look at what stands before, between and behind the members."""
        entries = sorted(main.entries, key=lambda each: each.offset)
        end = 0
        for index, entry in enumerate(entries):
            if entry.offset < end:
                if index and entries[index - 1].offset != entry.offset:
                    self._lie("overlap", entry, "lies inside of another member")
                elif entries[index - 1].name != entry.name:
                    self._lie("overlap", entry, f"is the same bytes as {entries[index - 1].name}")
            elif index == 0 and entry.offset:
                self._prefix(entry.offset)
            elif entry.offset - end > _GAP_BYTES:
                self._hidden(end, entry.offset, "between members")
            least = LOCAL.size + len(entry.raw_name) + entry.packed
            end = max(end, entry.offset + least)
        if entries and main.start - end > _GAP_BYTES:
            self._hidden(end, main.start, "behind the last member")
        if not entries and main.start:
            self._prefix(main.start)

    def _prefix(self, count: int) -> None:
        self._note("prefix", Severity.MEDIUM, f"{count:,} bytes stand before the first member", offset=0)
        if self.data.read(0, 4) == LOCAL_MAGIC:
            self._hidden(0, count, "before the first member")

    def _trailing(self, count: int) -> None:
        self._note(
            "trailing_bytes",
            Severity.MEDIUM,
            f"{count:,} bytes stand behind the end of the archive",
            offset=self.data.size_bytes - count,
        )

    def _hidden(self, start: int, stop: int, where: str) -> None:
        """Take members that no directory names, one after the other from `start` on."""
        at = start
        for _ in range(_MOST_HIDDEN):
            head = self.data.read(at, min(_GAP_BYTES, stop - at))
            found = head.find(LOCAL_MAGIC)
            if found < 0 or found + LOCAL.size > len(head):
                return
            at += found
            entry = self._local_entry(at)
            if entry is None or entry.method not in METHODS or not entry.raw_name:
                at += 4
                continue
            self.meter.member()
            if where:
                self._lie("hidden_member", entry, f"stands {where}, and the directory does not name it")
            if not entry.name.endswith("/"):
                self.members.append(Member(entry.name.replace("\\", "/"), entry.size, at, entry))
            at += LOCAL.size + len(entry.raw_name) + entry.packed

    def _local_entry(self, at: int) -> Entry | None:
        fields = self._local(at, 256)
        if fields is None:
            return None
        _, flags, method, crc, packed, size, name, _ = fields
        if flags & _DESCRIPTOR and not packed:
            packed = max(0, self.data.size_bytes - at)
            size = packed if method == 0 else self.meter.budget.inflated_bytes
        text = name.decode("utf-8", "replace")
        return Entry(text.split("\x00", 1)[0], name, flags, method, crc, packed, size, at)

    # -- members

    def _local(
        self, at: int, name_bytes: int, further_bytes: int = 0
    ) -> tuple[int, int, int, int, int, int, bytes, int] | None:
        """Return (offset, flags, method, CRC, packed, size, name, start of content) of a local header.

        further_bytes: what is read with it, for what is asked next.
        """
        head = self.data.read(at, LOCAL.size + name_bytes + further_bytes) if at >= 0 else b""
        self._kept = at, head
        if len(head) < LOCAL.size or head[:4] != LOCAL_MAGIC:
            return None
        _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = LOCAL.unpack_from(head)
        name = head[LOCAL.size : LOCAL.size + name_length]
        if len(name) < name_length:
            name = self.data.read(at + LOCAL.size, name_length)
        return at, flags, method, crc, packed, size, name, at + LOCAL.size + name_length + extra_length

    @contextmanager
    def open(self, member: Member) -> Iterator[Readable]:
        """Open a member, read as the directory and its local header say together."""
        entry: Entry = member.source
        small = entry.method == 8 and entry.packed <= _SMALL_PACKED_BYTES and entry.size <= _SMALL_BYTES
        ahead = _EXTRA_BYTES + entry.packed if small else 0
        local = self._local(entry.offset, len(entry.raw_name), ahead)
        if local is None:
            self._broken("no_member", "no local header stands where the directory says", entry)
            yield Part(self.data, 0, 0)
            return
        start = local[-1]
        self._compare(entry, local)
        if entry.method not in METHODS:
            why = (
                "encrypted" if entry.method == _AES else f"packed by method {entry.method}, which is not read"
            )
            self._broken("not_read", f"is {why}", entry, complete=False)
            yield Part(self.data, 0, 0)
            return
        if entry.method == 0:
            yield Part(self.data, start, entry.packed)
            if entry.packed != entry.size:
                self._lie("size_mismatch", entry, f"stored, but {entry.packed:,} bytes are {entry.size:,}")
            return
        unpacked = self._at_once(entry, start) if small else None
        if unpacked is not None:
            yield unpacked
            return
        yield from self._inflated(entry, start)

    def _at_once(self, entry: Entry, start: int) -> Unpacked | None:
        """Unpack a small member; `None`: it is not as stated, or damaged."""
        at, kept = self._kept
        packed = kept[start - at : start - at + entry.packed]
        if len(packed) < entry.packed:
            packed = self.data.read(start, entry.packed)
        undo = zlib.decompressobj(-15)
        try:
            raw = undo.decompress(packed, entry.size + 1)
        except zlib.error:
            return None
        if not undo.eof or len(raw) != entry.size:
            return None
        self.meter.inflate(len(raw))
        self._checks[entry.offset] = zlib.crc32(raw), len(raw)
        return Unpacked(raw)

    def _inflated(self, entry: Entry, start: int) -> Iterator[Readable]:
        """Unpack up to the end of the stream, not to the stated end: the stream itself knows better."""
        stop = min(start + max(entry.packed, 0) + LZMA_HEAD_BYTES, self.data.size_bytes)
        try:
            undo, skipped = machine(entry.method, self.data.read(start, LZMA_HEAD_BYTES))
        except ValueError as error:
            self._broken("damaged_member", str(error), entry)
            yield Part(self.data, 0, 0)
            return
        pieces = unpack(self.data, start + skipped, stop, undo, self.meter)
        with Inflated(pieces, self.meter, entry.size) as inflated:
            yield inflated
            inflated.settle()
            if inflated.unpacked_bytes > entry.size:
                self._lie("size_mismatch", entry, f"it unpacks to more than the stated {entry.size:,} bytes")
            if inflated.ended and not inflated.damage:
                self._checks[entry.offset] = inflated.crc, inflated.unpacked_bytes
            elif inflated.damage and not entry.flags & _ENCRYPTED:
                self._broken("damaged_member", inflated.damage, entry)

    def _compare(self, entry: Entry, local: tuple[int, int, int, int, int, int, bytes, int]) -> None:
        """Note in what the local header and the directory contradict each other."""
        _, flags, method, crc, packed, size, name, _ = local
        if name != entry.raw_name:
            shown = name.decode("utf-8", "backslashreplace")
            self._lie("name_mismatch", entry, f"its local header names it {shown}")
        if (flags ^ entry.flags) & _LYING_FLAGS:
            self._lie(
                "flag_mismatch", entry, f"flags {flags:#06x} there, {entry.flags:#06x} in the directory"
            )
        elif entry.flags & 0x20:
            self._lie("flag_mismatch", entry, "is marked as patch data, which no writer makes")
        if method != entry.method:
            self._lie("method_mismatch", entry, f"packed by {method} there, {entry.method} in the directory")
        if flags & _DESCRIPTOR:
            return
        if crc != entry.crc:
            self._lie("crc_mismatch", entry, "its two headers state different checksums")
        if any(here not in (there, _FULL) for here, there in ((packed, entry.packed), (size, entry.size))):
            self._lie("size_mismatch", entry, "its two headers state different sizes")

    # -- notes

    def _lie(self, kind: str, entry: Entry, summary: str) -> None:
        self._note(kind, Severity.HIGH, summary, Evidence.TAMPERING, entry.offset, entry.name)

    def _broken(self, kind: str, summary: str, entry: Entry | None = None, *, complete: bool = True) -> None:
        self.judgement.broken = True
        self.judgement.complete &= complete
        offset, name = (entry.offset, entry.name) if entry else (None, "")
        self._note(kind, Severity.MEDIUM, summary, offset=offset, member=name)

    def _note(
        self,
        kind: str,
        severity: Severity,
        summary: str,
        evidence: Evidence = Evidence.NONE,
        offset: int | None = None,
        member: str = "",
    ) -> None:
        self.judgement.raise_to(evidence=evidence)
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= _MOST_OF_A_KIND:
            self.judgement.observations.append(
                Observation(
                    inspector="zip",
                    kind=kind,
                    severity=severity,
                    offset=offset,
                    member=member,
                    summary=summary,
                )
            )
