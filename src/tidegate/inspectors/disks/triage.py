"""The first look into a volume: who has a home there, which well-known paths exist, which files to read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from tidegate.inspectors.disks.damage import DamageError
from tidegate.inspectors.disks.paths import FILES, FOLDERS, HOMES, NOT_PEOPLE, STORES, SYSTEM, SYSTEMS
from tidegate.inspectors.disks.volumes.volume import Node, Volume
from tidegate.inspectors.readable import OverBudgetError, Readable

_MOST_USERS: Final = 100
"""Whose paths are asked for; all are counted."""
_SMALL_BYTES: Final = 64 << 10
_READ_FROM: Final = frozenset(("keys", "clouds", "logins", "histories"))
_TIME_MACHINE: Final = "Backups.backupdb"
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(?:\.backup|\.previous)?\Z")
"""A copy; one that is under way has another ending."""
_MOST_IN_A_FOLDER: Final = 30


@dataclass(slots=True)
class Triage:
    """What the first look found."""

    system: str = ""
    users: int = 0
    found: Counter[str] = field(default_factory=Counter)
    """What -> how many, by the words of `paths.WORDS`."""
    files: list[tuple[str, Node]] = field(default_factory=list)
    """Small files worth judging: path and node."""
    stores: list[tuple[str, Node]] = field(default_factory=list)
    """Larger ones that are counted."""
    unfinished: str = ""
    damaged: int = 0
    """Folders that could not be read."""


class Walker:
    """Finds paths, and remembers the folders on the way."""

    def __init__(self, volume: Volume, triage: Triage) -> None:
        self._volume = volume
        self._triage = triage
        self._known: dict[str, Node | None] = {"": volume.root}

    def node(self, path: str) -> Node | None:
        """Return what stands at a path."""
        if path in self._known:
            return self._known[path]
        above, _, name = path.rpartition("/")
        folder = self.node(above)
        found = None
        if folder is not None and folder.folder:
            try:
                found = self._volume.find(folder, name)
            except DamageError:
                self._triage.damaged += 1
        self._known[path] = found
        return found

    def within(self, path: str) -> list[Node]:
        """Return what is in a folder, as far as it can be read, in order of name."""
        folder = self.node(path)
        if folder is None or not folder.folder:
            return []
        nodes = []
        try:
            for node in self._volume.entries(folder):
                nodes.append(node)
                if len(nodes) >= 10_000:
                    break
        except DamageError:
            self._triage.damaged += 1
        return sorted(nodes, key=lambda each: each.name)


def triage(volume: Volume) -> Triage:
    """Ask for the paths. What the budget does not allow is said in `unfinished`."""
    result = Triage()
    try:
        _look(volume, result)
    except OverBudgetError as error:
        result.unfinished = str(error)
    return result


def small(volume: Volume, node: Node) -> Readable | None:
    """Open a small ordinary file; `None` for any other."""
    if node.size_bytes > _SMALL_BYTES:
        return None
    try:
        data = volume.open(node)
    except DamageError:
        return None
    return data if 0 < data.size_bytes <= _SMALL_BYTES else None


def _look(volume: Volume, result: Triage) -> None:
    walker = Walker(volume, result)
    roots = _backups(walker) or [""]
    result.system = next(
        (name for root in roots for path, name in SYSTEMS if walker.node(root + path) is not None), ""
    )
    homes = []
    for above in (root + each for root in roots for each in HOMES):
        people = [
            each for each in walker.within(above) if each.folder and each.name.lower() not in NOT_PEOPLE
        ]
        homes += [f"{above}/{each.name}" for each in people]
    result.users = len(homes)
    if walker.node("root/.ssh") is not None or walker.node("root/.bash_history") is not None:
        homes.append("root")
    for home in homes[:_MOST_USERS]:
        for path, what in FILES.items():
            node = walker.node(f"{home}/{path}")
            if node is not None and not node.folder:
                result.found[what] += 1
                result.files.append((f"{home}/{path}", node))
        for path, what in FOLDERS.items():
            node = walker.node(f"{home}/{path}")
            if node is not None and node.folder:
                result.found[what] += 1
                for store in STORES.get(what, ()):
                    result.stores += _matching(walker, f"{home}/{path}", store.split("/"))
                if what in _READ_FROM:
                    result.files += _files(walker, f"{home}/{path}")
    for path, what in SYSTEM.items():
        if walker.node(path) is not None:
            result.found[what] += 1
    if walker.node("etc/ssh") is not None:
        result.files += _files(walker, "etc/ssh")


def _backups(walker: Walker) -> list[str]:
    """Return where, on a disk of Time Machine, the latest copy of each volume begins; empty on any other."""
    dated = [("", each) for each in walker.within("") if each.folder and _DATED.match(each.name)]
    for machine in walker.within(_TIME_MACHINE):
        if machine.folder:
            above = f"{_TIME_MACHINE}/{machine.name}/"
            copies = [each for each in walker.within(above[:-1]) if each.folder and _DATED.match(each.name)]
            dated += [(above, each) for each in copies[-1:]]
    latest = [pair for pair in dated if pair[0]] or dated[-1:]
    return [
        f"{above}{copy.name}/{volume.name}/"
        for above, copy in latest
        for volume in walker.within(f"{above}{copy.name}")
        if volume.folder
    ]


def _matching(walker: Walker, path: str, rest: list[str]) -> Iterator[tuple[str, Node]]:
    """Yield the files under a path whose further names fit."""
    if not rest:
        node = walker.node(path)
        if node is not None and not node.folder:
            yield path, node
        return
    if "*" not in rest[0]:
        yield from _matching(walker, f"{path}/{rest[0]}", rest[1:])
        return
    fitting = [each.name for each in walker.within(path) if fnmatchcase(each.name, rest[0])]
    for name in fitting[:_MOST_IN_A_FOLDER]:
        yield from _matching(walker, f"{path}/{name}", rest[1:])


def _files(walker: Walker, path: str) -> Iterator[tuple[str, Node]]:
    files = [each for each in walker.within(path) if not each.folder and each.size_bytes <= _SMALL_BYTES]
    for node in files[:_MOST_IN_A_FOLDER]:
        yield f"{path}/{node.name}", node
