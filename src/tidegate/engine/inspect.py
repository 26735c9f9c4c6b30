"""Looking into items, on disk or behind a link: which there are, and one after the other what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from tidegate.engine.shard import error_words
from tidegate.engine.texts import texts
from tidegate.errors import SourceError
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, FileBytes, Readable
from tidegate.inspectors.texts import Texts
from tidegate.model.contents import Contents
from tidegate.model.document import Tally
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection
from tidegate.model.report import Coverage, Gap
from tidegate.sources.folders import Walk
from tidegate.version import VERSION

_SEVERAL = 64
"""Files from which on workers are worth their start."""

_SMALL_BYTES = 256 << 10

Looked = tuple[list[Inspection], list[Gap]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectPlan:
    """What one run is asked to look into."""

    targets: tuple[str, ...]
    jobs: int
    policy: frozenset[str] = frozenset()
    """Names that are added to the allow list of callables."""
    exclude: tuple[str, ...] = ()
    cache_dir: Path | None = None
    """Where compiled rules are kept from run to run."""
    progress: Callable[[Coverage], None] | None = None


class Elsewhere(Protocol):
    """Looks into targets that are storage."""

    @property
    def contents(self) -> Sequence[Contents]:
        """What lies behind each target that was looked into."""
        ...

    def look(self, target: str) -> Iterator[Looked]:
        """Look into what the target reaches, a page at a time."""
        ...

    def said(self, target: str) -> str:
        """Return how a report names the target: without its secret."""
        ...


def inspect(plan: InspectPlan, elsewhere: Elsewhere | None = None) -> Inspected:
    """Look into everything below the targets. Raises only `TidegateError`.

    elsewhere: looks into targets that are storage; without it they are taken for paths.
    """
    from tidegate.sources.targets import is_storage  # noqa: PLC0415 - late, as it is needed

    started = datetime.now(UTC)
    tally = Tally()
    items: list[Inspection] = []
    shown: list[str] = []
    for target in plan.targets:
        if elsewhere is not None and is_storage(target):
            shown.append(elsewhere.said(target))
            results = elsewhere.look(target)
        else:
            shown.append(target)
            results = _local(target, plan, tally)
        for found, gaps in results:
            items += found
            tally.gaps += gaps
            tally.coverage.items_read += len(found)
            tally.coverage.bytes_read += sum(item.bytes_read for item in found)
            if plan.progress is not None:
                plan.progress(tally.coverage)
    items.sort(key=lambda item: (-item.severity.rank, -(item.verdict.rank if item.verdict else 0), item.path))
    return Inspected(
        version=VERSION,
        started_at=started,
        ended_at=datetime.now(UTC),
        targets=tuple(shown),
        items=tuple(items),
        gaps=tuple(tally.gaps),
        coverage=tally.coverage,
        contents=() if elsewhere is None else tuple(elsewhere.contents),
    )


def _local(target: str, plan: InspectPlan, tally: Tally) -> Iterator[Looked]:
    path = Path(target)
    if not path.exists():
        raise SourceError(f"{target}: no such file or folder")
    walk = Walk(target, gitignore=False, exclude=plan.exclude, skip_git=False, skip_git_texts=False)
    prefix = "" if path.is_file() else target.rstrip("/") + "/"
    shards = [
        [f"{folder}/{name}" if folder else name for folder, names in shard for name in names]
        for shard in walk.shards(plan.jobs, tally)
    ]
    named = _Files(walk.root, prefix, target if path.is_file() else "", plan.policy, texts(plan.cache_dir))
    if plan.jobs > 1 and sum(map(len, shards)) >= _SEVERAL:
        from tidegate.engine.parallel import Workers  # noqa: PLC0415 - 20 ms that a few files do without

        yield from Workers(named.look, named.lost, plan.jobs).map(iter(_even(shards, plan.jobs)))
        return
    for shard in shards:
        yield named.look(shard)


def _even(shards: Sequence[list[str]], jobs: int) -> list[list[str]]:
    """Cut so that the last shard keeps nobody waiting for long."""
    most = max(8, min(128, sum(map(len, shards)) // (jobs * 8)))
    return [shard[at : at + most] for shard in shards for at in range(0, len(shard), most)]


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

    def look(self, names: list[str]) -> Looked:
        """Look into some files: what cannot be opened is a gap."""
        items: list[Inspection] = []
        gaps: list[Gap] = []
        for name in names:
            shown = self.only or self.prefix + name
            try:
                with FileBytes(f"{self.root}/{name}") as file:
                    # A small file is read once and whole; of a large one only what is asked for.
                    block_bytes = _SMALL_BYTES if file.size_bytes <= _SMALL_BYTES else 0
                    data = Counted(file, block_bytes=block_bytes)
                    items.append(self._one(data, shown, name))
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
            return _Closing(path)

        return beside


class _Closing:
    """A file that is opened for each read: few are read beside another, and nobody closes them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size_bytes = path.stat().st_size

    def read(self, offset: int, count: int) -> bytes:
        with FileBytes(self._path) as data:
            return data.read(offset, count)
