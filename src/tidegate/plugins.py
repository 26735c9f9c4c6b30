"""The seams: what a source, a provider and a reporter must offer, and how they are found.

A plug-in is a module in the folder of its kind with a module-level `PLUGIN`. Adding one means adding
one file (a provider: one folder); nothing else is edited.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Protocol, runtime_checkable

from tidegate.errors import PluginError
from tidegate.model.credential import Credential
from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.grant import Grant
from tidegate.model.place import Place
from tidegate.model.reach import Reach
from tidegate.model.report import Report
from tidegate.model.sighting import Sighting
from tidegate.modules import modules
from tidegate.net.message import Sends
from tidegate.records import dataclass

if TYPE_CHECKING:
    import polars as pl  # 0.3 s, and only listing needs it

    from tidegate.model.closing import Case, Step, Study
    from tidegate.model.share import Tried
    from tidegate.net.guard import Owner
    from tidegate.net.message import Writes


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
        """Say where each spot is; the result has one list a spot (a git blob stands at many paths).

        Called once all shards are read, with no spots too: what is known only then becomes a gap in `tally`.
        """
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container, bucket, share, queue or table that a credential reaches."""

    service: str
    """`blob`, `file`, `queue`, `table`, `s3`, `gcs`."""
    name: str
    prefix: str = ""
    """Only what begins with it is reached: a directory's token; or one object's name."""
    single: bool = False
    """`prefix` is the name of the one object that is reached."""
    flat: bool = True
    """One listing gives all that is below; else (file shares) each directory must be listed."""
    listable: bool = True
    """It has items to list; queues and tables do not."""
    public: str = ""
    """The service's own word for what anyone may do, where the listing tells: `blob`, `container`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a listing."""

    items: pl.DataFrame
    """Columns of `tidegate.items.SCHEMA`, in the order of the service."""
    prefixes: tuple[str, ...] = ()
    """What lies one level deeper; only where it was asked for, or where the service knows no other way."""
    after: str | None = None
    """Mark from which the next page goes on, `None` at the end. Holds no secret, and is valid for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the answer to a ranged read says of the whole object."""

    size_bytes: int | None = None
    """How long it is now; `None` where the answer does not say."""
    mark: str = ""
    """Another one after every change (an ETag, a generation); empty where the answer has none."""


class Storage(Protocol):
    """Asks one provider's service, with one credential, only to read. Every request goes through `net`.

    Stands as `STORAGE` in `tidegate.providers.<id>.storage`.
    """

    id: str
    """`azure`, `s3`, `gcs`."""

    def owner(self, url: str, host: str | None) -> str | None:
        """Return the account (Azure) or bucket that a request would reach, by its address alone.

        `""` for an address of the service itself, which belongs to no bucket; `None` for a foreign address.
        host: the `Host` header, where it differs from the URL's. The guard asks this of every request.
        """
        ...

    def target(self, text: str) -> Credential | None:
        """Return the open address that a target names (`az://account/container/path`), `None` for others."""
        ...

    def probe(self, credential: Credential, net: Sends, now: datetime) -> Reach:
        """Ask, with as few and as small requests as prove it, what the credential opens.

        Raises `OutOfScopeError`, `BudgetError`; anything else the service does is a state.
        """
        ...

    def containers(self, credential: Credential, net: Sends) -> Iterator[Container]:
        """Yield what the credential reaches: all containers if it may list them, else the one it names.

        Raises `RequestError`.
        """
        ...

    def page(
        self,
        credential: Credential,
        net: Sends,
        container: Container,
        *,
        prefix: str = "",
        delimited: bool = False,
        after: str | None = None,
        past: bool = False,
        ahead: Callable[[str], None] | None = None,
    ) -> Page:
        """List one page of what is in a container below `prefix`.

        delimited: stop at the next `/`, giving `Page.prefixes`. after: `Page.after` of the page before.
        past: versions, snapshots and soft-deleted items too. ahead: told what `Page.after` will be as soon as
        the answer is there, before it is read, where the answer shows it. Raises `RequestError`.
        """
        ...

    def read(
        self,
        credential: Credential,
        net: Sends,
        container: Container,
        name: str,
        start: int,
        stop: int,
        *,
        version: str = "",
        told: Callable[[Told], None] | None = None,
    ) -> bytes:
        """Return bytes [start, stop) of an object, fewer only at its end. Raises `RequestError`.

        told: called before with what the answer says of the whole object, where it says anything.
        """
        ...


def storage(provider: str) -> Storage | None:
    """Return what asks this provider's service, or `None` for one that cannot be asked (`other`)."""
    name = f"tidegate.providers.{provider}.storage"
    if importlib.util.find_spec(name) is None:
        return None
    found: Storage = importlib.import_module(name).STORAGE
    return found


class Closer(Protocol):
    """Ends one credential, or one open container. Made by `Closing.open`; holds secrets, shows none."""

    def study(self) -> Study:
        """Learn what hangs on it and make the plans. Reads only.

        Raises `RequestError`; `UsageError` with a hint where the owner's own credential is missing.
        """
        ...

    def state(self, step: Step) -> str:
        """Read the thing that a step changes, in the words of `Step.before`. A read; may be repeated.

        A key is told by its fingerprint, never by its value.
        """
        ...

    def do(self, step: Step) -> None:
        """Send `step.call`, once, announced to the `Writer` just before.

        Raises `NotDoneError` only when the service answered that it did nothing. Anything else that it
        raises leaves open whether the change was made.
        """
        ...

    def probes(self) -> tuple[Tried, Tried, Tried]:
        """Ask with the leaked credential, with a copy whose signature differs in one character, as the owner.

        Reads without content, in the same minute. Of an open container: as anyone, as anyone in
        another way, as the owner. `Tried.authentication` says that a refusal concerns the signature
        (or, as anyone, that nobody is let in), not the address, the rights or the network.
        """
        ...


class Closing(Protocol):
    """Knows how one provider's credentials are ended.

    Stands as `CLOSING` in `tidegate.providers.<id>.closing`.
    """

    id: str
    """`azure`, `s3`, `gcs`."""
    guards: Mapping[str, Owner]
    """What the guard asks about addresses of the control plane: `<id>_management` -> function.

    It returns the account, bucket or key id that an address would change, `""` for one that names none
    (a list), `None` for a foreign host. In the scope file `[endpoints] <id>_management = "http://…"`
    replaces the control plane; names are those of `<id>` under `[scope]`.
    """

    def open(self, case: Case, net: Sends, writer: Writes, environment: Mapping[str, str]) -> Closer:
        """Take the case. Nothing is sent yet. environment: that of the process; only `cli` reads it.

        Raises `UsageError` for a kind of credential that this provider cannot end, or where a package is
        missing (`pip install 'tidegate[azure]'`).
        """
        ...


def closing(provider: str) -> Closing | None:
    """Return what ends this provider's credentials, or `None` where nobody knows how."""
    name = f"tidegate.providers.{provider}.closing"
    if importlib.util.find_spec(f"tidegate.providers.{provider}") is None:
        return None
    if importlib.util.find_spec(name) is None:
        return None
    found: Closing = importlib.import_module(name).CLOSING
    return found


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
    for name in modules(importlib.import_module(package).__path__):
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
