"""A storage service in memory: trees of names, listed page by page as the real ones do, or as they should not."""

from __future__ import annotations

import bisect
import random
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from tidegate.inventory._disk import Disk
from tidegate.inventory.order import KEYS, Order
from tidegate.items import frame
from tidegate.model.credential import Credential
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.model.secret import Secret
from tidegate.plugins import Container, Page

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


def credential(secret: str = "made-up-signature", account: str = "contosofake") -> Credential:
    grant = Grant(
        provider="azure",
        kind="account_sas",
        account=account,
        scope=Scope.ACCOUNT,
        services=("blob",),
        permissions=(Permission.LIST,),
        validity=Validity.VALID,
        revocation=Revocation(means="Rotate.", collateral="All.", individually=False),
    )
    return Credential(grant=grant, secret=Secret(secret))


def rows(container: Container, names: Sequence[str], **more: Any) -> pl.DataFrame:
    """Return items made up from their names alone."""
    sums = [zlib.crc32(f"{container.name}/{name}".encode("utf-8", "surrogatepass")) for name in names]
    columns: dict[str, Any] = {
        "service": [container.service] * len(names),
        "container": [container.name] * len(names),
        "name": list(names),
        "state": ["current"] * len(names),
        "kind": ["directory" if name.endswith("/") and not container.flat else "object" for name in names],
        "size_bytes": [each % 1_000_000 for each in sums],
        "modified_at": [BEGIN + timedelta(seconds=each % 100_000_000) for each in sums],
        "etag": [f"0x{each:08X}" for each in sums],
    }
    return frame(columns | more, len(names))


class AtOnce:
    """A pace that takes up all chains from the start: what is tested must not depend on the clock."""

    def __init__(self, chains: int) -> None:
        self._chains = chains

    def chains(self, running: int, items: int) -> int:
        return self._chains


class QuickDisk(Disk):
    """Waits for no disk: the machine of a test does not lose its power."""

    def sync(self, file: BinaryIO) -> None:
        file.flush()

    def sync_folder(self, folder: Path) -> None:
        pass


@dataclass
class Service:
    """Containers of names. Pages have 1 to `most` entries, the same ones for the same question."""

    trees: Mapping[str, Sequence[str]]
    most: int = 7
    least: int = 1
    order: Order = Order.BYTES
    flat: bool = True
    kind: str = "blob"
    trouble: Callable[[str, str, str | None], None] = lambda container, prefix, after: None
    """Called before each answer; may raise."""
    spoil: Callable[[Page, str, str | None], Page] = lambda page, prefix, after: page
    """Changes each answer."""
    other: Sequence[Container] = ()
    id: str = "azure"
    asked: list[tuple[str, str, bool, str | None]] = field(default_factory=list)
    """(container, prefix, delimited, after) of every question."""

    def __post_init__(self) -> None:
        key = KEYS[self.order]
        self.sorted = {name: sorted(set(tree), key=key) for name, tree in self.trees.items()}
        self._known: dict[tuple[str, str, bool], tuple[list[str], list[bytes]]] = {}
        self._mutex = threading.Lock()

    def containers(self, credential: Credential, net: Any) -> Iterator[Container]:
        for name in self.trees:
            yield Container(service=self.kind, name=name, flat=self.flat)
        yield from self.other

    def page(
        self,
        credential: Credential,
        net: Any,
        container: Container,
        *,
        prefix: str = "",
        delimited: bool = False,
        after: str | None = None,
        past: bool = False,
        ahead: object = None,
    ) -> Page:
        with self._mutex:
            self.asked.append((container.name, prefix, delimited, after))
        self.trouble(container.name, prefix, after)
        return self.spoil(self._page(container, prefix, delimited, after), prefix, after)

    def _page(self, container: Container, prefix: str, delimited: bool, after: str | None) -> Page:
        size = random.Random(f"{container.name}|{prefix}|{delimited}|{after}").randint(self.least, self.most)
        entries, keys = self._entries(container.name, prefix, delimited)
        start = 0 if after is None else bisect.bisect_right(keys, KEYS[self.order](after))
        shown = entries[start : start + size]
        folders = [each for each in shown if delimited and "/" in each[len(prefix) :]]
        items = [each for each in shown if each not in folders]
        if not self.flat:
            items = shown  # file services name folders among the items
        return Page(
            items=rows(container, items),
            prefixes=tuple(folders),
            after=shown[-1] if len(entries) > start + size else None,
        )

    def _entries(self, container: str, prefix: str, delimited: bool) -> tuple[list[str], list[bytes]]:
        place = (container, prefix, delimited)
        if place not in self._known:
            entries: dict[str, None] = {}
            for name in self.sorted[container]:
                if not name.startswith(prefix) or (name == prefix and not self.flat):
                    continue
                rest = name[len(prefix) :]
                entries[prefix + rest[: rest.index("/") + 1] if delimited and "/" in rest else name] = None
            self._known[place] = (list(entries), [KEYS[self.order](each) for each in entries])
        return self._known[place]

    def expected(self) -> pl.DataFrame:
        """Return what a whole listing holds: every item by container and name."""
        tables = [
            rows(Container(service=self.kind, name=name), self.sorted[name]) for name in sorted(self.trees)
        ]
        return pl.concat([rows(Container(service=self.kind, name="none"), []), *tables])


def every_folder(names: Sequence[str]) -> list[str]:
    """Return the names with all folders above them, each ending in a slash."""
    found = set(names)
    for name in names:
        parts = name.split("/")
        found |= {"/".join(parts[:depth]) + "/" for depth in range(1, len(parts))}
    return sorted(found)


def spoiled(page: Page, **changes: Any) -> Page:
    return replace(page, **changes)
