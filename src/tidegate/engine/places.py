"""Where a survey reads the items of an inventory: behind a credential, or below a folder of this machine."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from tidegate.errors import NoAnswerError
from tidegate.inspectors.readable import FileBytes
from tidegate.model.credential import Credential
from tidegate.net.message import Sends
from tidegate.plugins import Container, Storage, Told

Row = Mapping[str, Any]
"""An item as the inventory has it: the columns of `inventory.sampling.draw.COLUMNS`."""
Find = Callable[[str], Row | None]
"""Returns what lies beside an item under a name, or `None`."""


class ChangedError(NoAnswerError):
    """The item is another one than when it was listed, or when its first bytes were read."""


class Reads:
    """Reads one item, range by range, and sees to it that they are all of one and the same object."""

    def __init__(self, read: Callable[[int, int, Callable[[Told], None]], bytes]) -> None:
        """read: returns bytes [start, stop), and tells what the service says of the whole."""
        self._read = read
        self._lock = threading.Lock()
        self._mark = ""
        self.size_bytes: int | None = None
        """How long it should be, then how long it is by the service's word; `None`: not known."""

    def __call__(self, start: int, stop: int) -> bytes:
        """Return bytes [start, stop). Raises `ChangedError`, and what the place raises."""
        return self._read(start, stop, self._told)

    def _told(self, told: Told) -> None:
        with self._lock:
            changed = self._mark and told.mark and told.mark != self._mark
            if told.size_bytes is not None:
                changed = changed or self.size_bytes not in (None, told.size_bytes)
                self.size_bytes = told.size_bytes
            self._mark = told.mark or self._mark
        if changed:
            raise ChangedError(_CHANGED)


_CHANGED: Final = "it was changed between listing and reading"


class Place(Protocol):
    """Where items are read."""

    salt: str
    """Goes into the draw, so that one seed draws in each place by itself."""

    def reads(self, row: Row) -> Reads:
        """Return what reads an item. It raises `RequestError` or `OSError`."""
        ...

    def path(self, row: Row) -> str:
        """Return how a report names an item."""
        ...

    def beside(self, row: Row) -> Find | None:
        """Return what finds the items beside one; `None` where that is not known."""
        ...


class Linked:
    """What a credential reaches."""

    def __init__(
        self,
        storage: Storage,
        credential: Credential,
        net: Sends,
        containers: Iterable[Container],
        file: Path,
    ) -> None:
        """containers: as the listing met them. file: the inventory."""
        self._storage = storage
        self._credential = credential
        self._net = net
        self._containers = {(each.service, each.name): each for each in containers}
        self._file = file
        self._stores: dict[tuple[str, str, str], dict[str, Any]] | None = None
        self._bundles: dict[tuple[str, str, str], dict[str, Any]] | None = None
        self._lock = threading.Lock()
        self.salt = credential.grant.account or credential.grant.container or ""

    def reads(self, row: Row) -> Reads:
        """Return what asks the service for ranges of an item."""
        return Reads(partial(self._range, row))

    def _range(self, row: Row, start: int, stop: int, told: Callable[[Told], None]) -> bytes:
        container = self._containers.get((row["service"], row["container"]))
        if container is None:
            container = Container(service=row["service"], name=row["container"])
        version = "" if row["state"] in (None, "current") else row["version"] or ""
        return self._storage.read(
            self._credential, self._net, container, row["name"], start, stop, version=version, told=told
        )

    def path(self, row: Row) -> str:
        """Return container and name, and which version where it is no current one."""
        version = row["version"] if row["state"] not in (None, "current") else None
        return f"{row['container']}/{row['name']}" + (f"?{row['state']}={version}" if version else "")

    def beside(self, row: Row) -> Find | None:
        """Return what finds the other files of a store or a bundle; `None` for what lies in none."""
        from tidegate.inventory.folder import bundles, stores  # noqa: PLC0415 - Polars, 0.3 s

        if row["state"] not in (None, "current"):
            return None
        folder, _, _ = row["name"].rpartition("/")
        with self._lock:
            if folder.endswith((".sparsebundle", ".backupbundle")):
                self._bundles = bundles(self._file) if self._bundles is None else self._bundles
                known = self._bundles
            else:
                self._stores = stores(self._file) if self._stores is None else self._stores
                known = self._stores
        files = known.get((row["service"] or "", row["container"] or "", folder))
        return None if files is None else files.get


_BAND = re.compile(r"bands/[0-9a-f]{1,12}")


class Below:
    """The files below a folder. Links are not followed, neither here nor by who listed them."""

    salt = ""

    def __init__(self, root: str, prefix: str) -> None:
        """prefix: put before every name in a report."""
        self._root = root
        self._prefix = prefix

    def reads(self, row: Row) -> Reads:
        """Return what reads a file."""
        return Reads(partial(self._range, row))

    def _range(self, row: Row, start: int, stop: int, _: Callable[[Told], None]) -> bytes:
        with FileBytes(f"{self._root}/{restored(row['name'])}") as file:
            return file.read(start, stop - start)

    def path(self, row: Row) -> str:
        """Return the path as the user would write it."""
        return self._prefix + restored(row["name"])

    def beside(self, row: Row) -> Find | None:
        """Return what finds a file of the same folder, or a band of the same bundle."""
        folder, slash, _ = row["name"].rpartition("/")

        def find(last: str) -> Row | None:
            name = f"{folder}{slash}{last}"
            if ("/" in last and _BAND.fullmatch(last) is None) or last in ("", ".", ".."):
                return None
            try:
                size = os.lstat(f"{self._root}/{restored(name)}").st_size
            except (OSError, ValueError):
                return None
            return {**row, "name": name, "size_bytes": size}

        return find


_ODD = {0xDC80 + at: 0x10FF00 + at for at in range(128)}
_BACK = {there: here for here, there in _ODD.items()}


def stored(name: str) -> str:
    """Return a file's name as a column of text can hold it: bytes that are no UTF-8 become private letters.

    A name that has such letters itself (U+10FF00 to U+10FF7F) is not found again, which is a gap.
    """
    return name if name.isascii() else name.translate(_ODD)


def restored(name: str) -> str:
    """Return the file's name again."""
    return name if name.isascii() else name.translate(_BACK)
