"""Looking into files and folders of this machine: every file of a small folder, a survey of a large one.

A folder is listed first, names and sizes alone. As long as looking into every file is worth it, the listing
stays in memory, and each file is looked into; beyond that it goes on into an inventory on disk, as that of a
storage account does, and a survey looks into it: every model, every risky name, and a sample of the rest.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.engine.places import Below, stored
from tidegate.engine.purse import Charged, Purse, SharedPurse
from tidegate.engine.tell import contents_of_all
from tidegate.engine.texts import texts
from tidegate.engine.why import error_words
from tidegate.engine.within import Within
from tidegate.errors import SourceError
from tidegate.inspectors.look import PROTO, SMALL_BYTES, glance, look
from tidegate.inspectors.readable import FileBytes, Memory, OverBudgetError, Readable
from tidegate.inspectors.texts import Texts
from tidegate.model.contents import Contents
from tidegate.model.document import Tally
from tidegate.model.going import Going
from tidegate.model.observation import Inspection
from tidegate.model.report import Gap
from tidegate.records import dataclass, field, replace
from tidegate.sources.folders import Walk, absent

if TYPE_CHECKING:
    from tidegate.engine.inspect import InspectPlan, Looked

EFFORT_BYTES: Final = 2 << 30
"""What looking into every file of a folder may cost, counted as `_effort` does: beyond it a survey is made.
Measured: the 43,000 files of a Python environment (1.2 GB) count as 1.4 GiB, and took 80 s of one core."""
_FILE_BYTES: Final = 16 << 10
"""What a file costs beside its bytes."""
_LOOKED_BYTES: Final = 256 << 10
"""Of a larger file little more than this is read."""
_MOST_OF_ONE: Final = 256 << 20
"""Read of one file in a survey."""
_SEVERAL: Final = 64
"""Files from which on workers are worth their start."""
_FIRST_SECONDS: Final = 0.25
"""Of processor time, before others are asked to help: their start takes a tenth of that."""
_ROWS: Final = 32_768
"""Of an inventory, written at once."""

File = tuple[str, int | None, float]
"""Name below the root, size in bytes, last change in seconds since 1970; no size where it is not told."""


@dataclass(slots=True)
class Folders:
    """Looks into targets that are paths."""

    plan: InspectPlan
    tally: Tally
    contents: list[Contents] = field(default_factory=list)
    """Of each folder that was looked into, in order."""
    going: Going = field(default_factory=lambda: Going(done=0, planned=0, bytes=0))

    def look(self, target: str) -> Iterator[Looked]:
        """Look into a file, or into what lies below a folder. Raises `SourceError` when there is none."""
        path = Path(target)
        if why := absent(path):
            raise SourceError(why)
        if not (
            path.is_file() or path.is_dir()
        ):  # a pipe would never end, and a device is none of our business
            raise SourceError("neither a folder nor a regular file")
        walk = Walk(target, gitignore=False, exclude=self.plan.exclude, skip_git=False, skip_git_texts=False)
        if path.is_file():
            yield self._files(walk, "", target).look([path.name])
            return
        prefix = target.rstrip("/") + "/"
        gaps = len(self.tally.gaps)
        files = self._files(walk, prefix, "")
        glanced = _Glanced(files, None if self.plan.every else EFFORT_BYTES)
        begun, more = self._few(self._listed(walk, glanced), glanced)
        if more is None:
            yield from self._each(files, begun, gaps, glanced.items)
        else:
            begun = [*glanced.listed(walk), *begun]
            begun += islice(more, max(0, _SEVERAL - len(begun)))
            several = len(begun) >= _SEVERAL
            yield self._survey(walk, prefix, chain(begun, more), gaps, several=several)

    # --- Listing ------------------------------------------------------------------------------------------

    def _listed(self, walk: Walk, glanced: _Glanced) -> Iterator[File]:
        """Yield every file that was not judged at a glance, folder by folder, those of one together."""
        count = size = 0
        for folder, names in walk.folders(self.tally):
            prefix = f"{folder}/" if folder else ""
            with Within(walk.absolute(folder)) as within:
                for name in glanced.left(within, prefix, names):
                    told = within.stat(name)
                    if told is None:
                        yield prefix + name, None, 0.0  # whoever looks into it says why not
                        continue
                    count, size = count + 1, size + told.st_size
                    yield prefix + name, told.st_size, told.st_mtime
            all_files, all_bytes = count + len(glanced.items), size + glanced.size_bytes
            self._show(Going(done=all_files, planned=0, bytes=all_bytes, listing=True))

    def _few(self, listed: Iterator[File], glanced: _Glanced) -> tuple[list[File], Iterator[File] | None]:
        """Return the files that were listed, and the rest of the listing, when they are too many for each."""
        begun: list[File] = []
        effort = size = 0
        most = self.plan.max_read
        if self.plan.every:
            return list(listed), None
        for each in listed:
            begun.append(each)
            size += each[1] or 0
            effort += _FILE_BYTES + min(each[1] or 0, _LOOKED_BYTES)
            if effort + glanced.effort > EFFORT_BYTES or (most is not None and size > most):
                return begun, listed
        return begun, None

    # --- Every file ---------------------------------------------------------------------------------------

    def _files(self, walk: Walk, prefix: str, only: str) -> _Files:
        most = self.plan.max_read
        kind = SharedPurse if self.plan.jobs > 1 else Purse
        purse = None if most is None else kind(most)
        return _Files(walk.root, prefix, only, self.plan.policy, texts(self.plan.cache_dir), purse)

    def _each(
        self, files: _Files, listed: Sequence[File], gaps: int, glanced: list[Inspection]
    ) -> Iterator[Looked]:
        items: list[Inspection] = []
        done = size = lost = 0
        planned = len(glanced) + len(listed)
        for found, missing in self._parts(files, listed, glanced):
            items += found
            lost += len(missing)
            done += len(found) + len(missing)
            size += sum(item.bytes_read for item in found)
            self._show(Going(done=done, planned=planned, bytes=size, most_bytes=self.plan.max_read or 0))
            yield found, missing
        if items:
            complete = len(self.tally.gaps) == gaps and not lost
            self.contents.append(contents_of_all(items, complete=complete))

    def _parts(self, files: _Files, listed: Sequence[File], glanced: list[Inspection]) -> Iterator[Looked]:
        if glanced:
            yield glanced, []
        names = [name for name, _, _ in listed]
        # Cut so that the last part keeps nobody waiting for long.
        most = max(8, min(128, len(names) // (self.plan.jobs * 8)))
        parts = (names[at : at + most] for at in range(0, len(names), most))
        if self.plan.jobs > 1 and len(names) >= _SEVERAL:
            from tidegate.engine.parallel import Workers  # noqa: PLC0415 - 20 ms that a few files do without

            yield from Workers(files.look, files.lost, self.plan.jobs).map(parts)
            return
        yield from map(files.look, parts)

    # --- A survey -----------------------------------------------------------------------------------------

    def _survey(self, walk: Walk, prefix: str, listed: Iterable[File], gaps: int, *, several: bool) -> Looked:
        from tidegate.engine.survey import Survey, SurveyPlan  # noqa: PLC0415 - most folders need none

        plan = SurveyPlan(
            max_read=self.plan.max_read or EFFORT_BYTES,
            seed=self.plan.seed,
            policy=self.plan.policy,
            at_once=4 * self.plan.jobs,
            processes=self.plan.jobs if several else 1,
            most=_MOST_OF_ONE,
            every_model=True,
            cache_dir=self.plan.cache_dir,
        )
        # Its workers are forked before Polars is there, whose threads no process should inherit.
        survey = Survey(Below(walk.root.rstrip("/"), prefix), plan, self._show)
        with survey, tempfile.TemporaryDirectory(prefix="tidegate-") as folder:
            file = Path(folder) / "inventory.parquet"
            told = survey.go(file, self._named(listed, file, gaps))
        self.contents.append(told.contents)
        return told.items, told.gaps

    def _named(self, listed: Iterable[File], file: Path, gaps: int) -> Contents:
        """Write the inventory, and return what its names tell."""
        from tidegate.assess.kinds import severity_of  # noqa: PLC0415 - Polars beneath it, 0.3 s
        from tidegate.inventory.summary import summarise  # noqa: PLC0415
        from tidegate.model.inventory import contents  # noqa: PLC0415

        _write(listed, file)
        names = contents(
            summarise(file, containers=1, now=datetime.now(UTC), cache_dir=self.plan.cache_dir),
            complete=len(self.tally.gaps) == gaps,
        )
        kinds = tuple(replace(each, severity=severity_of(each.kind)) for each in names.kinds)
        return replace(names, kinds=kinds)

    def _show(self, going: Going) -> None:
        self.going = going
        if self.plan.progress is not None:
            self.plan.progress(going)


def _write(listed: Iterable[File], file: Path) -> None:
    """Write an inventory, piece by piece."""
    from tidegate.inventory.parquet import Joined  # noqa: PLC0415
    from tidegate.items import frame  # noqa: PLC0415

    files = iter(listed)
    with file.open("wb") as out:
        joined = Joined(out)
        while rows := list(islice(files, _ROWS)):
            columns: dict[str, list[Any]] = {
                "service": [""] * len(rows),
                "container": [""] * len(rows),
                "name": [stored(name) for name, _, _ in rows],
                "size_bytes": [size for _, size, _ in rows],
                "modified_at": [_instant(changed) for _, _, changed in rows],
            }
            joined.add(frame(columns, len(rows)))
        joined.close()


def _instant(seconds: float) -> datetime | None:
    """Return when it was; `None` for what no calendar has: a file's time is anything its maker wants."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class _Files:
    """Files below one root."""

    root: str
    prefix: str
    """Put before every path in the report."""
    only: str
    """The target itself, when it is one file."""
    policy: frozenset[str]
    texts: Texts
    purse: Purse | SharedPurse | None

    def closely(self, whole: bytes, shown: str, name: str) -> Inspection | None:
        """Judge a file that was read; `None`: whoever looks into it again says what went wrong."""
        try:
            return self._one(Memory(whole), shown, name)
        except Exception:  # noqa: BLE001 - as said
            return None

    def look(self, names: list[str]) -> Looked:
        """Look into some files: what cannot be opened is a gap."""
        items: list[Inspection] = []
        gaps: list[Gap] = []
        for name in names:
            shown = self.only or self.prefix + name
            try:
                with FileBytes(os.path.join(self.root, name)) as file:  # noqa: PTH118 - names may be no UTF-8; root may be ""
                    items.append(self._one(Charged(file, self.purse), shown, name))
            except OverBudgetError as why:
                gaps.append(Gap(stage="inspect", subject=shown, reason=str(why)))
            except Exception as why:  # noqa: BLE001 - one file must not end the run
                gaps.append(Gap(stage="inspect", subject=shown, reason=error_words(why)))
        return items, gaps

    def _one(self, data: Readable, shown: str, name: str) -> Inspection:
        return look(data, shown, policy=self.policy, siblings=self._beside(name), texts=self.texts)

    def lost(self, names: Any, why: str) -> Looked:
        """Return what stands for files whose worker died."""
        shown = [self.only or self.prefix + name for name in names]
        return [], [Gap(stage="inspect", subject=name, reason=why) for name in shown]

    def _beside(self, name: str) -> Callable[[str], Readable | None]:
        def beside(other: str) -> Readable | None:
            """Open a file beside this one; never one that lies elsewhere."""
            path = Path(self.root, name).parent / other
            if ".." in Path(other).parts or Path(other).is_absolute() or not path.is_file():
                return None
            return Charged(_Closing(path), self.purse)

        return beside


