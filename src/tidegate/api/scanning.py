"""Finding and decoding; offline, unless a way out is given."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tidegate.detect.rules import load_rules
from tidegate.engine import run as engine
from tidegate.errors import UsageError
from tidegate.model.baseline import Baseline
from tidegate.model.going import Going
from tidegate.model.grant import Grant
from tidegate.model.report import Coverage, Report
from tidegate.net.message import Sends
from tidegate.sources.targets import Wanted

if TYPE_CHECKING:
    from tidegate.engine.ask import Online
    from tidegate.engine.contents import Lister


def scan(
    targets: str | Sequence[str],
    *,
    jobs: int | None = None,
    history: bool = True,
    staged: bool = False,
    gitignore: bool = False,
    exclude: Sequence[str] = (),
    containers: bool = True,
    rules: Sequence[Path] = (),
    baseline: Baseline | None = None,
    include_suppressed: bool = False,
    cache_dir: Path | None = None,
    stdin: BinaryIO | None = None,
    progress: Callable[[Coverage], None] | None = None,
    now: datetime | None = None,
    net: Sends | None = None,
    contents: bool = True,
    inspect: bool = True,
    max_read: int | None = None,
    seed: int = 1,
    going: Callable[[Going], None] | None = None,
) -> Report:
    """Find links, tokens and keys in repositories, folders, archives and pages; offline without `net`.

    targets: paths, addresses of git repositories, or `-` for `stdin`.
    jobs: worker processes; as many as there are cores when not given.
    history: of a repository read every object, not only the work tree.
    staged: of a repository read what is staged, and nothing else.
    containers: open archives, documents and images; else only their own bytes are read.
    rules: TOML files, or folders of them, beside the built-in rules.
    cache_dir: where rules and compiled patterns are kept between runs; nowhere when not given.
    progress: called with the counts so far, in the caller's thread.
    now: the instant against which validity is judged, aware; the clock when not given.
    net: with it, what is found is also asked about, as far as the scope of `net` goes: whether it is open,
    and, with `contents`, how much lies behind it; with `inspect` what that is, reading `max_read` bytes of
    items at most for each credential (256 MiB when not given). Links and addresses of storage may then be
    targets too. seed: draws another sample of items. going: called with how far listing and reading are.

    What cannot be read ends as a gap in the report. Raises `UsageError` when there is nothing to read in a
    target's very form, and `ConfigError` for a wrong rule.
    """
    instant = now or datetime.now(UTC)
    lists = None
    if net is not None and contents:
        most = (max_read or 0) if inspect else None
        lists = _lister(net, instant, most=most, seed=seed, cache_dir=cache_dir, going=going)
    wanted = Wanted(
        history=history,
        gitignore=gitignore,
        exclude=tuple(exclude),
        containers=containers,
        stdin=stdin,
        staged=staged,
    )
    return engine.run(
        engine.Plan(
            targets=_named(targets),
            rules=load_rules(rules, cache_dir),
            wanted=wanted,
            jobs=jobs or len(os.sched_getaffinity(0)),
            now=instant,
            cache_dir=cache_dir,
            online=None if net is None else _online(net, instant, lists),
            baseline=baseline,
            include_suppressed=include_suppressed,
            progress=progress,
        )
    )


def _named(targets: str | Sequence[str]) -> tuple[str, ...]:
    named = (targets,) if isinstance(targets, str) else tuple(targets)
    if not named:
        raise UsageError("no target given", hint="Name a repository, a folder or a file.")
    return named


def _online(net: Sends, now: datetime, lists: Lister | None) -> Online:
    """Return what asks about what is found."""
    from tidegate.engine.ask import Online  # noqa: PLC0415 - an offline scan does without

    return Online(net, now, lists=lists)


def _lister(
    net: Sends,
    now: datetime,
    *,
    most: int | None,
    seed: int,
    cache_dir: Path | None,
    going: Callable[[Going], None] | None,
) -> Lister:
    """Return what lists what is open. most: bytes of items that are read, 0 as usual; `None`: none is."""
    from tidegate.engine.contents import Lister  # noqa: PLC0415 - an offline scan does without what inspects
    from tidegate.engine.survey import MAX_READ, SurveyPlan  # noqa: PLC0415

    survey = None
    if most is not None:
        survey = SurveyPlan(max_read=most or MAX_READ, seed=seed, cache_dir=cache_dir)
    return Lister(net, now, survey=survey, going=going, cache_dir=cache_dir)


def decode(text: str, *, now: datetime | None = None, cache_dir: Path | None = None) -> Grant | None:
    """Return what a link, token or key grants, or `None` when none is recognised in the text. Offline.

    Of several the first one that is secret; a plain address only when there is nothing else.
    """
    return next(engine.decode(text, load_rules((), cache_dir), now or datetime.now(UTC), cache_dir), None)
