"""Which commit brought an object first, at half the price of `git rev-list --objects`.

It says the same as rev-list, or raises `OddError`: then rev-list is asked (`history.py`). The commit is the
first, parents before children and else by date, whose tree has the object anywhere; the path is the first at
which that tree has it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from tidegate.sources.git.deltaops import OddError
from tidegate.sources.git.graph import Graph, read_heads
from tidegate.sources.git.heads import heads_of, joined, kept
from tidegate.sources.git.history import MAX_TREE_DEPTH, Origin
from tidegate.sources.git.holders import Bits, Holders, Names, cores, holding_bits
from tidegate.sources.git.messages import FOLDER, GITLINK, parse_tree
from tidegate.sources.git.pack import NO_BASE, Bytes, Ints
from tidegate.sources.git.shards import Catalogue, Part, open_pack
from tidegate.sources.gitcommand import CatFile

MAX_WANTED = 4096
_TOGETHER = 256
"""Objects that are followed up together, a bit each."""
MAX_LOOSE = 5000
"""More are left to rev-list: a repository in that state was never packed, and is small."""
FEWEST_TREES = 20_000
"""With fewer, rev-list takes 0.3 s."""


class Ancestry:
    """The history of one repository."""

    def __init__(
        self,
        catalogue: Catalogue,
        git: CatFile,
        width: int,
        *,
        heads: Path | None = None,
        fewest: int = FEWEST_TREES,
    ) -> None:
        """Read the commits. Raises `OddError` when it is left to rev-list.

        heads: the folder in which a `Keeper` has put what it saw of them.
        """
        if len(catalogue.loose) > MAX_LOOSE or not catalogue.whole:
            raise OddError("loose objects, or packs that cannot be read whole")
        if sum(len(part.starts) for part in catalogue.trees) < fewest:
            raise OddError("rev-list is quick enough")
        self._git = git
        self._width = width
        self._catalogue = catalogue
        self._loose = _Loose(catalogue, git, width)
        self.graph = self._read_commits(heads)
        self._first: _First | None = None

    def origins(self, wanted: Iterable[bytes], starts: Sequence[bytes]) -> Iterator[tuple[bytes, Origin]]:
        """Yield (id, origin) of what commits hold; `starts` are preferred to those that nothing reaches.

        Raises `OddError`.
        """
        wanted = sorted(wanted)
        if not wanted:
            return
        if len(wanted) > MAX_WANTED:
            raise OddError("too much is asked for")
        names, numbers, held, holding = self._holders(wanted)
        graph = self.graph
        trees = names.of(cores(graph.trees))
        first = self._first = _First(graph, starts)
        for begin in range(0, len(wanted), _TOGETHER):
            bits = holding_bits(len(names), numbers[begin : begin + _TOGETHER], held, holding)
            brought = graph.brought(np.where((trees >= 0)[:, None], bits[trees], np.uint64(0)))
            paths = _PathFinder(self._git, names, bits, self._width)
            for bit, oid in enumerate(wanted[begin : begin + _TOGETHER]):
                commits = np.flatnonzero(brought[:, bit // 64] >> np.uint64(bit % 64) & np.uint64(1))
                if len(commits):
                    commit = first.of(commits)
                    yield oid, Origin(graph.oid(commit), paths.path(graph.trees[commit].tobytes(), oid, bit))

    def in_order(self, commits: Iterable[bytes]) -> list[bytes]:
        """Return commits that `origins` gave, parents before children, else by date; unreached ones last."""
        numbers = sorted(self.graph.numbers(list(commits)))
        if self._first is None or len(numbers) < 2:
            return [self.graph.oid(each) for each in numbers]
        return [self.graph.oid(each) for each in self._first.ordered(numbers)]

    def reachable(self, commits: Iterable[bytes], head: bytes) -> set[bytes]:
        """Return those of the commits that `head` comes after, or is."""
        asked = list(commits)
        reached = self.graph.reached_from(each for each in self.graph.numbers([head]) if each >= 0)
        numbers = self.graph.numbers(asked)
        return {oid for oid, each in zip(asked, numbers, strict=True) if each >= 0 and reached[each]}

    def _holders(self, wanted: Sequence[bytes]) -> tuple[Names, Ints, Ints, Ints]:
        asked = np.frombuffer(b"".join(wanted), np.uint8).reshape(len(wanted), -1)
        parts = [*self._catalogue.trees, self._loose.trees]
        names = Names(np.concatenate([*(part.oids for part in parts), asked]))
        holders = Holders(names, self._width)
        for part in parts:
            holders.add(part, self._data(part))
        numbers = names.of(cores(asked))
        return names, numbers, *holders.holdings(numbers)

    def _read_commits(self, folder: Path | None) -> Graph:
        """Take the heads that were kept when the commits were looked through; else read them again."""
        parts = self._catalogue.commits
        loose = self._loose.commits, self._loose.heads
        if folder is not None:
            with suppress(OddError):  # the commits as a whole say more
                oids, heads = kept(folder, self._width)
                names = Names(oids)
                if all(names.have(part.oids) for part in parts):
                    oids = np.concatenate([oids, loose[0]])
                    return Graph(oids, joined([heads, loose[1]], self._width))
        read = [*(read_heads(part, self._data(part)) for part in parts), loose]
        return Graph(
            np.concatenate([oids for oids, _ in read]), joined([heads for _, heads in read], self._width)
        )

    def _data(self, part: Part) -> memoryview:
        if part is self._loose.trees:
            return memoryview(self._loose.data)
        try:
            return memoryview(open_pack(Path(part.pack)))
        except (OSError, ValueError) as error:
            raise OddError("a pack that is gone") from error


class _First:
    """Says which of some commits comes first; the order of all is only made when it is needed."""

    def __init__(self, graph: Graph, starts: Sequence[bytes]) -> None:
        self._graph = graph
        self._tips = [each for each in graph.numbers(starts) if each >= 0]
        self._reached = graph.reached_from(self._tips)
        self._ranks: list[int] = []
        self._ranks_of_all: list[int] = []

    def of(self, commits: Ints) -> int:
        """Return the first; of those that nothing reaches only when there are no others."""
        reached = commits[self._reached[commits]]
        chosen = (reached if len(reached) else commits).tolist()
        if len(chosen) == 1:
            return int(chosen[0])
        return int(min(chosen, key=self._rank))

    def ordered(self, commits: Iterable[int]) -> list[int]:
        """Sort them, first to last; those that nothing reaches come after all others."""
        return sorted(commits, key=lambda each: (not self._reached[each], self._rank(each)))

    def _rank(self, commit: int) -> int:
        """Return its place among those that are reached, or, if it is not, among all."""
        if self._reached[commit]:
            self._ranks = self._ranks or self._graph.ranks(self._tips, self._reached)
            return self._ranks[commit]
        if not self._ranks_of_all:
            everything = np.ones(len(self._graph), np.bool_)
            self._ranks_of_all = self._graph.ranks(range(len(everything)), everything)
        return self._ranks_of_all[commit]


class _Loose:
    """Loose trees, made to look like a pack; and loose commits."""

    def __init__(self, catalogue: Catalogue, git: CatFile, width: int) -> None:
        trees: list[tuple[bytes, bytes]] = []
        commits: list[tuple[bytes, bytes]] = []
        for oid in sorted(catalogue.loose):
            found = git.read(oid)
            if found is None:
                raise OddError("a loose object that cannot be read")
            kind, content = found
            if kind == "tree":
                trees.append((oid, content))
            elif kind == "commit":
                commits.append((oid, content))
        packed = [zlib.compress(content, 1) for _, content in trees]
        self.data = b"".join(packed)
        ends = np.cumsum([len(each) for each in packed], dtype=np.int64)
        self.commits = _rows([oid for oid, _ in commits], width)
        self.heads = heads_of([content for _, content in commits], width)
        self.trees = Part(
            pack="",
            starts=np.append([0], ends[:-1]) if len(ends) else ends,
            ends=ends,
            sizes=np.array([len(content) for _, content in trees], np.int64),
            parents=np.full(len(trees), NO_BASE, np.int64),
            oids=_rows([oid for oid, _ in trees], width),
        )


def _rows(oids: Sequence[bytes], width: int) -> Bytes:
    return np.frombuffer(b"".join(oids), np.uint8).reshape(len(oids), width)


class _PathFinder:
    """Goes down into a commit's tree, only where it is known that something is to be found."""

    def __init__(self, git: CatFile, names: Names, bits: Bits, width: int) -> None:
        self._git = git
        self._names = names
        self._bits = bits
        self._width = width
        self._trees: dict[bytes, list[tuple[int, bytes, bytes, int]]] = {}

    def path(self, tree: bytes, oid: bytes, bit: int) -> bytes:
        """Return the first path of `oid`. Raises `OddError` when it is not there after all."""
        path = b""
        for _ in range(MAX_TREE_DEPTH):
            for mode, name, entry, number in self._entries(tree):
                if number >= 0 and int(self._bits[number, bit // 64]) >> (bit % 64) & 1:
                    path += name + b"/"
                    tree = entry
                    break
                if mode not in (FOLDER, GITLINK) and entry == oid:
                    return path + name
            else:
                raise OddError("a tree that does not hold what it should")
        raise OddError("trees that are nested too deep")

    def _entries(self, tree: bytes) -> list[tuple[int, bytes, bytes, int]]:
        """Return mode, name, id, and of folders their number among the names, else -1."""
        found = self._trees.get(tree)
        if found is None:
            read = self._git.read(tree)
            if read is None or read[0] != "tree":
                raise OddError("a tree that cannot be read")
            entries = list(parse_tree(read[1], self._width))
            folders = _rows([entry for mode, _, entry in entries if mode == FOLDER], self._width)
            numbers = iter(self._names.of(cores(folders)).tolist())
            found = [
                (mode, name, entry, next(numbers) if mode == FOLDER else -1) for mode, name, entry in entries
            ]
            self._trees[tree] = found
        return found
