"""Listing with a presigned link."""

from __future__ import annotations

from dataclasses import replace

from tidegate.errors import RefusedError
from tidegate.net.message import Response, Sends
from tidegate.plugins import Container, Page
from tidegate.providers.s3.ask import What, gives
from tidegate.providers.s3.faults import refused
from tidegate.providers.s3.listing import PAGE_BYTES, page_of, query_for
from tidegate.providers.s3.signed import SignedLink

_NO_FURTHER = "\0"
"""The mark behind the one page of a signed listing."""


def container_of(link: SignedLink) -> Container:
    """Return the one object that a link opens, or what it lists."""
    if link.version == 0:
        return Container(service="s3", name=link.bucket, prefix=link.path.lstrip("/"), single=True)
    if link.name:
        return Container(service="s3", name=link.bucket, prefix=link.name, single=True)
    # Version 2 does not sign the prefix: whoever has the link lists the whole bucket.
    prefix = "" if link.version == 2 else link.value("prefix")
    return Container(service="s3", name=link.bucket, prefix=prefix, listable=bool(link.bucket))


def signed_page(
    link: SignedLink, net: Sends, container: Container, *, prefix: str, after: str | None, delimited: bool
) -> Page:
    """List with a link. Of version 2 the parameters are not signed: it lists the whole bucket, page by page.

    Of version 4 they are: what it was signed for is one page, and there is no other. Raises `RequestError`.
    """
    asked = f"list {container.name} with the link"
    if link.version == 2:
        more = query_for(prefix, after, delimited=delimited, past=False)
        response = net.send(link.request(net, asked=asked, more=more, max_bytes=PAGE_BYTES))
        return page_of(_listed(response, container), container.name, after=after, past=False)
    if after is not None or prefix != link.value("prefix"):
        raise RefusedError(
            f"the link lists one page of {container.name}, and is signed for no other", status=0
        )
    response = _listed(net.send(link.request(net, asked=asked, max_bytes=PAGE_BYTES)), container)
    past = b"<ListVersionsResult" in response.body[:300]
    page = page_of(response, container.name, after=None, past=past)
    # What lies in the folders that it names is as far away as the next page.
    more_there = page.after is not None or bool(page.prefixes)
    return replace(page, after=_NO_FURTHER if more_there else None)


def _listed(response: Response, container: Container) -> Response:
    if not gives(response, What.NAMES):
        raise refused(response, f"the listing of {container.name}")
    return response
