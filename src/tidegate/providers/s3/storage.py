"""Asking S3 and what speaks its language: probing, listing and reading; see `tidegate.plugins.Storage`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

from tidegate.errors import NoAnswerError, RequestError
from tidegate.model.credential import Credential
from tidegate.model.grant import Grant, Scope
from tidegate.model.reach import Reach
from tidegate.net.message import Response, Sends
from tidegate.plugins import Container, Page, Told
from tidegate.providers._link import read_link
from tidegate.providers.s3.access import Access, access_of, needs_token
from tidegate.providers.s3.ask import FIRST_BYTE, What, gives
from tidegate.providers.s3.buckets import every_bucket
from tidegate.providers.s3.faults import refused
from tidegate.providers.s3.keys import public_url
from tidegate.providers.s3.listing import PAGE_BYTES, page_of, query_for, single
from tidegate.providers.s3.owner import owner
from tidegate.providers.s3.probe_key import named_buckets, probe_key
from tidegate.providers.s3.probe_link import probe_link
from tidegate.providers.s3.probe_open import list_one, probe_open
from tidegate.providers.s3.ranges import range_of
from tidegate.providers.s3.signed import SignedLink, signed_link
from tidegate.providers.s3.signed_listing import container_of, signed_page
from tidegate.providers.s3.verdict import unasked

_NEVER_ASKED = {
    "access_key_id": "a key's id without its secret: there is nothing to ask with",
    "post_policy": "granted, not tried: it is for uploading only",
}
_MOST_PLACES = 10_000


class S3Storage:
    """Amazon S3 and compatible services. Remembers in which region a bucket turned out to be."""

    id = "s3"

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, str], Access] = OrderedDict()
        self._lock = Lock()

    def owner(self, url: str, host: str | None) -> str | None:
        return owner(url, host)

    def target(self, text: str) -> Credential | None:
        """Read `s3://bucket/prefix`, or the address of a bucket or object without any signature."""
        link = read_link(text)
        if link.scheme not in ("s3", "s3a", "s3n", "https", "http") or not link.host:
            return None
        by_name = link.scheme.startswith("s3")
        if any(name in link.values for name in ("x-amz-signature", "signature", "x-amz-credential")):
            return None
        grant = public_url(link)
        if grant is None or grant.provider == "gcp" or not (by_name or grant.facts.get("service")):
            return None
        if by_name or (grant.key or "").endswith("/"):
            grant = replace(grant, scope=Scope.DIRECTORY if grant.key else Scope.CONTAINER)
        return Credential(grant=grant, provider="s3", kind="public_url")

    def probe(self, credential: Credential, net: Sends, now: datetime) -> Reach:
        grant = credential.grant
        access = access_of(credential)
        if _by_anyone(credential):
            return probe_open(access.without_key(), grant, net, now)
        if grant.kind in _NEVER_ASKED:
            return unasked(_NEVER_ASKED[grant.kind], grant, now)
        if grant.kind == "access_key":
            if access.key is None:
                return unasked("the id of the key is not known, or the secret is none", grant, now)
            return probe_key(access, access.key, credential, net, now)
        link = signed_link(credential)
        if link is None:
            return unasked("the link names no host to ask", grant, now)
        return probe_link(link, grant, net, now)

    def containers(self, credential: Credential, net: Sends) -> Iterator[Container]:
        grant = credential.grant
        access, link = access_of(credential), _link(credential)
        if link is not None:
            if not link.of_settings:
                yield container_of(link)
            return
        if _by_anyone(credential):
            yield self._open_container(access.without_key(), grant, net)
            return
        if grant.kind in _NEVER_ASKED or access.key is None:
            return
        if needs_token(access.key):
            raise NoAnswerError("the token of the session that the key belongs to was not seen")
        yield from self._of_key(access, credential, net)

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
        if container.single:
            return self._single(credential, net, container)
        prefix = prefix or container.prefix
        link = _link(credential)
        if link is not None:
            return signed_page(link, net, container, prefix=prefix, after=after, delimited=delimited)
        query = query_for(prefix, after, delimited=delimited, past=past)
        asked = f"list {container.name}"
        response = self._send(
            self._access(credential),
            net,
            asked=asked,
            bucket=container.name,
            query=query,
            max_bytes=PAGE_BYTES,
        )
        if not gives(response, What.NAMES):
            raise refused(response, f"the listing of {container.name}")
        return page_of(response, container.name, after=after, past=past)

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
        asked, span = f"read {name[:200]}", f"bytes={start}-{stop - 1}"
        # A refusal has to fit as well.
        limit = max(stop - start, 4096)
        link = _link(credential)
        if link is not None:
            if name != link.name or version not in ("", link.value("versionid")):
                raise RequestError("the link opens another object than this one")
            response = net.send(link.request(net, asked=asked, byte_range=span, max_bytes=limit))
        else:
            response = self._send(
                self._access(credential),
                net,
                asked=asked,
                bucket=container.name,
                name=name,
                query={"versionId": version} if version else None,
                headers={"range": span},
                max_bytes=limit,
            )
        return range_of(response, name, start, stop, told)

    def _access(self, credential: Credential) -> Access:
        access = access_of(credential)
        return access.without_key() if _by_anyone(credential) else access

    def _send(self, access: Access, net: Sends, *, asked: str, bucket: str, **what: Any) -> Response:
        """Send a request to a bucket, in the region in which it was found before, or is said to be now."""
        place = (access.where.host, bucket)
        with self._lock:
            found = self._found.get(place)
        if found is not None:
            access = replace(access, where=found.where, ahead=found.ahead)
        response = net.send(access.request(net, asked=asked, bucket=bucket, **what))
        better = access.corrected(response)
        if better is None:
            return response
        with self._lock:
            self._found[place] = replace(better, key=None)
            while len(self._found) > _MOST_PLACES:
                self._found.popitem(last=False)
        return net.send(better.request(net, asked=asked, bucket=bucket, **what))

    def _of_key(self, access: Access, credential: Credential, net: Sends) -> Iterator[Container]:
        """Yield all buckets where the key may list them; else what may be asked for by name and answers."""
        seen: set[str] = set()
        refusal: RequestError | None = None
        try:
            for name in every_bucket(net, access):
                seen.add(name)
                yield Container(service="s3", name=name)
        except RequestError as error:
            if seen:
                raise
            refusal = error
        for name in named_buckets(net, access, credential):
            if name not in seen and list_one(net, access, name)[-1].given:
                seen.add(name)
                yield Container(service="s3", name=name)
        if not seen and refusal is not None:
            raise refusal

    def _open_container(self, access: Access, grant: Grant, net: Sends) -> Container:
        """Return the bucket, or what is below a prefix; the one object where the bucket shows no names."""
        if not grant.container:
            raise NoAnswerError("the address names no bucket")
        if grant.scope is Scope.OBJECT and grant.key:
            if not list_one(net, access, grant.container)[-1].given:
                return Container(service="s3", name=grant.container, prefix=grant.key, single=True)
            return Container(service="s3", name=grant.container)
        return Container(service="s3", name=grant.container, prefix=grant.key or "")

    def _single(self, credential: Credential, net: Sends, container: Container) -> Page:
        name, asked = container.prefix, f"read one byte of {container.prefix[:200]}"
        link = _link(credential)

        def ask(span: dict[str, str]) -> Response:
            if link is not None:
                wanted = span.get("range", "")
                return net.send(link.request(net, asked=asked, byte_range=wanted, max_bytes=4096))
            access = self._access(credential)
            return self._send(
                access, net, asked=asked, bucket=container.name, name=name, headers=span, max_bytes=4096
            )

        response = ask({"range": FIRST_BYTE})
        if response.status == 416:
            response = ask({})
        if not gives(response, What.CONTENT):
            raise refused(response, "the object")
        return Page(items=single(response, container.name, name))


def _by_anyone(credential: Credential) -> bool:
    """Tell whether nothing secret is to be sent. The text of an address counts as its secret elsewhere."""
    return credential.anonymous or credential.grant.kind == "anonymous"


def _link(credential: Credential) -> SignedLink | None:
    if _by_anyone(credential) or credential.grant.kind not in ("presigned_url", "signed_url"):
        return None
    return signed_link(credential)


STORAGE = S3Storage()
