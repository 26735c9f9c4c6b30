"""What lies behind a credential or below a folder, from its whole inventory, reading almost nothing.

First what can be counted: every item with a risky name and both ends of everything from 1 GiB on, as far as a
cap goes. Then a sample of the rest, drawn evenly in bands of risk: a pilot, an allocation, and one interval.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from tidegate.engine.looked import Looked, holds
from tidegate.engine.places import ChangedError, Place, Reads, Row
from tidegate.engine.purse import BLOCK_BYTES, END_BYTES, Paid, Purse, SharedPurse
from tidegate.engine.tell import ESTIMATED, contents_of
from tidegate.engine.texts import texts
from tidegate.engine.why import error_words
from tidegate.errors import (
    BudgetError,
    ConfigError,
    NoAnswerError,
    OutOfScopeError,
    RefusedError,
    RequestError,
)
from tidegate.inspectors.look import data_kinds, formats, look
from tidegate.inspectors.readable import Readable
from tidegate.model.contents import Contents, Estimate
from tidegate.model.counting import many
from tidegate.model.going import Going
from tidegate.model.observation import Inspection
from tidegate.model.report import Gap

if TYPE_CHECKING:
    from tidegate.engine.parallel import Ready
    from tidegate.inventory.sampling.bands import Band
    from tidegate.inventory.sampling.frame import Frame

AT_ONCE: Final = 48
"""Items looked into at the same time: each waits for its answers, bound by the scope's requests a second."""
MAX_READ: Final = 256 << 20
ASIDE_BYTES: Final = 256 << 10
"""Set aside for an item before it is begun, so that what is begun is never cut short for what others took."""
MOST_BYTES: Final = 32 << 20
"""Of one item."""
SEED: Final = 1
_NAMED_GAPS: Final = 5
"""Items named in gaps of one reason; beyond it they are counted."""
_COPIES: Final = 16
_GONE: Final = 404
_STORE_FILE: Final = re.compile(r"(?:CURRENT|MANIFEST-\d{6,20}|\d{6,20}\.(?:ldb|sst|log))\Z")
_BUNDLE: Final = (".sparsebundle/Info.plist", ".backupbundle/Info.plist")
_SILENT: Final = 200
"""Items in a row that got no answer, after which the service is not asked any further."""
_MODELS: Final = 200_000
"""Of one folder, where all of them are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyPlan:
    """What one survey may cost, and how it draws."""

    max_read: int = MAX_READ
    """Bytes of items; never passed. Listing is not among them."""
    seed: int = SEED
    policy: frozenset[str] = frozenset()
    """Names that are added to the allow list of callables."""
    at_once: int = AT_ONCE
    processes: int = 1
    """That look into items, each into one at a time; 1: threads of this process, `at_once` of them.
    For places of this machine, where nobody waits for answers."""
    most: int = MOST_BYTES
    """Of one item."""
    every_model: bool = False
    """Model files are judged before anything else, and all of them."""
    cache_dir: Path | None = None
    """Where compiled rules are kept from run to run."""


@dataclass(slots=True)
class Surveyed:
    """What came of it."""

    items: list[Inspection]
    contents: Contents
    gaps: list[Gap]


@dataclass(slots=True)
class _Tally:
    """Of one band: how many were drawn and read, and what they held."""

    read: int = 0
    unknown: int = 0
    gone: int = 0
    bytes_read: int = 0
    hits: Counter[str] = field(default_factory=Counter)


class _Silence(str):
    """Why an item got no answer that could be used. A refusal is none of these."""

    __slots__ = ()


_Task = tuple[Row, int]
"""An item, and how many bytes of the purse it must leave."""
_Result = Inspection | str | None
"""What it is, or why it could not be read; `None` when it was not begun."""


class Survey:
    """Looks into the items of one place."""

    def __init__(
        self,
        place: Place,
        plan: SurveyPlan | None = None,
        progress: Callable[[Going], None] | None = None,
    ) -> None:
        """progress: called after each item, in the thread of `go`."""
        self._place = place
        self._plan = plan or SurveyPlan()
        self._progress = progress
        self._planned = 0
        """Items that are to be looked into, as far as that is decided."""
        # Two thirds for the first look at each, one third for those that need more to be judged.
        kind = SharedPurse if self._plan.processes > 1 else Purse
        self._deep = kind(self._plan.max_read // 3)
        self._first = kind(self._plan.max_read - self._deep.total)
        self._aside = min(ASIDE_BYTES, max(2 * END_BYTES, self._first.total // 8))
        self._stopped = ""
        """Why nothing more can be asked for."""
        self._silent = 0
        """Items in a row that got no answer."""
        self._fatal: BaseException | None = None
        self._looked: list[Looked] = []
        self._gaps: list[Gap] = []
        self._unread: defaultdict[str, list[str]] = defaultdict(list)
        self._tallies: defaultdict[int, _Tally] = defaultdict(_Tally)
        self._taken: Counter[int] = Counter()
        """Band -> how many of its draw came to an end, read or not to be read."""
        self._begun: Counter[int] = Counter()
        """Band -> how far its draw was gone through."""
        self._workers: Ready[_Result] | None = None
        if self._plan.processes > 1:
            from tidegate.engine.parallel import Ready  # noqa: PLC0415 - 20 ms that most runs do without

            texts(self._plan.cache_dir)  # once, before workers are forked
            data_kinds(), formats()
            self._workers = Ready(self._several, _lost, self._plan.processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what `processes` asked for."""
        if self._workers is not None:
            self._workers.close()

    def go(self, file: Path, names: Contents) -> Surveyed:
        """Look into the items of an inventory. names: what their names alone tell.

        What cannot be read is a gap. Raises `OutOfScopeError` when nothing may be asked, and `ConfigError`
        when requests can no longer be recorded.
        """
        from tidegate.inventory.sampling.bands import Band  # noqa: PLC0415 - Polars, 0.3 s
        from tidegate.inventory.sampling.frame import frame  # noqa: PLC0415

        more = {int(Band.MODELS): _MODELS} if self._plan.every_model else None
        drawn = frame(
            file, account=self._place.salt, seed=self._plan.seed, most=more, cache_dir=self._plan.cache_dir
        )
        self._census(drawn)
        self._sample(drawn)
        estimates = self._estimates(drawn)
        self._tell_gaps(drawn)
        # What was asked for and did not come is paid for, and was not read.
        bytes_read = sum(each.item.bytes_read for each in self._looked)
        contents = contents_of(names, self._looked, estimates, bytes_read, empty=drawn.count(Band.EMPTY))
        return Surveyed([each.item for each in self._looked], contents, self._gaps)

    # --- What is read, in which order ---------------------------------------------------------------------

    def _census(self, drawn: Frame) -> None:
        """Read bands of which all is wanted, the most telling first; each has its part of the bytes."""
        from tidegate.inventory.sampling.bands import CENSUS, Band  # noqa: PLC0415

        part = self._first.total * 2 // 5
        wanted = [
            (band, min(cap, drawn.count(band)), part)
            for band, cap in CENSUS.items()
            if drawn.count(band) <= cap or band.name in ("RISKY", "LARGE")
        ]
        if self._plan.every_model:
            others = [each for each in wanted if each[0] is not Band.MODELS]
            wanted = [(Band.MODELS, min(_MODELS, drawn.count(Band.MODELS)), self._first.total), *others]
        self._planned += sum(count for _, count, _ in wanted)
        for band, count, until in wanted:
            self._read(drawn, band, count, until=until)

    def _sample(self, drawn: Frame) -> None:
        from tidegate.inventory.sampling.allocation import allocate, pilot, within  # noqa: PLC0415
        from tidegate.inventory.sampling.bands import READ  # noqa: PLC0415
        from tidegate.inventory.sampling.intervals import Stratum  # noqa: PLC0415

        bands = [band for band in READ if self._taken[band] < drawn.count(band) and band.name != "LARGE"]
        if not bands:
            return
        counts = [drawn.count(band) for band in bands]
        if sum(counts) <= self._affordable(drawn, bands):
            first = counts
        else:
            first = within(pilot(counts), max(0, self._affordable(drawn, bands) // 2))
        self._round(drawn, dict(zip(bands, first, strict=True)))
        seen = [self._stratum(drawn, band, "credentials") for band in bands]
        most = sum(each.read for each in seen) + self._affordable(drawn, bands)
        left = [Stratum(each.items - each.unknown, each.read, each.hits) for each in seen]
        self._round(drawn, dict(zip(bands, allocate(left, most=most), strict=True)))

    def _affordable(self, drawn: Frame, bands: Sequence[Band]) -> int:
        """Return how many more items can be begun: by what items of these bands took so far."""
        read = sum(self._tallies[band].read for band in bands)
        took = sum(self._tallies[band].bytes_read for band in bands)
        if read:
            mean = took / read
        else:
            items = sum(drawn.count(band) for band in bands)
            whole = sum(drawn.bytes(band) for band in bands) / items
            mean = min(whole, BLOCK_BYTES)
        return int(max(0, self._first.left - self._aside) / max(1.0, mean))

    def _round(self, drawn: Frame, counts: dict[Band, int]) -> None:
        held = {band: drawn.draw.drawn(int(band)).height for band in counts}
        more = {band: max(0, min(count, held[band]) - self._taken[band]) for band, count in counts.items()}
        self._planned = len(self._looked) + sum(more.values())
        for band, count in more.items():
            self._read(drawn, band, count)

    def _read(self, drawn: Frame, band: Band, count: int, *, until: int | None = None) -> None:
        """Read so many more of a band, in the order of its draw. until: bytes it may take of the purse."""
        begun = self._begun[band]
        rows = drawn.draw.drawn(int(band))[begun : begun + max(0, count)].to_dicts()
        if not rows or self._stopped:
            return
        floor = 0 if until is None else max(0, self._first.left - until)
        groups = _same(rows, trusted=band.name not in ("RISKY", "LARGE", "MODELS"))
        pool = ThreadPoolExecutor(self._plan.at_once, thread_name_prefix="inspect")  # starts none by itself
        try:
            for at in range(0, len(groups), 512):
                part = groups[at : at + 512]
                self._begun[band] += sum(map(len, part))
                short = False
                results = self._results([(group[0], floor) for group in part], pool)
                for group, result in zip(part, results, strict=True):
                    self._take(int(band), group, result)
                    short = short or result is None
                    if self._progress is not None:
                        self._progress(self._going())
                if self._fatal is not None:
                    raise self._fatal
                if short:
                    return
        finally:
            # Interrupted, nobody waits for what is under way: whoever closes the network breaks it off.
            pool.shutdown(wait=False, cancel_futures=True)

    def _results(self, tasks: list[_Task], pool: ThreadPoolExecutor) -> Iterator[_Result]:
        if self._workers is not None:
            return self._workers.map(tasks)
        return pool.map(lambda task: self._one(*task), tasks)

    def _several(self, tasks: list[_Task]) -> list[_Result]:
        """Look into a few items, in a worker."""
        results = [self._one(*task) for task in tasks]
        if self._fatal is not None:
            raise self._fatal
        return results

    def _going(self) -> Going:
        read = self._plan.max_read - self._deep.left - self._first.left
        return Going(
            done=len(self._looked), planned=self._planned, bytes=read, most_bytes=self._plan.max_read
        )

    def _take(self, band: int, group: list[Row], result: _Result) -> None:
        tally = self._tallies[band]
        if result is None:
            return
        self._taken[band] += len(group)
        self._silent = self._silent + 1 if isinstance(result, _Silence) else 0
        if self._silent >= _SILENT and not self._stopped:
            self._stopped = f"{self._silent:,} items in a row got no answer that could be used"
        if isinstance(result, str):
            result = str(result)
            for row in group:
                self._unread[result].append(self._place.path(row))
            gone = result == _GONE_WORDS
            tally.gone += len(group) if gone else 0
            tally.unknown += 0 if gone else len(group)
            return
        tally.read += len(group)
        tally.bytes_read += result.bytes_read
        for kind in holds(result):
            tally.hits[kind] += len(group)
        for number, row in enumerate(group):
            item = replace(result, path=self._place.path(row), bytes_read=0) if number else result
            self._looked.append(Looked(item, row["kind"], row["size_bytes"] or 0))

    # --- One item -----------------------------------------------------------------------------------------

    def _one(self, row: Row, floor: int) -> _Result:
        """Return what it is, or why it could not be read; `None` when it was not begun."""
        size = row["size_bytes"]
        if self._stopped or self._fatal is not None:
            return None
        aside = min(self._aside, BLOCK_BYTES if size is None else size)
        if self._first.left - aside < floor or not self._first.take(aside):
            return None
        opened: list[Paid] = []
        try:
            try:
                return self._look(row, self._place.reads(row), size, aside, opened)
            except ChangedError:  # once more, as it is now
                return self._look(row, self._place.reads(row), None, aside, opened)
        except OutOfScopeError as why:
            if not why.unnamed:  # a name that no address can hold, say: the others may be asked for
                return f"it cannot be asked for: {why}"
            self._fatal = why
            return None
        except ConfigError as why:
            self._fatal = why
            return None
        except BudgetError as why:
            self._stopped = str(why)
            return None
        except RefusedError as why:
            return _GONE_WORDS if why.status == _GONE else str(why)
        except ChangedError as why:
            return str(why)
        except NoAnswerError as why:
            return _Silence(why)
        except RequestError as why:
            return str(why)
        except Exception as why:  # noqa: BLE001 - one item must not end the run
            return error_words(why)
        finally:
            self._first.give(max(0, opened[0].aside) if opened else aside)

    def _look(self, row: Row, reads: Reads, size: int | None, aside: int, opened: list[Paid]) -> Inspection:
        """Look into one item. size: as it was listed; `None` asks for it.

        opened: gets what was opened for it. Raises `ChangedError` when it is no longer what was listed.
        """
        reads.size_bytes = size = self._unsized(reads) if size is None else size
        if opened:  # what the first attempt left
            aside, opened[0].aside = opened[0].aside, 0
        data = Paid(size, reads, aside=aside, more=self._deep, most=self._plan.most)
        opened.insert(0, data)
        beside = self._beside(row, opened)
        item = look(
            data,
            self._place.path(row),
            policy=self._plan.policy,
            texts=texts(self._plan.cache_dir),
            siblings=beside,
        )
        return replace(item, bytes_read=sum(each.bytes_read for each in opened))

    def _beside(self, row: Row, opened: list[Paid]) -> Callable[[str], Readable | None] | None:
        """Return what opens the files beside one of a store or a bundle, which is judged as one; else `None`.

        opened: gets what was opened; it is paid for like any second look.
        """
        wanted = _STORE_FILE.match(row["name"].rpartition("/")[2]) or row["name"].endswith(_BUNDLE)
        find = self._place.beside(row) if wanted else None
        if find is None:
            return None

        def beside(name: str) -> Readable | None:
            found = find(name)
            if found is None or found["size_bytes"] is None:
                return None
            paid = Paid(
                found["size_bytes"],
                self._place.reads(found),
                aside=0,
                more=self._deep,
                most=self._plan.most,
            )
            opened.append(paid)
            return paid

        return beside

    @staticmethod
    def _unsized(reads: Reads) -> int:
        """Return how long an item is that was listed without a size, or with another one than it has."""
        size = len(reads(0, BLOCK_BYTES))
        if reads.size_bytes is None and size == BLOCK_BYTES:
            raise NoAnswerError("the service does not say how long it is")
        return size if reads.size_bytes is None else reads.size_bytes

    # --- What it says of all ------------------------------------------------------------------------------

    def _stratum(self, drawn: Frame, band: Band, kind: str) -> Any:
        from tidegate.inventory.sampling.intervals import Stratum  # noqa: PLC0415

        tally = self._tallies[band]
        items = max(drawn.count(band) - tally.gone, tally.read + tally.unknown)
        return Stratum(items, tally.read, tally.hits[kind], tally.unknown)

    def _estimates(self, drawn: Frame) -> tuple[Estimate, ...]:
        from tidegate.inventory.sampling.bands import READ, Band  # noqa: PLC0415
        from tidegate.inventory.sampling.intervals import Stratum, share  # noqa: PLC0415

        empty = drawn.count(Band.EMPTY)
        found = []
        for kind in ESTIMATED:
            strata = [self._stratum(drawn, band, kind) for band in READ]
            strata.append(Stratum(empty, empty, 0))
            told = share(strata)
            hits, read = sum(each.hits for each in strata), sum(each.read for each in strata) - empty
            items = sum(each.items for each in strata)
            if not read or (not hits and all(each.whole for each in strata)):
                continue
            took = sum(tally.bytes_read for tally in self._tallies.values())
            found.append(
                Estimate(
                    kind=kind,
                    items=items,
                    read=read,
                    hits=hits,
                    bytes_read=took,
                    least=told.least,
                    most=told.most,
                )
            )
        return tuple(found)

    def _tell_gaps(self, drawn: Frame) -> None:
        from tidegate.inventory.sampling.bands import READ, Band  # noqa: PLC0415

        for reason, paths in sorted(self._unread.items()):
            if len(paths) <= _NAMED_GAPS:
                self._gaps += [Gap(stage="inspect", subject=path, reason=reason) for path in paths]
            else:
                subject = f"{many(len(paths), 'item')}, the first of them {paths[0]}"
                self._gaps.append(Gap(stage="inspect", subject=subject, reason=reason))
        if archived := drawn.count(Band.UNREADABLE):
            reason = (
                "archived by the service or deleted, so that nobody can read it as it is: unknown, not clean"
            )
            self._gaps.append(Gap(stage="inspect", subject=many(archived, "item"), reason=reason))
        unread = sum(drawn.count(band) - self._taken[band] for band in READ)
        if unread:
            why = self._stopped or "a sample was drawn, and estimates stand for the rest"
            large = drawn.count(Band.LARGE) - self._taken[Band.LARGE]
            risky = drawn.count(Band.RISKY) - self._taken[Band.RISKY]
            names = "a risky name" if risky == 1 else "risky names"
            named = [f"{risky:,} of them with {names}"] if risky else []
            named += [f"{large:,} of 1 GiB or more"] if large else []
            more = f"; {', '.join(named)}: raise --max-read to read more" if named else ""
            self._gaps.append(
                Gap(
                    stage="inspect",
                    subject=f"{unread:,} of {many(drawn.items, 'item')}",
                    reason=f"not read: {why}{more}",
                )
            )


_GONE_WORDS: Final = "gone between listing and reading"


def _lost(task: _Task, why: str) -> _Result:
    """Return what stands for an item whose worker died of it."""
    del task
    return why


def _same(rows: Sequence[Row], *, trusted: bool) -> list[list[Row]]:
    """Put items together that are equal by the service's word: one of them is read for all.

    trusted: a digest may be told by who uploaded it, so where somebody could gain by a lie nothing is taken
    on it; and never for more than a few.
    """
    groups: dict[Any, list[Row]] = {}
    for number, row in enumerate(rows):
        key = (row["md5"], row["size_bytes"], row["kind"]) if trusted and row["md5"] else number
        group = groups.get(key)
        if group is None or len(group) >= _COPIES:
            groups[key] = [row]
            if group is not None:
                groups[number] = group
        else:
            group.append(row)
    return list(groups.values())
