"""Judging model files without loading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tidegate.engine.inspect import InspectPlan
from tidegate.engine.inspect import inspect as engine_inspect
from tidegate.model.going import Going
from tidegate.model.inspected import Inspected
from tidegate.net.message import Sends


def inspect(
    targets: str | Path | Sequence[str | Path],
    *,
    jobs: int | None = None,
    policy: Iterable[str] = (),
    exclude: Sequence[str] = (),
    net: Sends | None = None,
    cache_dir: Path | None = None,
    progress: Callable[[Going], None] | None = None,
    now: datetime | None = None,
    max_read: int | None = None,
    every: bool = False,
    seed: int = 1,
) -> Inspected:
    """Judge model files without loading them: what would run if somebody did.

    targets: files and folders; with `net` also links and addresses of storage, of which only what is needed
    is read, by ranges.
    max_read: bytes that are read at most of what lies below one folder or behind one link. When it is not
    given, 256 MiB behind a link; of a folder what it takes, as long as every file is a matter of minutes.
    every: look into every file of a folder, however many there are; else a survey is made of a large one: of
    every model, every risky name, and a sample of the rest.
    seed: draws another sample.
    policy: exact names that are allowed besides ours, e.g. `mypackage.models.Net`.

    A path that is not there is a gap. Raises what `probe` raises for storage.
    """
    named = (targets,) if isinstance(targets, str | Path) else tuple(targets)
    plan = InspectPlan(
        targets=tuple(map(str, named)),
        jobs=jobs or len(os.sched_getaffinity(0)),
        policy=frozenset(policy),
        exclude=tuple(exclude),
        cache_dir=cache_dir,
        progress=progress,
        max_read=max_read,
        every=every,
        seed=seed,
    )
    if net is None:
        return engine_inspect(plan)
    from tidegate.detect.rules import load_rules  # noqa: PLC0415 - not needed for files on disk
    from tidegate.engine.behind import Behind  # noqa: PLC0415
    from tidegate.engine.survey import MAX_READ, SurveyPlan  # noqa: PLC0415

    instant = now or datetime.now(UTC)
    survey = SurveyPlan(max_read=max_read or MAX_READ, policy=plan.policy, seed=seed, cache_dir=cache_dir)
    behind = Behind(net, load_rules((), cache_dir), instant, cache_dir, survey, progress)
    return engine_inspect(plan, behind)
