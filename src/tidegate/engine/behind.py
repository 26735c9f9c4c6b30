"""Looking into what lies behind a link or address: list, choose what may be a model, read ranges of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from tidegate import plugins
from tidegate.detect.engine import Detector
from tidegate.detect.rules import Rule
from tidegate.engine.ask import credential_of
from tidegate.engine.inspect import Looked
from tidegate.engine.shard import error_words
from tidegate.errors import BudgetError, OutOfScopeError, RequestError, UsageError
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, Remote
from tidegate.kinds.names import kind_of
from tidegate.model.credential import Credential
from tidegate.model.observation import Inspection
from tidegate.model.report import Gap
from tidegate.net.message import Sends

AT_ONCE: Final = 8
"""Items looked into at the same time: each waits for its answers."""
BLOCK_BYTES: Final = 64 << 10
"""A directory at the end of a file and the headers at its start come in one request each."""
CANDIDATES: Final = frozenset(("model", "archive", "dataset", "other"))
"""Kinds of names below which model files hide. What is named a picture or a film is not fetched to see."""


@dataclass(slots=True)
class Behind:
    """Looks into targets that are storage."""

    net: Sends
    rules: tuple[Rule, ...]
    now: datetime
    cache_dir: Path | None
    policy: frozenset[str]

    def look(self, target: str) -> Iterator[Looked]:
        """Look into what a link or address reaches, a page at a time. Raises `OutOfScopeError`."""
        storage, credential, said = self._credential(target)
        try:
            for container in storage.containers(credential, self.net):
                if container.listable:
                    yield from self._container(storage, credential, container)
        except OutOfScopeError:
            raise
        except RequestError as why:
            yield [], [Gap(stage="list", subject=said, reason=str(why))]

    def said(self, target: str) -> str:
        """Return how a report names a target: only what is known to be no secret."""
        return self._credential(target)[2]

    def _credential(self, target: str) -> tuple[plugins.Storage, Credential, str]:
        """Return what a target asks with, and how it is shown. Raises `UsageError` when it is no storage."""
        decoders = plugins.load(plugins.Decoder, "tidegate.providers")
        for provider in decoders:
            storage = plugins.storage(provider)
            credential = None if storage is None else storage.target(target)
            if storage is not None and credential is not None:
                return storage, credential, target.partition("?")[0]
        for sighting in Detector(self.rules, self.cache_dir).scan_text(target):
            storage = plugins.storage(sighting.provider)
            grant = decoders[sighting.provider].decode(sighting, self.now)
            if storage is not None and grant is not None and grant.kind != "anonymous":
                return storage, credential_of(sighting, grant), decoders[sighting.provider].redact(sighting)
        raise UsageError(
            "this target is no storage that Tidegate can ask",
            hint="give a link in quotes, az://account/container, s3://bucket or gs://bucket.",
        )

    def _container(
        self, storage: plugins.Storage, credential: Credential, container: plugins.Container
    ) -> Iterator[Looked]:
        waiting = [container.prefix]
        while waiting:
            prefix, after, going = waiting.pop(), None, True
            while going:
                try:
                    page = storage.page(credential, self.net, container, prefix=prefix, after=after)
                except OutOfScopeError:
                    raise
                except RequestError as why:
                    yield [], [Gap(stage="list", subject=f"{container.name}/{prefix}", reason=str(why))]
                    break
                rows = page.items.select("name", "size_bytes", "kind").iter_rows()
                files = [(name, size or 0) for name, size, kind in rows if kind != "directory"]
                chosen = [each for each in files if container.single or kind_of(each[0]) in CANDIDATES]
                yield self._items(storage, credential, container, chosen, len(files) - len(chosen))
                if not container.flat:
                    waiting += page.prefixes
                after, going = page.after, page.after is not None

    def _items(
        self,
        storage: plugins.Storage,
        credential: Credential,
        container: plugins.Container,
        chosen: list[tuple[str, int]],
        passed_over: int,
    ) -> Looked:
        items: list[Inspection] = []
        gaps: list[Gap] = []
        if passed_over:
            reason = "not fetched: by their names no model files"
            gaps.append(
                Gap(stage="inspect", subject=f"{passed_over:,} items of {container.name}", reason=reason)
            )
        one = partial(self._item, storage, credential, container)
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="inspect")
        try:
            for found in pool.map(one, chosen):
                if isinstance(found, Gap):
                    gaps.append(found)
                else:
                    items.append(found)
        finally:
            # Interrupted, nobody waits for what is under way: whoever closes the network breaks it off.
            pool.shutdown(wait=False, cancel_futures=True)
        return items, gaps

    def _item(
        self,
        storage: plugins.Storage,
        credential: Credential,
        container: plugins.Container,
        item: tuple[str, int],
    ) -> Inspection | Gap:
        name, size_bytes = item
        path = f"{container.name}/{name}"

        def fetch(start: int, stop: int) -> bytes:
            return storage.read(credential, self.net, container, name, start, stop)

        try:
            data = Counted(Remote(size_bytes, fetch), block_bytes=BLOCK_BYTES)
            return look(data, path, policy=self.policy)
        except (RequestError, BudgetError) as why:
            return Gap(stage="inspect", subject=path, reason=str(why))
        except Exception as why:  # noqa: BLE001 - one item must not end the run
            return Gap(stage="inspect", subject=path, reason=error_words(why))
