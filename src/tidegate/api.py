"""The library: the same as the command line, without printing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tidegate import plugins
from tidegate.detect.rules import load_rules
from tidegate.engine import run as engine
from tidegate.engine.ask import Online
from tidegate.engine.behind import Behind
from tidegate.engine.contents import Lister
from tidegate.engine.inspect import InspectPlan
from tidegate.engine.inspect import inspect as engine_inspect
from tidegate.errors import UsageError
from tidegate.model.baseline import Baseline
from tidegate.model.grant import Grant
from tidegate.model.inspected import Inspected
from tidegate.model.inventory import Summary
from tidegate.model.report import Coverage, Report
from tidegate.net.message import Sends
from tidegate.sources.targets import Wanted

if TYPE_CHECKING:
    from tidegate.inventory.limits import Counts, Limits
    from tidegate.net.transport import Net

PROVIDERS = ("azure", "s3", "gcs")
"""Whose storage can be asked."""


def scan(
    targets: str | Sequence[str],
    *,
    jobs: int | None = None,
    history: bool = True,
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
) -> Report:
    """Find links, tokens and keys in repositories, folders, archives and pages; offline without `net`.

    targets: paths, addresses of git repositories, or `-` for `stdin`.
    jobs: worker processes; as many as there are cores when not given.
    history: of a repository read every object, not only the work tree.
    containers: open archives, documents and images; else only their own bytes are read.
    rules: TOML files, or folders of them, beside the built-in rules.
    cache_dir: where the compiled patterns are kept between runs; nowhere when not given.
    progress: called with the counts so far, in the caller's thread.
    now: the instant against which validity is judged, aware; the clock when not given.
    net: with it, what is found is also asked about, as far as the scope of `net` goes: whether it is open,
    and, with `contents`, how much lies behind it. Links and addresses of storage may then be targets too.

    What cannot be read ends as a gap in the report. Raises `UsageError` when there is nothing to read in a
    target's very form, and `ConfigError` for a wrong rule.
    """
    named = (targets,) if isinstance(targets, str) else tuple(targets)
    if not named:
        raise UsageError("no target given", hint="Name a repository, a folder or a file.")
    instant = now or datetime.now(UTC)
    online = None if net is None else Online(net, instant, lists=Lister(net, instant) if contents else None)
    return engine.run(
        engine.Plan(
            targets=named,
            rules=load_rules(rules),
            wanted=Wanted(
                history=history,
                gitignore=gitignore,
                exclude=tuple(exclude),
                containers=containers,
                stdin=stdin,
            ),
            jobs=jobs or len(os.sched_getaffinity(0)),
            now=instant,
            cache_dir=cache_dir,
            online=online,
            baseline=baseline,
            include_suppressed=include_suppressed,
            progress=progress,
        )
    )


@contextmanager
def open_net(scope: Path | None = None, *, accounts: Sequence[str] = (), audit: Path) -> Iterator[Net]:
    """Open the way out, for `with`: what asks storage, and only what the scope names.

    scope: the scope file; without one only `accounts` are in scope.
    accounts: one account or bucket each, or `azure:NAME`, `s3:NAME`, `gcs:NAME`.
    audit: where every request is recorded, without secrets; nothing is sent unrecorded.

    Raises `ConfigError` for a wrong scope file, and when the record cannot be written.
    """
    from tidegate.net.audit import AuditFile  # noqa: PLC0415 - aiohttp behind it, 0.2 s
    from tidegate.net.scope import Scope  # noqa: PLC0415
    from tidegate.net.transport import Net  # noqa: PLC0415

    storages = {name: plugins.storage(name) for name in PROVIDERS}
    owners = {name: each.owner for name, each in storages.items() if each is not None}
    named = (Scope.of() if scope is None else Scope.load(scope)).with_names(accounts)
    with closing(AuditFile(audit)) as record, Net(named, owners=owners, audit=record) as net:
        yield net


def probe(
    targets: str | Sequence[str],
    *,
    net: Sends,
    anonymous: bool = False,
    cache_dir: Path | None = None,
    now: datetime | None = None,
) -> Report:
    """Ask whether links, keys, containers and buckets are open; read-only, through `net` alone.

    targets: links, connection strings, or addresses such as `az://account/container` and `s3://bucket`.
    net: what sends; its scope decides what may be asked.
    anonymous: ask only for the address, without the credential in it.

    Raises `UsageError` for a target that is no storage, `OutOfScopeError` for one not in the scope.
    """
    named = (targets,) if isinstance(targets, str) else tuple(targets)
    instant = now or datetime.now(UTC)
    return engine.run(
        engine.Plan(
            targets=named,
            rules=load_rules(()),
            wanted=Wanted(),
            jobs=1,
            now=instant,
            cache_dir=cache_dir,
            online=Online(net, instant),
            anonymous=anonymous,
            storage_only=True,
        )
    )


def inventory(
    targets: str | Sequence[str],
    *,
    net: Sends,
    file: Path | None = None,
    past: bool = False,
    limits: Limits | None = None,
    cache_dir: Path | None = None,
    progress: Callable[[Counts], None] | None = None,
    now: datetime | None = None,
) -> tuple[Report, tuple[Summary, ...]]:
    """List everything that links, keys, containers and buckets reach; read-only, through `net` alone.

    file: where the inventory is kept (Parquet, one row an item); then there is one target. An interrupted
    listing goes on where it was.
    past: versions, snapshots and soft-deleted items too, where the service shows them.
    progress: called after every page, from several threads, one at a time.

    Returns the report, and for each thing listed its numbers. Raises as `probe` does, and `UsageError` when
    `file` cannot be written.
    """
    named = (targets,) if isinstance(targets, str) else tuple(targets)
    instant = now or datetime.now(UTC)
    lister = Lister(net, instant, file, past, limits, progress)
    report = engine.run(
        engine.Plan(
            targets=named,
            rules=load_rules(()),
            wanted=Wanted(),
            jobs=1,
            now=instant,
            cache_dir=cache_dir,
            online=Online(net, instant, lists=lister),
            storage_only=True,
        )
    )
    return report, tuple(each.summary for each in lister.counted)


def inspect(
    targets: str | Path | Sequence[str | Path],
    *,
    jobs: int | None = None,
    policy: Iterable[str] = (),
    exclude: Sequence[str] = (),
    net: Sends | None = None,
    cache_dir: Path | None = None,
    progress: Callable[[Coverage], None] | None = None,
    now: datetime | None = None,
) -> Inspected:
    """Judge model files without loading them: what would run if somebody did.

    targets: files and folders; with `net` also links and addresses of storage, of which only what is needed
    is read, by ranges.
    policy: exact names that are allowed besides ours, e.g. `mypackage.models.Net`.

    Raises `SourceError` for a path that is not there, and what `probe` raises for storage.
    """
    named = (targets,) if isinstance(targets, str | Path) else tuple(targets)
    plan = InspectPlan(
        targets=tuple(map(str, named)),
        jobs=jobs or len(os.sched_getaffinity(0)),
        policy=frozenset(policy),
        exclude=tuple(exclude),
        progress=progress,
    )
    if net is None:
        return engine_inspect(plan)
    instant = now or datetime.now(UTC)
    behind = Behind(net, load_rules(()), instant, cache_dir, plan.policy)
    return engine_inspect(plan, behind)


def decode(text: str, *, now: datetime | None = None, cache_dir: Path | None = None) -> Grant | None:
    """Return what a link, token or key grants, or `None` when none is recognised in the text. Offline.

    Of several the first one that is secret; a plain address only when there is nothing else.
    """
    return next(engine.decode(text, load_rules(), now or datetime.now(UTC), cache_dir), None)
