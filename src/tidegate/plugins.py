"""The seams: what a source, a provider's decoder and a reporter must offer, and how they are found.

A plug-in is a module in the folder of its kind with a module-level `PLUGIN`. Adding one means adding
one file (a provider: one folder); nothing else is edited.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any, Protocol, runtime_checkable

from tidegate.errors import PluginError
from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.grant import Grant
from tidegate.model.place import Place
from tidegate.model.report import Report
from tidegate.model.sighting import Sighting


class Source(Protocol):
    """One target, opened for reading. Made by the `open_…` function of its module.

    The engine calls `shards()` once in the parent, then `batches(shard, tally)` for each of them,
    in worker processes if there is enough to do, and `places()` in the parent at the end.
    """

    kind: str
    """The word that stands as `source` in the report: `git`, `tree`, `stdin`, …"""
    target: str

    def shards(self, jobs: int, tally: Tally) -> Iterator[Any]:
        """Cut the target into picklable pieces of about equal work for `jobs` workers."""
        ...

    def batches(self, shard: Any, tally: Tally) -> Iterator[Batch]:
        """Read one shard. What cannot be read becomes a gap in `tally`; the rest goes on."""
        ...

    def places(self, spots: Sequence[Spot], tally: Tally) -> list[list[Place]]:
        """Say where each spot is; the result has one list a spot (a git blob stands at many paths)."""
        ...

    def close(self) -> None:
        """Give back what `open` took: temporary folders, processes."""
        ...


@runtime_checkable
class Decoder(Protocol):
    """Understands one provider's credentials, offline."""

    id: str
    """`azure`, `s3`, `gcs`, `other`: what a rule names as its `provider`."""

    def decode(self, sighting: Sighting, now: datetime) -> Grant | None:
        """Return what the sighting permits, or `None` when it is none of this provider's after all."""
        ...

    def redact(self, sighting: Sighting) -> str:
        """Return the text with every secret part replaced, fit for a report."""
        ...


@runtime_checkable
class Reporter(Protocol):
    """Turns a report into one document."""

    id: str
    """The word after `--format`."""

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:
        """Write the whole document to `out`."""
        ...


def load(kind: type[Any], package: str) -> dict[str, Any]:
    """Return id -> plug-in, sorted by id, for every module of `package` that has one.

    Raises `PluginError`, naming the module, when a module has no `PLUGIN`, when it lacks a member of
    `kind`, or when two share an id. Modules whose name starts with `_` are helpers, not plug-ins.
    """
    found: dict[str, Any] = {}
    for name in _modules(package):
        module = importlib.import_module(f"{package}.{name}")
        plugin = getattr(module, "PLUGIN", None)
        if plugin is None:
            raise PluginError(f"{module.__name__} has no PLUGIN")
        if not isinstance(plugin, kind):
            raise PluginError(f"{module.__name__}.PLUGIN is no {kind.__name__}: a member is missing")
        if plugin.id in found:
            raise PluginError(f"{module.__name__} uses the id {plugin.id!r} a second time")
        found[plugin.id] = plugin
    return dict(sorted(found.items()))


def _modules(package: str) -> Iterable[str]:
    folder = importlib.import_module(package).__path__
    return sorted(m.name for m in pkgutil.iter_modules(folder) if not m.name.startswith("_"))
