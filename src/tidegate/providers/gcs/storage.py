"""Asks Cloud Storage and Firebase, only to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tidegate.errors import OutOfScopeError, RefusedError
from tidegate.model.credential import Credential
from tidegate.model.reach import Reach
from tidegate.net.message import Request, Sends
from tidegate.plugins import Container, Page, Told
from tidegate.providers._link import read_link
from tidegate.providers.gcs.access import Api, api_of
from tidegate.providers.gcs.answers import bytes_of, is_byte, total_bytes
from tidegate.providers.gcs.firebase_api import RULES, FirebaseApi, is_firebase
from tidegate.providers.gcs.link_api import LinkApi, link_api
from tidegate.providers.gcs.links import public_url
from tidegate.providers.gcs.listing import object_page, signed_page
from tidegate.providers.gcs.owner import is_bucket, owner
from tidegate.providers.gcs.probe_key import probe_key, probe_nobody
from tidegate.providers.gcs.probe_link import probe_link

LINKS: Final = frozenset({"signed_url", "download_token"})
"""Kinds of grants that are one request, already signed."""
_SIGNED: Final = ("x-goog-signature", "x-amz-signature", "signature", "token")


class GcsStorage:
    """See `tidegate.plugins.Storage`. Holds nothing but its clock."""

    id = "gcs"

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """clock: what the signatures of listings and reads are dated with."""
        self._clock = clock

    def owner(self, url: str, host: str | None) -> str | None:
        return owner(url, host)

    def target(self, text: str) -> Credential | None:
        link = read_link(text)
        if any(link.get(name) for name in _SIGNED):
            return None
        if link.scheme == "gs":
            bucket = link.host
        elif link.scheme in ("https", "http"):
            bucket = owner(text.partition("?")[0], None) or ""
        else:
            return None
        grant = public_url(link)
        if grant is None or grant.container != bucket or not is_bucket(bucket):
            return None
        return Credential(grant=grant, context={"bucket": bucket}, provider="gcs", kind="public_url")

    def probe(self, credential: Credential, net: Sends, now: datetime) -> Reach:
        if credential.anonymous:
            return probe_nobody(credential, net, now)
        if credential.grant.kind in LINKS:
            return probe_link(credential, net, now)
        return probe_key(credential, net, now)

    def containers(self, credential: Credential, net: Sends) -> Iterator[Container]:
        grant = credential.grant
        bucket, key = grant.container or credential.context.get("bucket", ""), grant.key or ""
        if self._is_link(credential):
            link = self._link(credential, net)
            yield Container(service="gcs", name=link.bucket, prefix=key, single=not link.lists)
            return
        api = api_of(credential, net, self._clock())
        if credential.anonymous:
            yield _open_container(api, net, bucket, key, grant.endpoint)
            return
        for name in _buckets(api, net, bucket):
            yield Container(service="gcs", name=name)

    def page(
        self,
        credential: Credential,
        net: Sends,
        container: Container,
        *,
        prefix: str = "",
        delimited: bool = False,
        after: str | None = None,
        past: bool = False,
        ahead: Callable[[str], None] | None = None,
    ) -> Page:
        del ahead  # where the next page begins is not known before this one is read
        if self._is_link(credential):
            link = self._link(credential, net)
            if link.lists:
                return signed_page(link, container, after)
            return object_page(net.send, lambda whole: link.ask(whole=whole), container)
        api = self._api(credential, net, container)
        if container.single:

            def ask(whole: bool) -> Request:
                return api.ask_read(container.name, container.prefix, whole=whole)

            return object_page(net.send, ask, container)
        wanted = prefix or container.prefix
        return api.page(container.name, prefix=wanted, delimited=delimited, after=after, past=past)

    def read(
        self,
        credential: Credential,
        net: Sends,
        container: Container,
        name: str,
        start: int,
        stop: int,
        *,
        version: str = "",
        told: Callable[[Told], None] | None = None,
    ) -> bytes:
        if stop <= start:
            return b""
        if self._is_link(credential):
            request = self._link(credential, net).ask(start, stop)
        else:
            api = self._api(credential, net, container)
            request = api.ask_read(container.name, name, start, stop, version)
        response = net.send(request)
        data = bytes_of(response, start, stop)
        if told is not None and response.status == 206:
            told(Told(size_bytes=total_bytes(response), mark=response.header("x-goog-generation")))
        return data

    def _api(self, credential: Credential, net: Sends, container: Container) -> Api:
        return FirebaseApi(net=net) if container.public == RULES else api_of(credential, net, self._clock())

    @staticmethod
    def _is_link(credential: Credential) -> bool:
        return not credential.anonymous and credential.grant.kind in LINKS

    @staticmethod
    def _link(credential: Credential, net: Sends) -> LinkApi:
        link = link_api(credential, net)
        if link is None:
            raise RefusedError("the link names no bucket", status=0)
        return link


def _open_container(api: Api, net: Sends, bucket: str, key: str, endpoint: str | None) -> Container:
    """Return how anyone gets at it: by the bucket's roles, by Firebase's rules, or one object only."""
    found = Container(service="gcs", name=bucket, prefix=key)
    if _lists(api, net, bucket, key):
        return found
    door = FirebaseApi(net=net) if is_firebase(bucket, endpoint) else None
    if door is not None and _lists(door, net, bucket, key):
        return replace(found, public=RULES)
    if not key or key.endswith("/"):
        return found
    if door is not None and not is_byte(net.send(api.ask_read(bucket, key))):
        return replace(found, public=RULES, single=True)
    return replace(found, single=True)


def _buckets(api: Api, net: Sends, bucket: str) -> Iterator[str]:
    """Yield all buckets that the key may list; else those that are named and let it list."""
    names: list[str] | None = None
    try:
        names = list(api.bucket_names())
    except (OutOfScopeError, RefusedError):
        names = None
    if names is not None:
        yield from dict.fromkeys([*names, *([bucket] if is_bucket(bucket) else [])])
        return
    for name in dict.fromkeys([bucket, *net.named("gcs")]):
        if name != api.account and is_bucket(name) and _lists(api, net, name, ""):
            yield name


def _lists(api: Api, net: Sends, bucket: str, prefix: str) -> bool:
    return api.is_list(net.send(api.ask_list(bucket, prefix)))


STORAGE = GcsStorage()
"""Asks Cloud Storage and Firebase."""
