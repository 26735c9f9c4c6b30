"""NTFS: the table of files (MFT) in sequence for a listing, folders by their index for a known path.

Source: the field lists of the Linux kernel's fs/ntfs3 headers and of the public NTFS documentation project.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tidegate.inspectors.disks.damage import MIB, DamageError, exact, little, power
from tidegate.inspectors.disks.volumes.volume import MOST_ENTRIES, Listed, Node, Runs
from tidegate.inspectors.readable import Memory, OverBudgetError, Readable

_LIST, _NAME, _DATA, _ROOT, _ALLOCATION = 0x20, 0x30, 0x80, 0x90, 0xA0
_MOST_RUNS: Final = 200_000
_MOST_NODES: Final = 20_000
"""Index blocks of one folder."""
Attribute = tuple[int, str, int, bytes]
"""Type, name, first cluster of this piece, the attribute's bytes."""


class Ntfs:
    """One volume."""

    form = "NTFS"

    def __init__(self, data: Readable) -> None:
        """Open it. Raises `DamageError`."""
        self.damaged = 0
        boot = exact(data, 0, 512)
        sector = power(little(boot, 11, 2), 256, 4096, "sectors")
        per = boot[13]
        self._cluster = power(sector * (per if per <= 128 else 1 << (256 - per)), 256, 2 << 20, "clusters")
        size = int.from_bytes(boot[64:65], "little", signed=True)
        self._record = power(self._cluster * size if size > 0 else 1 << -size, 512, 65536, "file records")
        self._data = data
        self._mft: Readable = Runs(data, [(little(boot, 48, 8) * self._cluster, self._record)], self._record)
        # Its first record tells where the others are; where it is long, a list in it says where the rest is.
        pieces = [each for each in self._attributes(self._read(0)) if each[0] == _DATA and not each[1]]
        if not pieces:
            raise DamageError("an NTFS whose table of files does not say where it is")
        self._mft = self._stream(pieces)
        pieces = [each for each in self._all(0) if each[0] == _DATA and not each[1]]
        self._mft = self._stream(pieces)
        if self._mft.size_bytes > data.size_bytes:
            raise DamageError("an NTFS whose table of files is larger than the volume")
        self.root = Node("", folder=True, size_bytes=0, where=5)

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder."""
        root, blocks, block = self._index(folder.where)
        seen: set[int] = set()
        if blocks is not None:
            for number in range(min(blocks.size_bytes // block, _MOST_NODES)):
                yield from self._named(self._block(blocks, block, number), seen)
        yield from self._named(root, seen)

    def find(self, folder: Node, name: str) -> Node | None:
        """Go down the folder's tree: a name is compared as NTFS does, letters large."""
        entries, blocks, block = self._index(folder.where)
        wanted = name.upper()
        for _ in range(32):
            down = -1
            for entry in self._split(entries):
                last = little(entry, 12, 2) & 2
                have = "" if last else self._name(entry[16:])[0].upper()
                if have == wanted and not last:
                    return self._node(entry)
                if last or have > wanted:
                    down = little(entry, len(entry) - 8, 8) if little(entry, 12, 2) & 1 else -1
                    break
            if blocks is None or down < 0:
                break
            entries = self._block(
                blocks, block, down * (self._cluster if block >= self._cluster else 512) // block
            )
        return None

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file; compressed and encrypted ones are damage."""
        pieces = [each for each in self._all(node.where) if each[0] == _DATA and not each[1]]
        if not pieces:
            raise DamageError("a file without contents")
        if little(pieces[0][3], 12, 2) & 0x40FF:
            raise DamageError("a file that NTFS has compressed or encrypted")
        return self._stream(pieces)

    def listing(self) -> Iterator[Listed]:
        """Read the table from end to end, 1 MiB at a time, and put the paths together."""
        names: dict[int, tuple[int, str, bool, int]] = {}
        sizes: dict[int, int] = {}
        step = max(MIB // self._record, 1)
        over: OverBudgetError | None = None
        try:
            for first in range(0, self._mft.size_bytes // self._record, step):
                chunk = self._mft.read(first * self._record, step * self._record)
                for at in range(0, len(chunk) - self._record + 1, self._record):
                    if chunk[at : at + 4] == b"FILE" and chunk[at + 22] & 1:
                        self._note(first + at // self._record, chunk[at : at + self._record], names, sizes)
                if len(names) > MOST_ENTRIES:
                    break
        except OverBudgetError as error:  # what was seen until here is told
            over = error
        paths: dict[int, str] = {5: ""}
        for number, (_, _, folder, size) in names.items():
            if number >= 24:
                size = 0 if folder else sizes.get(number, size)
                yield Listed(self._path(number, names, paths), folder, size)
        if over is not None:
            raise over

    def _note(
        self, number: int, raw: bytes, names: dict[int, tuple[int, str, bool, int]], sizes: dict[int, int]
    ) -> None:
        try:
            record = self._fixed(raw)
            base = little(record, 32, 6) or number
            for kind, name, first, body in self._attributes(record):
                if kind == _NAME and len(body) > 24:
                    value = body[little(body, 20, 2) :]
                    text, space = self._name(value)
                    if base not in names or space != 2:
                        folder = bool(little(record, 22, 2) & 2) if base == number else False
                        names[base] = (little(value, 0, 6), text, folder, little(value, 48, 8))
                elif kind == _DATA and not name and not first:
                    sizes[base] = little(body, 48, 8) if body[8] else little(body, 16, 4)
        except DamageError:
            self.damaged += 1

    @staticmethod
    def _path(number: int, names: dict[int, tuple[int, str, bool, int]], paths: dict[int, str]) -> str:
        chain: list[int] = []
        at, seen = number, set()
        while at not in paths and at in names and at not in seen and len(chain) < 256:
            chain.append(at)
            seen.add(at)
            at = names[at][0]
        path = paths.get(at, "(lost)")
        for each in reversed(chain):
            path = f"{path}/{names[each][1]}" if path else names[each][1]
            path = path[-4096:]
            if names[each][2]:
                paths[each] = path
        return path

    def _read(self, number: int) -> bytes:
        record = exact(self._mft, number * self._record, self._record)
        if record[:4] != b"FILE":
            raise DamageError(f"file record {number:,} is none")
        return self._fixed(record)

    @staticmethod
    def _fixed(record: bytes) -> bytes:
        """Put back the last two bytes of each sector, which NTFS replaces to notice torn writes."""
        at, count = little(record, 4, 2), little(record, 6, 2)
        if count < 2 or at + 2 * count > len(record):
            raise DamageError("a record without its fix-ups")
        fixed = bytearray(record)
        step = len(record) // (count - 1)
        for index in range(1, count):
            end = index * step
            if step < 4 or fixed[end - 2 : end] != record[at : at + 2]:
                raise DamageError("a record that was torn while it was written")
            fixed[end - 2 : end] = record[at + 2 * index : at + 2 * index + 2]
        return bytes(fixed)

    @staticmethod
    def _attributes(record: bytes) -> list[Attribute]:
        found: list[Attribute] = []
        at = little(record, 20, 2)
        while at + 16 <= len(record) and len(found) < 1000:
            kind, length = little(record, at, 4), little(record, at + 4, 4)
            if kind == 0xFFFFFFFF or length < 16 or at + length > len(record):
                break
            body = record[at : at + length]
            start = little(body, 10, 2)
            name = body[start : start + 2 * body[9]].decode("utf-16-le", "replace")
            found.append((kind, name, little(body, 16, 8) if body[8] else 0, body))
            at += length
        return found

    def _all(self, number: int) -> list[Attribute]:
        """Return the attributes of a file, those that stand in other records included."""
        found = self._attributes(self._read(number))
        lists = [each[3] for each in found if each[0] == _LIST]
        if not lists:
            return found
        body = lists[0]
        if body[8]:
            source = self._stream([each for each in found if each[0] == _LIST])
            value = source.read(0, min(source.size_bytes, MIB))
        else:
            value = body[little(body, 20, 2) :][: little(body, 16, 4)]
        others: set[int] = set()
        at = 0
        while at + 26 <= len(value) and len(others) < 4096:
            others.add(little(value, at + 16, 6))
            length = little(value, at + 4, 2)
            if length < 26:
                break
            at += length
        for other in sorted(others - {number}):
            if (other + 1) * self._record <= self._mft.size_bytes:
                found += self._attributes(self._read(other))
        return found

    def _stream(self, pieces: list[Attribute]) -> Readable:
        first = pieces[0][3]
        if not first[8]:
            start = little(first, 20, 2)
            return Memory(first[start : start + little(first, 16, 4)])
        runs: list[tuple[int, int]] = []
        for _, _, _, body in sorted(pieces, key=lambda each: each[2]):
            if body[8]:
                runs += self._runs(body)
        first = min(pieces, key=lambda each: each[2])[3]
        return Runs(self._data, runs, min(little(first, 48, 8), sum(length for _, length in runs)))

    def _runs(self, body: bytes) -> list[tuple[int, int]]:
        runs: list[tuple[int, int]] = []
        at, cluster = little(body, 32, 2), 0
        while at < len(body) and body[at] and len(runs) < _MOST_RUNS:
            low, high = body[at] & 15, body[at] >> 4
            length = little(body, at + 1, low)
            delta = body[at + 1 + low : at + 1 + low + high]
            at += 1 + low + high
            if length > 1 << 44:
                raise DamageError(f"a piece of {length:,} clusters")
            if not high:
                runs.append((-1, length * self._cluster))
                continue
            cluster += int.from_bytes(delta, "little", signed=True)
            if cluster < 0 or cluster * self._cluster > self._data.size_bytes:
                raise DamageError("a piece outside of the volume")
            runs.append((cluster * self._cluster, length * self._cluster))
        return runs

    def _index(self, number: int) -> tuple[bytes, Readable | None, int]:
        found = [each for each in self._all(number) if each[1] == "$I30"]
        roots = [each[3] for each in found if each[0] == _ROOT and not each[3][8]]
        if not roots:
            raise DamageError("a folder without an index")
        value = roots[0][little(roots[0], 20, 2) :]
        block = power(little(value, 8, 4), 512, 65536, "index blocks")
        entries = value[16 + little(value, 16, 4) : 16 + little(value, 20, 4)]
        pieces = [each for each in found if each[0] == _ALLOCATION]
        return entries, self._stream(pieces) if pieces else None, block

    def _block(self, blocks: Readable, block: int, number: int) -> bytes:
        raw = blocks.read(number * block, block)
        if len(raw) < block or raw[:4] != b"INDX":
            return b""
        fixed = self._fixed(raw)
        return fixed[24 + little(fixed, 24, 4) : 24 + little(fixed, 28, 4)]

    @staticmethod
    def _split(entries: bytes) -> Iterator[bytes]:
        at = 0
        while at + 16 <= len(entries):
            length = little(entries, at + 8, 2)
            if length < 16 or at + length > len(entries):
                return
            yield entries[at : at + length]
            if little(entries, at + 12, 2) & 2:
                return
            at += length

    def _named(self, entries: bytes, seen: set[int]) -> Iterator[Node]:
        for entry in self._split(entries):
            if not little(entry, 12, 2) & 2 and len(entry) > 82:
                node = self._node(entry)
                short = entry[16 + 65] == 2
                if node.where >= 24 and not (short or node.where in seen):
                    seen.add(node.where)
                    yield node

    def _node(self, entry: bytes) -> Node:
        folder = bool(little(entry, 16 + 56, 4) & 0x10000000)
        size = 0 if folder else little(entry, 16 + 48, 8)
        return Node(self._name(entry[16:])[0], folder=folder, size_bytes=size, where=little(entry, 0, 6))

    @staticmethod
    def _name(value: bytes) -> tuple[str, int]:
        """Return the name and its kind: 2 is the short one of DOS."""
        if len(value) < 66:
            return "", 2
        return value[66 : 66 + 2 * value[64]].decode("utf-16-le", "replace"), value[65]
