"""What the fake storage account holds, and the switches its owner has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.azurite import made_up_key

MADE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class Blob:
    """One row of a listing: a blob, or a version, snapshot or deleted one of the same name."""

    name: str
    content: bytes = b""
    snapshot: str = ""
    version: str = ""
    current: bool = True
    deleted: bool = False
    directory: bool = False
    tier: str = "Hot"
    content_type: str = "application/octet-stream"


@dataclass
class Container:
    """A container; its blobs in order of name."""

    blobs: list[Blob] = field(default_factory=list)
    public: str = ""
    """`blob` or `container`: what anyone may do."""
    policies: dict[str, dict[str, str]] = field(default_factory=dict)
    """Stored access policies: name -> `sp`, `st`, `se`."""


@dataclass
class Account:
    """A storage account and its owner's switches."""

    name: str
    key1: str = ""
    containers: dict[str, Container] = field(default_factory=dict)
    shares: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Share -> path of each file -> content."""
    delegation_keys: dict[str, str] = field(default_factory=dict)
    """`skoid` -> key that Entra gave out; taken away when they are revoked."""
    shared_key: bool = True
    public_access: bool = True
    hierarchical: bool = False
    versioned: bool = True
    newer: bool = False
    """Say 401 instead of 404 to who brings no credential, as newer versions do."""
    firewall: bool = False
    """Refuse this network."""
    owner: Callable[[str], bool] = lambda _: False
    """Tells by the header `Authorization` whether the owner asks, signed in with Entra."""
    failing: bool = False
    """Answer 500 to whatever passes authentication, as in an outage behind the front door."""

    def __post_init__(self) -> None:
        self.key1 = self.key1 or made_up_key(f"{self.name} key1")
