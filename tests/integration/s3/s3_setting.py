"""Credentials as the detector hands them on, and the way to whoever answers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.reach import Reach
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.audit import Memory
from tidegate.net.limits import Limits
from tidegate.net.scope import Budget, Scope
from tidegate.net.transport import Net
from tidegate.plugins import Container, Page
from tidegate.providers.s3 import PLUGIN
from tidegate.providers.s3.storage import S3Storage

QUICK = Limits(request_s=20, attempt_s=20, attempts=2, first_wait_s=0.01)


@dataclass(slots=True)
class Way:
    """A net that leads to one service, its record, and the storage that asks through it."""

    net: Net
    audit: Memory
    storage: S3Storage

    def probe(self, credential: Credential, now: datetime | None = None) -> Reach:
        return self.storage.probe(credential, self.net, now or datetime.now(UTC))

    def containers(self, credential: Credential) -> list[Container]:
        return list(self.storage.containers(credential, self.net))

    def pages(self, credential: Credential, container: Container, **options: object) -> list[Page]:
        pages = [self.storage.page(credential, self.net, container, **options)]
        while pages[-1].after is not None:
            pages.append(self.storage.page(credential, self.net, container, after=pages[-1].after, **options))
        return pages

    def names(self, credential: Credential, container: Container, **options: object) -> list[str]:
        return [name for page in self.pages(credential, container, **options) for name in page.items["name"]]

    def read(
        self, credential: Credential, container: Container, name: str, start: int, stop: int, **options: str
    ) -> bytes:
        return self.storage.read(credential, self.net, container, name, start, stop, **options)

    @property
    def asked(self) -> list[str]:
        """What for, with the status, of every request."""
        return [f"{entry.asked}: {entry.status}" for entry in self.audit.entries]

    def only_reads(self, secrets: tuple[str, ...] = ()) -> bool:
        """Tell whether nothing but GET and HEAD was sent, and no secret stands in the record."""
        text = repr(self.audit.entries)
        return {entry.method for entry in self.audit.entries} <= {"GET", "HEAD"} and not any(
            s in text for s in secrets
        )


@contextmanager
def way(endpoint: str, *names: str) -> Iterator[Way]:
    """Open a net whose scope names buckets and key ids, and this endpoint."""
    audit, storage = Memory(), S3Storage()
    scope = Scope.of(s3=names, endpoints={"s3": endpoint}, budget=Budget(requests_per_second=10_000))
    with Net(scope, owners={"s3": storage.owner}, audit=audit, limits=QUICK) as net:
        yield Way(net, audit, storage)


def found(kind: str, text: str, secret: str, **context: str) -> Credential:
    """Return what the decoder makes of a sighting."""
    sighting = Sighting(
        rule=f"aws-{kind}",
        provider="s3",
        kind=kind,
        text=Secret(text),
        secret=Secret(secret),
        context=context,
        spot=Spot("README.md", 1, 1),
    )
    grant = PLUGIN.decode(sighting, datetime.now(UTC))
    assert grant is not None
    return Credential(
        grant=grant, text=sighting.text, secret=sighting.secret, context=context, provider="s3", kind=kind
    )


def link(url: str) -> Credential:
    """Return a presigned link as it was found."""
    query = parse_qs(urlsplit(url).query)
    if "X-Amz-Signature" in query:
        return found("presigned_v4", url, query["X-Amz-Signature"][0])
    return found("presigned_v2", url, query["Signature"][0])


def key(key_id: str, secret: str, *, together: bool = False, text: str = "", **context: str) -> Credential:
    """Return an access key as it was found. together: id and secret in one text."""
    whole = text or (f"{key_id},{secret}" if together else f"aws_secret_access_key = {secret}")
    return found("access_key", whole, secret, key_id=key_id, **context)


def open_address(text: str) -> Credential:
    credential = S3Storage().target(text)
    assert credential is not None
    return credential


def altered(url: str) -> str:
    """Return a link with one character of its signature changed."""
    name = "X-Amz-Signature=" if "X-Amz-Signature=" in url else "Signature="
    at = url.index(name) + len(name) + 5
    return f"{url[:at]}{'b' if url[at] != 'b' else 'c'}{url[at + 1 :]}"