class _Closing:
    """A file that is opened for each read: few are read beside another, and nobody closes them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size_bytes = path.stat().st_size

    def read(self, offset: int, count: int) -> bytes:
        with FileBytes(self._path) as data:
            return data.read(offset, count)


class _Glanced:
    """Small pickles, judged while their folder is listed.

    A folder of data holds thousands of one form: to ask the system for the size of each takes half as long
    as to read it, and a worker longer to hand over what it found.
    """

    def __init__(self, files: _Files, most_effort: int | None) -> None:
        """most_effort: beyond it nothing more is looked at, for a survey will be made."""
        self.items: list[Inspection] = []
        self.size_bytes = 0
        self._files = files
        self._most = most_effort
        self._seconds = _FIRST_SECONDS
        self._others = 0
        self._over = files.purse is not None

    @property
    def effort(self) -> int:
        """What was spent, counted as `_few` does."""
        return self.size_bytes + _FILE_BYTES * len(self.items)

    def left(self, within: Within, folder: str, names: list[str]) -> list[str]:
        """Judge what can be told at a glance of one folder's files. Returns the names of the others."""
        if self._over:
            return names
        left: list[str] = []
        more = iter(names)
        items, read, policy = self.items, within.read, self._files.policy
        prefix = self._files.prefix + folder
        for name in more:
            whole = read(name, SMALL_BYTES)
            item = None
            if whole is not None and whole[:1] == PROTO:
                item = glance(whole, prefix + name, policy=policy) or self._closely(whole, folder, name)
            if item is not None and whole is not None:
                items.append(item)
                self.size_bytes += len(whole)
                continue
            left.append(name)
            self._others += 1
            if self._others > len(items) + _SEVERAL or self._beyond():
                self._over = True  # not such a folder
                break
        return [*left, *more]

    def _beyond(self) -> bool:
        return self._most is not None and self.effort > self._most

    def _closely(self, whole: bytes, folder: str, name: str) -> Inspection | None:
        if self._seconds <= 0:
            return None
        begun = time.thread_time()
        item = self._files.closely(whole, self._files.prefix + folder + name, folder + name)
        self._seconds -= time.thread_time() - begun
        return item

    def listed(self, walk: Walk) -> list[File]:
        """Return what was judged as files of a listing."""
        found: list[File] = []
        for item in self.items:
            name = item.path[len(self._files.prefix) :]
            try:
                told = os.lstat(walk.absolute(name))
            except OSError:
                found.append((name, None, 0.0))
            else:
                found.append((name, told.st_size, told.st_mtime))
        return found
