"""Looking into items, on disk or behind a link: target after target, and what came of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from tidegate.engine import unnamed
from tidegate.engine.folders import Folders
from tidegate.engine.mask import Mask
from tidegate.errors import OutOfScopeError, SourceError
from tidegate.model.contents import Contents
from tidegate.model.document import Tally
from tidegate.model.going import Going
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection
from tidegate.model.report import Gap
from tidegate.records import dataclass
from tidegate.version import VERSION

Looked = tuple[list[Inspection], list[Gap]]
_PATH = attrgetter("path")


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
    max_read: int | None = None
    """Bytes of the files below one folder that are read at most; what it takes when not given."""
    every: bool = False
    """Every file of a folder is looked into, however many there are."""
    seed: int = 1
    """Of the sample, where one is drawn."""
    progress: Callable[[Going], None] | None = None


class Elsewhere(Protocol):
    """Looks into targets."""

    @property
    def contents(self) -> Sequence[Contents]:
        """What lies behind each target that was looked into."""
        ...

    def look(self, target: str) -> Iterator[Looked]:
        """Look into what the target reaches, a part at a time."""
        ...

    def said(self, target: str) -> str:
        """Return how a report names the target: without its secret."""
        ...


def inspect(plan: InspectPlan, elsewhere: Elsewhere | None = None) -> Inspected:
    """Look into everything below the targets. Raises only `TidegateError`, a refusal after all else is done.

    elsewhere: looks into targets that are storage; without it they are taken for paths.
    """
    from tidegate.sources.targets import is_storage  # noqa: PLC0415 - late, as it is needed

    started = datetime.now(UTC)
    tally = Tally()
    folders = Folders(plan, tally)
    items: list[Inspection] = []
    shown: list[str] = []
    contents: list[Contents] = []
    places: list[str] = []
    refused: OutOfScopeError | None = None
    mask = Mask()  # a target that is no path may be a key by mistake
    for target in plan.targets:
        if elsewhere is not None and is_storage(target):
            shown.append(elsewhere.said(target))
            known, results = elsewhere.contents, elsewhere.look(target)
        else:
            shown.append(mask.text(target))
            known, results = folders.contents, folders.look(target)
        before = len(known)
        try:
            for found, gaps in results:
                items += [unnamed.item(mask, item) for item in found]
                tally.gaps += gaps
                tally.coverage.items_read += len(found)
                tally.coverage.bytes_read += sum(item.bytes_read for item in found)
        except SourceError as why:
            tally.gap("inspect", shown[-1], str(why))
        except OutOfScopeError as why:
            if len(plan.targets) == 1:
                raise
            refused = refused or why
            reason = "not in scope, so that nothing was asked" if why.unnamed else str(why)
            tally.gap("reach", shown[-1], f"{reason}. {why.hint}" if why.hint else reason)
        contents += [unnamed.contents(mask, each) for each in known[before:]]
        places += shown[-1:] * (len(known) - before)
    tally.coverage.items_listed = sum(each.items for each in contents)
    _sort(items)
    inspected = Inspected(
        version=VERSION,
        started_at=started,
        ended_at=datetime.now(UTC),
        targets=tuple(shown),
        items=tuple(items),
        gaps=tuple(map(mask.gap, tally.gaps)),
        coverage=tally.coverage,
        contents=tuple(contents),
        places=tuple(places),
    )
    if refused is not None:
        refused.done = inspected
        raise refused
    return inspected


def _sort(items: list[Inspection]) -> None:
    """Sort by how bad they are, then by path: most are equally bad, and need not be asked twice."""
    items.sort(key=_PATH)
    first = items[0] if items else None
    if first and any(
        each.severity is not first.severity or each.verdict is not first.verdict for each in items
    ):
        items.sort(key=lambda item: (-item.severity.rank, -(item.verdict.rank if item.verdict else 0)))
