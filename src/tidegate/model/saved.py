"""A value of a saved report and where it stands, so that every complaint can name the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import NoReturn, TypeVar

from tidegate.errors import ReportError
from tidegate.model.grant import Permission
from tidegate.records import dataclass

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")

_MAX_INTEGER = 2**63 - 1
"""What other readers of JSON can hold."""


@dataclass(frozen=True, slots=True)
class Node:
    """Every method raises `ReportError` when the value is not what it is read as."""

    value: object
    path: str

    def fail(self, what: str) -> NoReturn:
        raise ReportError(f"the saved report is wrong at {self.path or 'its top'}: {what}")

    def need(self, key: str) -> Node:
        """Return the member, which must be there (it may be null)."""
        child = f"{self.path}.{key}" if self.path else key
        if not isinstance(self.value, dict):
            self.fail("is no object")
        if key not in self.value:
            Node(None, child).fail("is missing")
        return Node(self.value[key], child)

    def get(self, key: str, default: object) -> Node:
        """Return the member, or a node of `default` when an older or leaner writer left it out."""
        if isinstance(self.value, dict) and key not in self.value:
            return Node(default, f"{self.path}.{key}" if self.path else key)
        return self.need(key)

    def optional(self, read: Callable[[Node], _T]) -> _T | None:
        return None if self.value is None else read(self)

    def text(self) -> str:
        return self.value if isinstance(self.value, str) else self.fail("is no text")

    def integer(self) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            return self.fail("is no whole number")
        return self.value if 0 <= self.value <= _MAX_INTEGER else self.fail("is out of range")

    def share(self) -> float:
        """Read a number from 0 to 1."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return self.fail("is no number")
        # NaN is neither.
        return float(self.value) if 0 <= self.value <= 1 else self.fail("is not between 0 and 1")

    def number(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self.fail("is not a number")
        if not 0 <= self.value <= 100:
            self.fail("is not between 0 and 100")
        return float(self.value)

    def boolean(self) -> bool:
        return self.value if isinstance(self.value, bool) else self.fail("is neither true nor false")

    def instant(self) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text())
            return moment.astimezone(UTC) if moment.tzinfo else self.fail("has no time zone")
        except (ValueError, OverflowError):
            return self.fail("is no instant like 2026-11-24T18:00:00Z")

    def member(self, kind: type[_E]) -> _E:
        try:
            return kind(self.text())
        except ValueError:
            return self.fail(f"is none of {', '.join(kind)}")

    def items(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            self.fail("is no list")
        for number, each in enumerate(self.value):
            yield Node(each, f"{self.path}[{number}]")

    def entries(self) -> Iterator[tuple[str, Node]]:
        if not isinstance(self.value, dict):
            self.fail("is no object")
        for key, each in self.value.items():
            yield key, Node(each, f"{self.path}.{key}")

    def texts(self) -> tuple[str, ...]:
        return tuple(each.text() for each in self.items())

    def permission(self) -> Permission:
        """Read a word we do not know, written by a later version, as UNKNOWN: never as nothing."""
        word = self.text()
        return Permission(word) if word in set(Permission) else Permission.UNKNOWN

    def permissions(self) -> tuple[Permission, ...]:
        return tuple(each.permission() for each in self.items())
