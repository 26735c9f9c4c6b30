"""Both ways out: what reads, and what writes what was announced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tidegate import plugins
from tidegate.api.asking import PROVIDERS
from tidegate.net.audit import AuditFile
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.net.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Both ways out, with one scope and one audit log."""

    net: Net
    writer: Writer


@contextmanager
def open_ways(scope: Path | None, *, accounts: Sequence[str] = (), audit: Path) -> Iterator[Ways]:
    """Open what reads and what writes, control planes included, for `with`; raises as `open_net` does."""
    owners = {name: each.owner for name in PROVIDERS if (each := plugins.storage(name)) is not None}
    for name in PROVIDERS:
        if (ends := plugins.closing(name)) is not None:
            owners |= ends.guards
    named = (Scope.of() if scope is None else Scope.load(scope)).with_names(accounts)
    with closing(AuditFile(audit)) as record, Net(named, owners=owners, audit=record) as net:
        yield Ways(net=net, writer=Writer(named, owners=owners, audit=record, run=net.run))
