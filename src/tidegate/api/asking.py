"""Asking storage: the way out, whether something is open, and what lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate import plugins
from tidegate.detect.rules import load_rules
from tidegate.engine import run as engine
from tidegate.engine.ask import Online
from tidegate.engine.contents import Lister
from tidegate.model.inventory import Summary
from tidegate.model.report import Report
from tidegate.net.message import Sends
from tidegate.sources.targets import Wanted

if TYPE_CHECKING:
    from tidegate.inventory.limits import Counts, Limits
    from tidegate.net.transport import Net

PROVIDERS = ("azure", "s3", "gcs")
"""Whose storage can be asked."""


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

    Raises `UsageError` for a target that is no storage, `OutOfScopeError` for one not in scope; its `done`
    is the report of the others.
    """
    instant = now or datetime.now(UTC)
    return engine.run(_plan(targets, Online(net, instant), instant, cache_dir, anonymous=anonymous))


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
    instant = now or datetime.now(UTC)
    lister = Lister(net, instant, file, past, limits, progress, cache_dir=cache_dir)
    online = Online(net, instant, lists=lister, must_list=True)
    report = engine.run(_plan(targets, online, instant, cache_dir))
    return report, tuple(each.summary for each in lister.counted)


def _plan(
    targets: str | Sequence[str],
    online: Online,
    now: datetime,
    cache_dir: Path | None,
    *,
    anonymous: bool = False,
) -> engine.Plan:
    """Return the plan of a run whose targets are all storage."""
    return engine.Plan(
        targets=(targets,) if isinstance(targets, str) else tuple(targets),
        rules=load_rules((), cache_dir),
        wanted=Wanted(),
        jobs=1,
        now=now,
        cache_dir=cache_dir,
        online=online,
        anonymous=anonymous,
        storage_only=True,
    )
