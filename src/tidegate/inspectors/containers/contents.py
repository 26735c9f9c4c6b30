"""Judges an archive: by the layouts that fit it, and member by member."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Final

from tidegate import plugins
from tidegate.inspectors.containers.archive import Archive, Laid, Layout, Member
from tidegate.inspectors.containers.streams import COMPRESSIONS
from tidegate.inspectors.merge import absorb, fold
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Evidence, Observation
from tidegate.model.severity import Severity
from tidegate.records import replace

_MODEL_NAMES: Final = re.compile(
    r"\.(?:p|pkl|pickle|joblib|dill|pt|pth|ckpt|bin|model|npy|npz|keras|h5|pb|mar|nemo|skops|zip|tar|gz|rds)\Z",
    re.IGNORECASE,
)
_ARCHIVES: Final = frozenset(("zip", "tar", "7z", *(each.id for each in COMPRESSIONS)))
_SMALL_BYTES: Final = 1 << 16
"""Members up to this size are taken as they lie, not by size: neighbours are read at once."""
_GLANCED_BYTES: Final = 4096
_MANY: Final = 2000
_HURRIED: Final = 0.5
"""Behind so many members, or with this share of the time left, those with dull names are only glanced at, so
that all are seen. No text is searched for secrets any more by then."""
_LAST: Final = 0.04
"""Share of the time that is kept for telling what was found."""
_MOST_SIBLINGS: Final = 64
"""Opened for the members of one archive; each may hold its unpacked bytes."""


@cache
def layouts() -> tuple[Layout, ...]:
    """Return the kinds of model files that are archives, the most certain first."""
    found = plugins.load(Layout, "tidegate.inspectors.layouts")
    return tuple(sorted(found.values(), key=lambda each: (each.order, each.id)))


def judge_archive(archive: Archive, context: Context) -> Judgement:
    """Judge what is in it. What cannot be read any more makes it incomplete; what was found stays."""
    whole = Judgement(archive.kind, model=False)
    unseen = 0
    try:
        fitting = [each for each in layouts() if each.fits(archive)]
        parts = replace(context, inside=None if context.inside is None else context.inside.models())
        laid = [
            _lay(each, archive, context if getattr(each, "holds_items", False) else parts) for each in fitting
        ]
        unseen = _members(whole, archive, laid, context)
        for each in laid:
            absorb(whole, each.judgement)
        if laid:
            whole.kind = laid[0].judgement.kind
        models = [each.judgement.kind for each in laid if each.judgement.model]
        if len(models) > 1:
            whole.observations.append(_several(models))
    except OverBudgetError as error:
        whole.observations.append(unfinished(archive.kind, str(error)))
        whole.complete = False
    absorb(whole, archive.judgement)
    whole.model = whole.model or not whole.complete
    if unseen:
        whole.observations.append(_left(archive, unseen, context))
        whole.complete = False  # which makes it no model: models are judged first, by their names
    return whole


def judge_member(
    archive: Archive, member: Member, context: Context, *, siblings: bool = True
) -> Judgement | None:
    """Judge one member by what it is; `None`: no model file.

    Raises what reading raises but `OverBudgetError`: `Context.inside` makes a judgement of that.
    """
    if context.inside is None:
        return None
    with ExitStack() as stack:
        beside = _siblings(archive, member, stack) if siblings else None
        data = stack.enter_context(archive.open(member))
        found = context.inside(data, member.name, beside)
    archive.settle(member, model=found is not None and (found.model or found.kind in _ARCHIVES))
    return found


def unfinished(inspector: str, why: str) -> Observation:
    """Say why not everything was looked at."""
    return Observation(
        inspector=inspector,
        kind="not_complete",
        severity=Severity.MEDIUM,
        summary=f"not judged whole: {why}",
    )


def _lay(layout: Layout, archive: Archive, context: Context) -> Laid:
    try:
        return layout.judge(archive, context)
    except OverBudgetError as error:
        return Laid(Judgement(layout.id, complete=False, observations=[unfinished(layout.id, str(error))]))


def _members(whole: Judgement, archive: Archive, laid: list[Laid], context: Context) -> int:
    """Judge the members that no layout has judged: models and keys by their names first, then the small ones.

    Returns how many with dull names were not opened, as the time was over. Names decide nothing here but what
    comes first, should there be more than the budget allows.
    """
    passed = set().union(*(each.taken for each in laid))
    models = [each for each in laid if each.judgement.model]
    if len(models) == 1:
        passed |= models[0].passive
    elif not models:
        passed |= set().union(*(each.passive for each in laid))
    rest = [each for each in archive.members if each not in passed]
    grave = {each for each in rest if _MODEL_NAMES.search(each.name) or not _dull(each.name)}
    if archive.kind != "7z":
        rest.sort(key=lambda each: _turn(each, grave))
    data = Judgement("data", model=False)
    meter, glanced = context.meter, 0
    try:
        for number, member in enumerate(rest):
            if not models and member not in grave:
                left = meter.seconds_left / meter.budget.seconds
                if left < _LAST:
                    return len(rest) - number
                if (number >= _MANY or left < _HURRIED) and _dull_text(archive, member):
                    glanced += 1
                    continue
            meter.check()
            found = judge_member(archive, member, context)
            if found is not None:
                absorb(whole if found.model else data, found, member.name)
    finally:
        # What is no model says nothing of whether the models were judged whole.
        whole.broken |= data.broken
        whole.complete &= data.complete
        whole.evidence = max(whole.evidence, data.evidence, key=list(Evidence).index)
        whole.observations += fold(data.observations)
        if glanced:
            whole.observations.append(_only_glanced(archive, glanced))
    return 0


def _turn(member: Member, grave: set[Member]) -> tuple[bool, bool, int, int]:
    """Return when a member is judged: what loads code, what is grave by its name, the small, the large."""
    size = 0 if member.size_bytes <= _SMALL_BYTES else member.size_bytes
    return not _MODEL_NAMES.search(member.name), member not in grave, size, member.offset


def _dull_text(archive: Archive, member: Member) -> bool:
    """Tell whether all of a member is a text without a mark of any kind that is worth telling."""
    if not 0 < member.size_bytes <= _GLANCED_BYTES:
        return False
    with archive.open(member) as data:
        text = data.read(0, _GLANCED_BYTES)
    return _is_dull()(text, member.name)


@cache
def _is_dull() -> Callable[[bytes, str], bool]:
    from tidegate.inspectors.data._prose import is_dull  # noqa: PLC0415 - only many members need it

    return is_dull


def _only_glanced(archive: Archive, count: int) -> Observation:
    return Observation(
        inspector=archive.kind,
        kind="not_sampled",
        severity=Severity.INFO,
        summary=f"{count:,} of its {len(archive.members):,} members were only searched for marks of keys, "
        "models, tables and mail: they are texts without any",
    )


def _left(archive: Archive, count: int, context: Context) -> Observation:
    return unfinished(
        archive.kind,
        f"it takes more than {context.meter.budget.seconds:g} seconds; {count:,} of its "
        f"{len(archive.members):,} members were not opened: by their names they are neither models nor keys",
    )


def _dull(name: str) -> bool:
    """Tell whether a name promises nothing of the gravest kinds."""
    from tidegate.kinds.names import kind_of  # noqa: PLC0415 - no model file needs its rules

    return kind(kind_of(name)).severity.rank < Severity.HIGH.rank


def _siblings(archive: Archive, member: Member, stack: ExitStack) -> Callable[[str], Readable | None] | None:
    folder = member.name.rsplit("/", 1)[0] + "/" if "/" in member.name else ""
    left = _MOST_SIBLINGS

    def open_beside(name: str) -> Readable | None:
        nonlocal left
        wanted = folder + name
        found = next((each for each in reversed(archive.members) if each.name == wanted), None)
        left -= 1
        return None if found is None or left < 0 else stack.enter_context(archive.open(found))

    return None if archive.kind == "7z" else open_beside


def _several(kinds: list[str]) -> Observation:
    return Observation(
        inspector="archive",
        kind="several_formats",
        severity=Severity.MEDIUM,
        summary=f"can be read as {', '.join(kinds)}: which one it is depends on the loader, all were judged",
    )
