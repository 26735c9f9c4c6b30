"""A request and its answer. Secrets stand apart from what may be logged: nothing has to be masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Protocol

from tidegate.model.secret import Secret
from tidegate.records import dataclass, field

METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One read. There is no other verb."""

    method: Literal["GET", "HEAD"] = "GET"
    provider: str
    """Whose `owner` function says what the address belongs to: `azure`, `s3`, `gcs`."""
    name: str
    """Account or bucket that is asked; for a request to no bucket, the id of the key. Must be in scope."""
    url: str
    """Scheme, host, path and the harmless part of the query: this is what the audit log shows."""
    secret_query: Secret | None = None
    """The rest of the query, already encoded, e.g. a shared access signature. Never logged."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict)
    """`Authorization` and the like. Never logged."""
    host: str | None = None
    """`Host` header, where it differs from the URL: a link signed for the name that an endpoint replaces."""
    max_bytes: int = 1 << 20
    """The body is cut there, and `Response.truncated` says so."""
    asked: str = ""
    """What it is for, in plain words, for the audit log: `list one container`."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError("there is no other verb than GET and HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back, whole or cut at `Request.max_bytes`. Redirects are not followed: they are answers."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case; of repeated ones the last."""
    body: bytes = field(repr=False)
    """As it came: never decompressed. An object that was stored compressed is compressed."""
    truncated: bool = False
    url: str = ""
    """The request's `url`: without secrets."""

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text; `name` in lower case."""
        return self.headers.get(name, "")


class Sends(Protocol):
    """What providers see of the network; `tidegate.net.transport.Net` is the real one."""

    def send(self, request: Request) -> Response:
        """Send one request and return the answer, whatever its status. Blocking; safe from many threads.

        Raises `OutOfScopeError` before anything is sent, `NoAnswerError` when nothing readable came back,
        `BudgetError` when what the user allowed is used up. 429, 500, 502, 503 and 504 have been tried again
        before they are returned.
        """
        ...

    @property
    def requests(self) -> int:
        """Requests so far, each try counted."""
        ...

    @property
    def bytes_read(self) -> int:
        """Bytes of bodies so far."""
        ...

    @property
    def bytes_left(self) -> int | None:
        """Bytes of bodies that may still be read; `None`: as many as there are."""
        ...

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        """Return where to send requests meant for `host`: there, or to the endpoint of the scope file.

        service: `blob`, `dfs`, `file`, `queue`, `table`, `s3`, `gcs`. Raises `OutOfScopeError`.
        """
        ...

    def named(self, provider: str) -> tuple[str, ...]:
        """Return the accounts, buckets and key ids that the scope names without a wildcard.

        A key is tried on these even where it may not list what there is.
        """
        ...


@dataclass(frozen=True, slots=True)
class Base:
    """Where a service is: URLs begin with `url`, which has no slash at its end."""

    url: str
    host: str | None = None
    """`Host` header to send, when an endpoint stands for another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One request that changes something."""

    method: str
    provider: str
    name: str
    """Account or bucket; must be in scope."""
    url: str
    """Whole, without any secret."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    host: str | None = None
    """`Host` header, where an endpoint stands for another name: see `Base`."""
    asked: str
    """What it changes, in plain words, for the audit log."""


class Writes(Protocol):
    """What providers see of the way out for writes; `tidegate.net.writer.Writer` is the real one."""

    def announce(self, method: str, url: str) -> None:
        """Say that one such request will be sent; `send` refuses all others."""
        ...

    def send(self, write: Write) -> Response:
        """Send it once and return the answer, whatever its status.

        Raises `OutOfScopeError` before anything is sent, `NoAnswerError` when it is not known whether the
        service did it.
        """
        ...
