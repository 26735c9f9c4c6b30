"""A `Net` that asks one server on this machine, and how its requests look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tidegate.net.audit import Memory
from tidegate.net.limits import Budget, Limits
from tidegate.net.message import Request
from tidegate.net.scope import Scope
from tidegate.net.transport import Net

QUICK = Limits(
    request_s=1.5,
    attempt_s=0.5,
    connect_s=0.5,
    idle_s=0.3,
    attempts=3,
    first_wait_s=0.01,
    longest_wait_s=1.0,
)


def owner(url: str, host: str | None) -> str | None:
    """Know `NAME.blob.core.windows.net`, as the guard asks it of every provider."""
    name, _, rest = (urlsplit(url).hostname or "").partition(".")
    return name if rest == "blob.core.windows.net" else None


OWNERS = {"azure": owner, "s3": owner, "gcs": owner}


@contextmanager
def net_to(
    port: int, *, limits: Limits = QUICK, budget: Budget | None = None, scheme: str = "http", **more: Any
) -> Iterator[tuple[Net, Memory]]:
    """Open a `Net` whose scope is the account `acct`, at this port."""
    audit = more.pop("audit", None) or Memory()
    scope = Scope.of(
        azure=["acct"],
        endpoints={"azure": f"{scheme}://127.0.0.1:{port}/{{account}}"},
        budget=budget or Budget(requests_per_second=1000),
        ca=more.pop("ca", None),
    )
    with Net(scope, owners=OWNERS, audit=audit, limits=limits, **more) as net:
        yield net, audit


def ask(port: int, path: str = "/c?comp=list", scheme: str = "http", **more: Any) -> Request:
    """Return a request to the server."""
    return Request(provider="azure", name="acct", url=f"{scheme}://127.0.0.1:{port}/acct{path}", **more)
