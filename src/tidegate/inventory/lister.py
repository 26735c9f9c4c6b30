"""Everything that a credential reaches, listed into one Parquet file, with constant memory.

Chains of pages are walked by a few threads (they wait for the network most of the time), each writing what it
has got into a catalogue; from that the file is joined at the end. Killed at any point and started again, the
listing goes on where the catalogue ends, and the file is the same as without the kill.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tidegate.errors import BudgetError, NoAnswerError, OutOfScopeError, RequestError, UsageError
from tidegate.inventory import odd
from tidegate.inventory._disk import Disk
from tidegate.inventory.ahead import DEPTH
from tidegate.inventory.catalogue import Catalogue
from tidegate.inventory.chain import Chain, Folder, Id
from tidegate.inventory.join import join
from tidegate.inventory.limits import Counts, Limits
from tidegate.inventory.pace import Pace, Waiting
from tidegate.inventory.walk import Walk
from tidegate.model.counting import many
from tidegate.model.credential import Credential
from tidegate.model.report import Gap
from tidegate.net.message import Sends
from tidegate.plugins import Container, Page, Storage

JOBS = 4
"""Chains walked at once at most. Measured on the lab's account: 4 take 265 MB in all for 600,000 blobs, 8
take 290 MB for 300,000. At 150 ms a page, 4 bring 130,000 items a second: what two cores can parse."""
_SILENT = 100
"""Requests in a row that got no answer, after which the service is not asked any further."""
_LOOK_S = 0.4
"""How often the pace is asked while nothing ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What came of it."""

    file: Path
    """Parquet, columns of `tidegate.items.SCHEMA`; by service, container and name."""
    containers: tuple[Container, ...]
    """In the order of the service; queues and tables too, though they have no items to list."""
    counts: Counts
    gaps: tuple[Gap, ...]
    resumed: bool
    """An earlier run had begun it."""

    @property
    def complete(self) -> bool:
        """Everything that could be listed was."""
        return not self.gaps


def work_folder(file: Path) -> Path:
    """Return where the parts of an unfinished inventory are."""
    return file.with_name(file.name + ".part")


def list_all(
    storage: Storage,
    credential: Credential,
    net: Sends,
    file: Path,
    *,
    jobs: int = JOBS,
    pace: Pace | None = None,
    past: bool = False,
    limits: Limits | None = None,
    progress: Callable[[Counts], None] | None = None,
    disk: Disk | None = None,
) -> Listing:
    """List all that `credential` reaches into `file`, which appears whole or not at all.

    jobs: chains at once at most. pace: how many of them, `Waiting` when not given. past: versions, snapshots
    and deleted items too, where the service shows them. progress: called after every page, from several
    threads, one at a time. What cannot be listed is a gap, and the rest goes on.
    When the budget is used up, the file holds what there is, and the work folder stays: the next run goes on.

    Raises `OutOfScopeError` when nothing may be asked at all, `ConfigError` when the work folder holds
    another listing, `UsageError` when it cannot be written (what was written stays, for the next run).
    """
    try:
        catalogue = Catalogue(work_folder(file), _identity(storage, credential, past=past), disk)
        try:
            run = _Run(storage, credential, net, catalogue, limits or Limits(), progress)
            run.past = past
            run.go(jobs, pace or Waiting())
            join(catalogue, file)
            listing = run.listing(file)
            if not run.budget:
                catalogue.end()
        finally:
            catalogue.close()
    except OSError as error:
        stays = work_folder(file)
        raise UsageError(
            f"cannot write {file}: {error.strerror or error}",
            hint=f"what was listed stays in {stays}: the same command goes on from there"
            if os.path.isdir(stays)  # noqa: PTH112 - `Path` raises where nobody may look
            else "nothing was listed",
        ) from error
    return listing


def _identity(storage: Storage, credential: Credential, *, past: bool) -> dict[str, Any]:
    grant = credential.grant
    return {
        "provider": storage.id,
        "kind": grant.kind,
        "account": grant.account,
        "container": grant.container,
        "key": grant.key,
        "endpoint": grant.endpoint,
        "context": dict(sorted(credential.context.items())),
        "credential": credential.secret.fingerprint if credential.secret else None,
        "past": past,
    }


class _Run:
    """One run of a listing. Counts and gaps are kept under a lock; chains are at work in threads."""

    def __init__(
        self,
        storage: Storage,
        credential: Credential,
        net: Sends,
        catalogue: Catalogue,
        limits: Limits,
        progress: Callable[[Counts], None] | None,
    ) -> None:
        self.catalogue = catalogue
        self.limits = limits
        self.splits = False
        """There is room for another chain, and none that waits for it."""
        self.past = False
        self.budget = ""
        """Why nothing more can be asked for; empty as long as it can."""
        self._storage = storage
        self._credential = credential
        self._net = net
        self._progress = progress
        self._mutex = threading.Lock()
        self._interrupted = threading.Event()
        self._jobs = 1
        self.pool: Executor
        self._gaps: list[Gap] = []
        chains = catalogue.chains.values()
        self._counts = Counts(
            containers=len(catalogue.containers),
            items=sum(chain.items for chain in chains),
            bytes=sum(chain.bytes for chain in chains),
            pages=sum(chain.pages for chain in chains),
        )
        self._silent = 0
        """Requests in a row that got no answer."""
        self._pages: Counter[int] = Counter()
        for chain in chains:
            self._pages[chain.id[0]] += chain.pages
        self._open: Counter[int] = Counter()
        """Number of a container -> its chains that are waiting or at work."""

    # --- The order of work --------------------------------------------------------------------------------

    def go(self, jobs: int, pace: Pace) -> None:
        """Walk all chains. Raises what a chain raised, after what was listed has been written."""
        waiting = self._first_chains()
        fresh = self._fresh_chains()
        running: dict[Future[list[Chain]], Id] = {}
        self._jobs = jobs
        self.pool = ThreadPoolExecutor(max(1, jobs) * DEPTH, thread_name_prefix="ask")
        with ThreadPoolExecutor(max(1, jobs), thread_name_prefix="list") as pool:
            try:
                while True:
                    most = min(pace.chains(len(running), self._counts.items), jobs)
                    while len(running) < most:
                        chain = waiting.popleft() if waiting else next(fresh, None)
                        if chain is None:
                            break
                        walk = Walk(self, self.catalogue.containers[chain.id[0]], chain)
                        running[pool.submit(walk.go)] = chain.id
                    if not running:
                        break
                    self.splits = len(running) < most
                    for future in wait(running, _LOOK_S, return_when=FIRST_COMPLETED).done:
                        number = running.pop(future)[0]
                        children = future.result()
                        waiting.extendleft(reversed(children))
                        self._left(number, len(children))
            except BaseException:
                self._interrupted.set()
                wait(running)
                with contextlib.suppress(OSError):  # it is the first error that counts
                    self.catalogue.flush()
                raise
            finally:
                self.pool.shutdown(wait=False, cancel_futures=True)
        self.catalogue.flush()

    def _first_chains(self) -> deque[Chain]:
        """Return what an earlier run has left open."""
        catalogue = self.catalogue
        chains = deque(Chain.of(chain.state()) for chain in catalogue.open_chains())
        for chain in chains:
            self._open[chain.id[0]] += 1
        for number, container in enumerate(catalogue.containers):
            if (number,) not in catalogue.chains and container.listable:
                chains.append(self._begin(number))
        done = sum(1 for number in range(len(catalogue.containers)) if not self._open[number])
        self._add(containers_done=done)
        return chains

    def _fresh_chains(self) -> Iterator[Chain]:
        """Yield a chain for every container that is not known yet."""
        catalogue = self.catalogue
        if catalogue.all_containers:
            return
        known = {(each.service, each.name, each.prefix) for each in catalogue.containers}
        try:
            for container in self._storage.containers(self._credential, self._net):
                place = (container.service, container.name, container.prefix)
                if place in known:
                    continue
                if len(known) >= self.limits.max_containers:
                    reason = f"listing stopped after {many(len(known), 'container')}"
                    self._gap_of_containers(reason)
                    return
                known.add(place)
                number = catalogue.add_container(container)
                self._add(containers=1, containers_done=0 if container.listable else 1)
                if container.listable:
                    yield self._begin(number)
            catalogue.end_containers()
        except OutOfScopeError:
            if not catalogue.containers:
                raise
            self._gap_of_containers("the scope does not name the rest")
        except BudgetError as error:
            self.out_of_budget(str(error))
            self._gap_of_containers(str(error))
        except RequestError as error:
            self._gap_of_containers(str(error))

    def _begin(self, number: int) -> Chain:
        container = self.catalogue.containers[number]
        self._open[number] += 1
        folders: list[Folder] | None = None if container.flat else []
        return Chain(
            id=(number,), ask=container.prefix, bound=container.prefix, past=self.past, folders=folders
        )

    def _left(self, number: int, children: int) -> None:
        self._open[number] += children - 1
        if not self._open[number]:
            self._add(containers_done=1)

    # --- What chains ask ----------------------------------------------------------------------------------

    def ask(
        self,
        container: Container,
        *,
        prefix: str,
        delimited: bool,
        after: str | None,
        past: bool,
        ahead: Callable[[str], None] | None = None,
    ) -> Page:
        try:
            page = self._storage.page(
                self._credential,
                self._net,
                container,
                prefix=prefix,
                delimited=delimited,
                after=after,
                past=past,
                ahead=ahead,
            )
        except NoAnswerError:
            self._silent += 1  # roughly: two threads may count as one
            if self._silent >= _SILENT and not self.budget:
                self.out_of_budget(
                    f"{many(self._silent, 'request')} in a row got no answer that could be used"
                )
            raise
        self._silent = 0
        self._add(pages=1)
        return page

    def may_ask_ahead(self, chain: Chain) -> bool:
        if self.budget or self._interrupted.is_set() or self.limits.max_items is not None:
            return False
        return self._pages[chain.id[0]] + self._jobs * (DEPTH + 1) < self.limits.max_pages

    def took(self, items: int, size_bytes: int) -> None:
        self._add(items=items, bytes=size_bytes)

    def stop(self, chain: Chain) -> str:
        if self.budget:
            return self.budget
        if self._interrupted.is_set():
            return "interrupted"
        most = self.limits.max_items
        if most is not None and self._counts.items >= most:
            return f"listing stopped after {many(self._counts.items, 'item')}; raise --max-items to go on"
        left = self._net.bytes_left if self.limits.keep_bytes else None
        if left is not None and left < self.limits.keep_bytes:
            self.out_of_budget(
                f"listing stopped so that {left:,} of the bytes that the scope allows are left for looking"
                " inside; raise bytes_read"
            )
            return self.budget
        with self._mutex:
            self._pages[chain.id[0]] += 1
            pages = self._pages[chain.id[0]]
        if pages > self.limits.max_pages:
            return f"listing stopped after {many(self.limits.max_pages, 'page')}; raise --max-pages to go on"
        return ""

    def gap(self, chain: Chain, reason: str) -> None:
        with self._mutex:
            self._gaps.append(self._gap_of(chain.id[0], reason, chain.bound))

    def out_of_budget(self, reason: str) -> None:
        self.budget = f"{reason}; the same command goes on from here"

    # --- What came of it ----------------------------------------------------------------------------------

    def listing(self, file: Path) -> Listing:
        """Return the result: gaps in the order of the containers."""
        return Listing(
            file=file,
            containers=tuple(self.catalogue.containers),
            counts=self._counts,
            gaps=(*self._lasting_gaps(), *sorted(set(self._gaps), key=lambda gap: (gap.subject, gap.reason))),
            resumed=self.catalogue.resumed,
        )

    def _lasting_gaps(self) -> Iterator[Gap]:
        strange: dict[int, Counter[str]] = {}
        for chain in sorted(self.catalogue.chains.values(), key=lambda chain: chain.id):
            if chain.note:
                yield self._gap_of(chain.id[0], chain.note, chain.bound)
            if chain.odd:
                strange.setdefault(chain.id[0], Counter()).update(chain.odd)
        for number, kinds in strange.items():
            for kind, count in sorted(kinds.items()):
                yield self._gap_of(number, odd.words(kind, count), "")

    def _gap_of(self, number: int, reason: str, below: str) -> Gap:
        container = self.catalogue.containers[number]
        path = "/".join(part for part in (self._credential.grant.account, container.name) if part)
        return Gap(stage="list", subject=f"{path}/{below}" if below else path, reason=reason)

    def _gap_of_containers(self, reason: str) -> None:
        account = self._credential.grant.account or self._credential.grant.container or self._storage.id
        with self._mutex:
            self._gaps.append(Gap(stage="list", subject=account, reason=f"containers: {reason}"))

    def _add(self, **more: int) -> None:
        with self._mutex:
            counts = self._counts
            self._counts = replace(counts, **{name: getattr(counts, name) + n for name, n in more.items()})
            if self._progress is not None:
                self._progress(self._counts)
