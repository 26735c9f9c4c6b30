"""The stage of inventory: count what lies behind an open credential."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.assess.kinds import severity_of
from tidegate.engine.places import Linked
from tidegate.engine.survey import Survey, SurveyPlan
from tidegate.errors import UsageError
from tidegate.model.contents import Contents
from tidegate.model.credential import Credential
from tidegate.model.going import Going
from tidegate.model.grant import Permission
from tidegate.model.inventory import Summary
from tidegate.model.inventory import contents as in_sum
from tidegate.model.observation import Inspection
from tidegate.model.reach import Reach
from tidegate.model.report import Gap
from tidegate.net.message import Sends
from tidegate.plugins import Storage

if TYPE_CHECKING:
    from tidegate.inventory.limits import Counts, Limits  # Polars behind it: 0.3 s, and only listing needs it

_SHARE = 4
"""Listing leaves at least a quarter of the bytes for looking inside, or as much as that may take."""


@dataclass(slots=True)
class Counted:
    """What was listed behind one credential."""

    contents: Contents
    summary: Summary
    gaps: list[Gap]
    items: list[Inspection] = field(default_factory=list)
    """What was looked into."""


@dataclass(slots=True)
class Lister:
    """Lists what credentials reach, the same thing once, however many links lead to it."""

    net: Sends
    now: datetime
    file: Path | None = None
    """Where the inventory is kept (Parquet); it is counted and thrown away when there is none."""
    past: bool = False
    """Versions, snapshots and deleted items too."""
    limits: Limits | None = None
    progress: Callable[[Counts], None] | None = None
    survey: SurveyPlan | None = None
    """With it items are looked into, too."""
    going: Callable[[Going], None] | None = None
    """Called with how far listing and looking into items are."""
    cache_dir: Path | None = None
    """Where what names are told by is kept between runs; nowhere when not given."""
    counted: list[Counted] = field(default_factory=list)
    """All that was listed, in order."""
    _known: dict[tuple[object, ...], Counted] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, storage: Storage, credential: Credential, reach: Reach) -> Counted:
        """Return what lies behind; `reach` says what it may. Raises `RequestError`, `TidegateError`."""
        grant = credential.grant
        place = (storage.id, grant.account, grant.container, grant.key, grant.endpoint, grant.services)
        key = (*place, reach.proved)
        # One after the other: each listing keeps the service busy by itself.
        with self._turn:
            if key not in self._known:
                self._known[key] = self._list(storage, credential, Permission.READ in reach.proved)
                self.counted.append(self._known[key])
        return self._known[key]

    def list_all(self, storage: Storage, credential: Credential) -> Counted:
        """List, and look into, what a credential reaches, whatever was proved of it before."""
        return self._list(storage, credential, reads=True)

    def _list(self, storage: Storage, credential: Credential, reads: bool) -> Counted:
        from tidegate.inventory.limits import Limits  # noqa: PLC0415
        from tidegate.inventory.lister import list_all  # noqa: PLC0415
        from tidegate.inventory.summary import summarise  # noqa: PLC0415

        if self.file is not None and self.counted:
            raise UsageError(
                "one inventory holds what one target reaches", hint="List the targets one by one."
            )
        with tempfile.TemporaryDirectory(prefix="tidegate-") as folder:
            file = self.file or Path(folder) / "inventory.parquet"
            listing = list_all(
                storage,
                credential,
                self.net,
                file,
                past=self.past,
                limits=replace(self.limits or Limits(), keep_bytes=self._kept() if reads else 0),
                progress=self.progress or (self._listed if self.going is not None else None),
            )
            summary = summarise(
                listing.file,
                containers=len(listing.containers),
                now=self.now,
                cache_dir=self.cache_dir,
            )
            found = in_sum(summary, complete=listing.complete)
            kinds = tuple(replace(kind, severity=severity_of(kind.kind)) for kind in found.kinds)
            counted = Counted(replace(found, kinds=kinds), summary, list(listing.gaps))
            if self.survey is not None and reads and found.items:
                place = Linked(storage, credential, self.net, listing.containers, listing.file)
                told = Survey(place, self.survey, self.going).go(listing.file, counted.contents)
                counted.contents, counted.items = told.contents, told.items
                counted.gaps += told.gaps
        return counted

    def _kept(self) -> int:
        """Return what listing leaves of the bytes that the scope allows."""
        left = self.net.bytes_left
        if self.survey is None or left is None:
            return 0
        return min(self.survey.max_read, left // _SHARE)

    def _listed(self, counts: Counts) -> None:
        if self.going is not None:
            self.going(Going(done=counts.items, planned=0, bytes=counts.bytes, listing=True))
