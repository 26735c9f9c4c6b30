"""What was listed so far, on disk: parts in Parquet, and a journal that says what stands in which.

Only what the journal names counts. A part is written and synced first, then its line in the journal; a run
that is killed leaves parts that no line names, and the next one deletes them and goes on from the last line.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import polars as pl

from tidegate.errors import ConfigError
from tidegate.inventory._disk import Disk
from tidegate.inventory._journal import Journal, Record
from tidegate.inventory._lock import Lock
from tidegate.inventory.chain import Chain, Id, Piece
from tidegate.items import SCHEMA
from tidegate.plugins import Container

FORMAT: Final = 1
"""Of the work folder; another number is another release's, and refused."""
POOL_ROWS: Final = 32_768
"""Ends of chains are gathered in one part until they are so many rows, about 8 MB."""
POOL_CHAINS: Final = 512

_JOURNAL, _LOCK = "journal", "lock"


class Catalogue:
    """A work folder in use by one run. Safe from many threads."""

    def __init__(self, folder: Path, identity: Mapping[str, Any], disk: Disk | None = None) -> None:
        """Open the folder, or make it.

        identity: what is listed and how, as JSON without secrets. Raises `ConfigError` when the folder holds
        another listing, is damaged, or is used by another run; `OSError`.
        """
        self.folder = folder
        self.disk = disk or Disk()
        self.resumed = False
        """There was something to go on from."""
        self.containers: list[Container] = []
        self.all_containers = False
        """The service has named all there are."""
        self.chains: dict[Id, Chain] = {}
        """As they stand on disk."""
        self._parts: dict[int, int] = {}
        """Number of a part -> its rows."""
        self._mutex = threading.Lock()
        self._pool: list[tuple[Record, Sequence[pl.DataFrame]]] = []
        self._pool_rows = 0
        self._lock = Lock(folder, _LOCK)
        try:
            self._journal = self._open(dict(identity))
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Let go of the folder; it stays on disk, and what was not flushed is not in it."""
        self._journal.close()
        self._lock.release()

    # --- What the lister tells ----------------------------------------------------------------------------

    def add_container(self, container: Container) -> int:
        """Note one more container; return its number."""
        with self._mutex:
            self._journal.hold({"t": "container", "container": asdict(container)})
            self.containers.append(container)
            return len(self.containers) - 1

    def end_containers(self) -> None:
        """Note that there are no more containers."""
        with self._mutex:
            self._journal.write({"t": "containers"})
            self.all_containers = True

    def keep(self, chain: Chain, frames: Sequence[pl.DataFrame]) -> None:
        """Write the chain's new rows, and where it stands now."""
        segment = _segment(chain, frames)
        with self._mutex:
            self._write([(segment, frames)])

    def finish(self, chain: Chain, frames: Sequence[pl.DataFrame]) -> None:
        """As `keep`, for a chain's last rows of this run: they may wait for those of others."""
        segment = _segment(chain, frames)
        with self._mutex:
            self._pool.append((segment, frames))
            self._pool_rows += segment["rows"]
            if self._pool_rows >= POOL_ROWS or len(self._pool) >= POOL_CHAINS:
                self._flush()

    def split(
        self,
        chain: Chain,
        frames: Sequence[pl.DataFrame],
        between: pl.DataFrame,
        children: Sequence[Chain],
    ) -> None:
        """Write a chain's last rows, those that belong between its children, and the children themselves."""
        whole = [*frames, between]
        segment = _segment(chain, whole)
        segment["between"] = between.height
        segment["children"] = [child.state() for child in children]
        with self._mutex:
            self._write([(segment, whole)])

    def flush(self) -> None:
        """Write what waits."""
        with self._mutex:
            self._flush()

    def end(self) -> None:
        """Note that the inventory is whole and stands elsewhere, then delete the folder."""
        self._journal.write({"t": "end"})
        self._journal.close()
        self._remove_all()
        self._lock.remove()
        self.folder.rmdir()

    # --- What the lister and the joiner ask ---------------------------------------------------------------

    def part(self, number: int) -> Path:
        """Return where a part stands."""
        return self.folder / f"part-{number:06d}.parquet"

    def part_rows(self, number: int) -> int:
        """Return how many rows a part has."""
        return self._parts[number]

    def open_chains(self) -> Iterator[Chain]:
        """Yield every chain that is begun and not done, in order."""
        for number in range(len(self.containers)):
            yield from self._open_below((number,))

    def _open_below(self, top: Id) -> Iterator[Chain]:
        waiting = [top]
        while waiting:
            chain = self.chains.get(waiting.pop())
            if chain is None:
                continue
            waiting += reversed(chain.children)
            if not chain.done:
                yield chain

    # --- Writing ------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        pool, self._pool, self._pool_rows = self._pool, [], 0
        if pool:
            self._write(pool)

    def _write(self, entries: Sequence[tuple[Record, Sequence[pl.DataFrame]]]) -> None:
        frames = [frame for _, given in entries for frame in given if frame.height]
        record: Record = {"t": "part", "part": 0, "segments": [segment for segment, _ in entries]}
        if frames:
            record["part"] = max(self._parts, default=0) + 1
            record["size_bytes"] = self.disk.put(pl.concat(frames), self.part(record["part"]))
        self._journal.write(record)
        self._apply(record)

    # --- Reading back -------------------------------------------------------------------------------------

    def _open(self, identity: Record) -> Journal:
        columns = {name: str(kind) for name, kind in SCHEMA.items()}
        start = {"t": "start", "format": FORMAT, "identity": identity, "columns": columns}
        journal = Journal(self.folder / _JOURNAL, self.disk)
        try:
            if any(record["t"] == "end" for record in journal.records()):
                # A run was killed while it deleted what it no longer needed.
                journal.close()
                self._remove_all()
                journal = Journal(self.folder / _JOURNAL, self.disk)
            records = journal.records()
            first = next(records, None)
            if first is None:
                journal.write(start)
                self.disk.sync_folder(self.folder)
            else:
                self._same(first, start)
                self._replay(records)
                self.resumed = True
            self._remove_strays()
        except BaseException:
            journal.close()
            raise
        return journal

    def _same(self, found: Record, wanted: Record) -> None:
        if found == wanted:
            return
        if {**found, "identity": None} != {**wanted, "identity": None}:
            what = "was begun by another release of Tidegate"
        else:
            theirs, ours = found["identity"], wanted["identity"]
            keys = sorted(key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key))
            what = f"holds a listing that was begun with another {', '.join(keys)}"
        raise ConfigError(
            f"{self.folder} {what}",
            hint="finish that listing with its own options, delete the folder, or choose another file",
        )

    def _replay(self, records: Iterator[Record]) -> None:
        try:
            for record in records:
                if record["t"] == "container":
                    self.containers.append(Container(**record["container"]))
                elif record["t"] == "containers":
                    self.all_containers = True
                else:
                    self._check_part(record)
                    self._apply(record)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self._damaged("its journal cannot be understood") from error

    def _check_part(self, record: Record) -> None:
        if record["part"]:
            path = self.part(record["part"])
            if not path.is_file() or path.stat().st_size != record["size_bytes"]:
                raise self._damaged(f"{path.name} is missing or has another size")

    def _damaged(self, why: str) -> ConfigError:
        return ConfigError(f"{self.folder} is damaged: {why}", hint="delete the folder to list anew")

    def _apply(self, record: Record) -> None:
        start = 0
        for segment in record["segments"]:
            chain = Chain.of(segment["chain"])
            before = self.chains.get(chain.id)
            chain.pieces = before.pieces if before else []
            own = segment["rows"] - segment.get("between", 0)
            if own:
                chain.pieces.append(Piece(record["part"], start, own))
            if segment.get("between"):
                chain.between = Piece(record["part"], start + own, segment["between"])
            for state in segment.get("children", ()):
                child = Chain.of(state)
                chain.children = (*chain.children, child.id)
                self.chains[child.id] = child
            self.chains[chain.id] = chain
            start += segment["rows"]
        if record["part"]:
            self._parts[record["part"]] = start

    def _remove_strays(self) -> None:
        known = {self.part(number).name for number in self._parts}
        for path in self.folder.iterdir():
            if path.name not in known and path.name not in (_JOURNAL, _LOCK):
                self.disk.remove(path)

    def _remove_all(self) -> None:
        """Delete everything but the lock, the journal last: it says that the rest is no longer needed."""
        for path in self.folder.iterdir():
            if path.name not in (_JOURNAL, _LOCK):
                self.disk.remove(path)
        self.disk.remove(self.folder / _JOURNAL)


def _segment(chain: Chain, frames: Sequence[pl.DataFrame]) -> Record:
    # A copy: the lister goes on with its own, the record may wait.
    return {"chain": copy.deepcopy(chain.state()), "rows": sum(frame.height for frame in frames)}
