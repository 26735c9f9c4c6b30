"""From a label to the places a person can go to: path, first commit, author, date, and whether in HEAD."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tidegate.model.document import Spot, Tally
from tidegate.model.place import Place
from tidegate.sources.git.ancestry import Ancestry
from tidegate.sources.git.deltaops import OddError
from tidegate.sources.git.history import Origin, TreeWalk, origins, reachable
from tidegate.sources.git.messages import Message, parse_message, place_in_message
from tidegate.sources.git.refs import Refs
from tidegate.sources.git.regular import read_if_there
from tidegate.sources.git.repository import Repository
from tidegate.sources.git.shards import Catalogue
from tidegate.sources.git.staged import staged_files
from tidegate.sources.git.texts import MAX_FILE_BYTES, place_of, shown
from tidegate.sources.git.view import SEEN
from tidegate.sources.gitcommand import CatFile, CommandError

_LOGGED = re.compile(rb"[0-9a-f]{40,64} ([0-9a-f]{40}(?:[0-9a-f]{24})?) [^\t]*")
_NOTHING = Message(target=None, parents=(), author=None, made_at=None)


@dataclass(frozen=True, slots=True)
class _At:
    """One place, without what a spot adds."""

    path: str
    in_head: bool
    commit: bytes | None
    author: str | None
    made_at: datetime | None
    rank: int = 0


class Placer:
    """Answers for one repository. What is asked twice is looked up once."""

    def __init__(
        self,
        target: str,
        git: CatFile,
        view: Path,
        repository: Repository,
        refs: Refs,
        catalogue: Catalogue,
        tally: Tally,
    ) -> None:
        self._target = target
        self._git = git
        self._view = view
        self._repository = repository
        self._refs = refs
        self._catalogue = catalogue
        self._tally = tally
        self._blobs: dict[bytes, list[_At]] = {}
        self._messages: dict[bytes, Message] = {}
        self._in_head: set[bytes] = set()
        self._ancestry: Ancestry | None = None
        self._nameless = "unreachable blob"
        """What a blob is called that no commit holds."""

    def places(self, spots: Sequence[Spot]) -> list[list[Place]]:
        """Return one list a spot."""
        labels = {_outermost(spot.label) for spot in spots}
        blobs = {label for label in labels if isinstance(label, bytes)}
        self._look_up_blobs(blobs)
        commits = {label[1] for label in labels if isinstance(label, tuple) and label[0] == "commit"}
        if commits and self._refs.head is not None:
            self._in_head = self._reachable(commits, self._refs.head)
        self._names = list(self._refs.names.items())
        return [self._places(spot) for spot in spots]

    def _reachable(self, commits: set[bytes], head: bytes) -> set[bytes]:
        """Return those of the commits that HEAD comes after, or is."""
        if self._ancestry is not None:
            return self._ancestry.reachable(commits, head)
        try:
            return reachable(self._view, commits, head)
        except CommandError as error:
            self._tally.gap("source", self._target, f"what HEAD reaches is not known: {error}")
            return set()

    def _places(self, spot: Spot) -> list[Place]:
        label: Any = _outermost(spot.label)
        inner = _inner(spot.label)
        line, column = spot.line, spot.column
        if isinstance(label, bytes):
            found = self._blobs.get(label) or [
                _At(f"<{self._nameless} {label.hex()[:8]}>", False, None, None, None)
            ]
        elif label[0] in ("commit", "tag"):
            at, line, column = self._in_object(label, line, column)
            found = [at]
        elif label[0] == "refs":
            found = [self._in_refs(line)]
        elif label[0] == "logs":
            found = [self._in_log(*self._refs.logs[line - 1 : line])]
        elif label[0] == "paths":
            found = [_At("<path name>", True, None, None, None)]
        else:
            found = [self._in_file(label[1], line)]
        return [
            Place(
                source="git",
                target=self._target,
                path=at.path + inner,
                line=line,
                column=column,
                unwrapped=spot.unwrapped,
                commit=at.commit.hex() if at.commit else None,
                author=at.author,
                committed_at=at.made_at,
                in_head=at.in_head,
                rank=at.rank,
            )
            for at in found
        ]

    def _in_object(self, label: tuple[str, bytes], line: int, column: int) -> tuple[_At, int, int]:
        kind, oid = label
        found = self._git.read(oid)
        content = found[1] if found else b""
        message = parse_message(content)
        path, line, column = place_in_message(content, kind, line, column)
        commit: bytes | None = oid
        if kind == "tag":
            commit = self._commit_of(oid)
        return _At(path, oid in self._in_head, commit, message.author, message.made_at), line, column

    def _in_refs(self, line: int) -> _At:
        oid = self._names[line - 1][1] if line <= len(self._names) else None
        return self._at("<ref name>", self._commit_of(oid) if oid else None, in_head=False)

    def _in_file(self, name: str, line: int) -> _At:
        path = place_of(name)
        if path == "<reflog>":
            folders = (self._repository.git_dir, self._repository.common_dir)
            content = next(
                (text for each in folders if (text := read_if_there(each / name, MAX_FILE_BYTES))), b""
            )
            return self._in_log(*content.split(b"\n", line)[line - 1 : line])
        return self._at(path, None, in_head=False)

    def _in_log(self, line: bytes = b"") -> _At:
        logged = _LOGGED.match(line)
        commit = self._commit_of(bytes.fromhex(logged[1].decode())) if logged else None
        return self._at("<reflog>", commit, in_head=False)

    def _at(self, path: str, commit: bytes | None, *, in_head: bool, rank: int = 0) -> _At:
        message = self._message(commit) if commit else _NOTHING
        return _At(path, in_head, commit, message.author, message.made_at, rank)

    def _message(self, commit: bytes) -> Message:
        found = self._messages.get(commit)
        if found is None:
            content = self._git.read(commit)
            found = self._messages[commit] = parse_message(content[1]) if content else _NOTHING
        return found

    def _commit_of(self, oid: bytes) -> bytes | None:
        """Return the commit that a ref or tag comes to."""
        for _ in range(5):
            found = self._git.read(oid)
            if found is None or found[0] in ("tree", "blob"):
                return None
            if found[0] == "commit":
                return oid
            target = parse_message(found[1]).target
            if target is None:
                return None
            oid = bytes.fromhex(target)
        return None

    def _look_up_blobs(self, wanted: set[bytes]) -> None:
        if not wanted:
            return
        head_paths = self._head_paths(wanted)
        found: dict[bytes, Origin] = {}
        in_order = True
        try:
            in_order = self._walk(wanted, found)
        except CommandError as error:
            self._tally.gap("source", self._target, f"history was not walked to its end: {error}")
            self._nameless = "blob"
        ranks = self._ranks(found, head_paths, in_order=in_order)
        for oid in wanted:
            paths = head_paths.get(oid, [])
            origin = found.get(oid)
            commit = origin.commit if origin else None
            rank = ranks.get(commit, 0)
            places = [self._at(shown(path), commit, in_head=True, rank=rank) for path in paths]
            if origin is not None and origin.path not in paths:
                places.append(self._at(shown(origin.path), commit, in_head=False, rank=rank))
            self._blobs[oid] = places
        self._name_the_rest({oid for oid in wanted if not self._blobs[oid]})

    def _ranks(
        self, found: dict[bytes, Origin], head_paths: dict[bytes, list[bytes]], *, in_order: bool
    ) -> dict[bytes | None, int]:
        """Return numbers for the commits that brought versions of one path, parents before children.

        Dates do not do: a rebase makes commits within one second, and clocks are wrong.
        in_order: what was found stands in that order already.
        """
        brought: dict[bytes, set[bytes]] = {}
        for oid, origin in found.items():
            if origin.commit is not None:
                for path in {origin.path, *head_paths.get(oid, ())}:
                    brought.setdefault(path, set()).add(origin.commit)
        contested = {commit for commits in brought.values() if len(commits) > 1 for commit in commits}
        ordered = [each.commit for each in found.values() if each.commit in contested]
        if not in_order and self._ancestry is not None:
            ordered = list(self._ancestry.in_order(contested))
        return {commit: number for number, commit in enumerate(dict.fromkeys(ordered))}

    def _walk(self, wanted: set[bytes], found: dict[bytes, Origin]) -> bool:
        """Fill `found`: from what refs reach, then from every commit there is. Raises `CommandError`.

        Returns whether it stands in the order of history.
        """
        tips = {*self._refs.names.values(), *self._refs.others}
        if self._refs.head is not None:
            tips.add(self._refs.head)
        starts = self._commits(tips)
        try:
            self._ancestry = self._read_ancestry()
            found.update(self._ancestry.origins(wanted, starts))
        except OddError:
            found.clear()
        else:
            return False
        try:
            found.update(origins(self._view, wanted, starts))
            if wanted - found.keys():
                found.update(origins(self._view, wanted - found.keys(), self._every_commit()))
        except CommandError:
            reason = "commits are missing or damaged: first commits are known only as far as history goes"
            self._tally.gap("source", self._target, reason)
            found.update(origins(self._view, wanted - found.keys(), self._without_lost_parents()))
        return True

    def _read_ancestry(self) -> Ancestry:
        if (self._view / "shallow").exists():
            raise OddError("a shallow clone")
        return Ancestry(self._catalogue, self._git, self._repository.width, heads=self._view / SEEN)

    def _without_lost_parents(self) -> list[bytes]:
        """Tell git, as a shallow clone would, which commits have parents that are not there.

        Returns all commits that can be read. Only for damaged repositories: it reads every commit.
        """
        parents = {}
        for oid in self._every_commit():
            found = self._git.read(oid)
            if found is not None and found[0] == "commit":
                parents[oid] = parse_message(found[1]).parents
        cut = [oid for oid, own in parents.items() if any(each not in parents for each in own)]
        (self._view / "shallow").write_bytes(b"".join(oid.hex().encode() + b"\n" for oid in cut))
        return list(parents)

    def _head_paths(self, wanted: set[bytes]) -> dict[bytes, list[bytes]]:
        paths: dict[bytes, list[bytes]] = {}
        if self._refs.head is not None:
            for path, oid in TreeWalk(self._git, self._repository.width).files(self._refs.head):
                if oid in wanted:
                    paths.setdefault(oid, []).append(path)
        return {oid: sorted(each) for oid, each in paths.items()}

    def _name_the_rest(self, left: set[bytes]) -> None:
        """Blobs that no commit holds: staged ones, and those that a tag or ref names directly."""
        if not left:
            return
        for path, oid in staged_files(self._repository, self._tally):
            if oid in left:
                self._blobs[oid].append(self._at(shown(path), None, in_head=False))
        for name, oid in self._refs.names.items():
            tagged = self._git.read(oid)
            if tagged is not None and tagged[0] == "tag":
                target = parse_message(tagged[1]).target
                oid = bytes.fromhex(target) if target else oid
            if oid in left:
                self._blobs[oid].append(self._at(f"<blob of {shown(name)}>", None, in_head=False))

    def _commits(self, oids: set[bytes]) -> list[bytes]:
        known = self._catalogue.packed_commits(sorted(oids))
        found = {oid if oid in known else self._commit_of(oid) for oid in oids}
        return sorted(oid for oid in found if oid is not None)

    def _every_commit(self) -> list[bytes]:
        packed = [row.tobytes() for part in self._catalogue.commits for row in part.oids]
        loose = []
        for oid in self._catalogue.loose:
            found = self._git.read(oid)
            if found is not None and found[0] == "commit":
                loose.append(oid)
        return [*packed, *loose]


def _outermost(label: Hashable) -> Any:
    """Return the label of the object or file that a member of a container is in."""
    if isinstance(label, tuple) and not isinstance(label[0], str):
        return label[0]
    return label


def _inner(label: Hashable) -> str:
    if isinstance(label, tuple) and not isinstance(label[0], str):
        return f"!/{label[1]}"
    return ""
