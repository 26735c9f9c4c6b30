"""Pages of what a link opens: one object, told by the headers of a ranged read; or a signed listing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.net.message import Request, Response
from tidegate.plugins import Container, Page
from tidegate.providers.gcs.answers import expect, is_answer, is_byte, refusal, total_bytes
from tidegate.providers.gcs.items import Rows, hex_md5
from tidegate.providers.gcs.link_api import LinkApi
from tidegate.providers.gcs.xml_api import read_page

_SECOND: Final = "second page"
"""The mark behind a signed listing that is longer than one page."""


def object_page(
    send: Callable[[Request], Response], ask: Callable[[bool], Request], container: Container
) -> Page:
    """Return a page of the one object that is reached. Raises `RequestError`.

    ask: makes the request for its first byte, or, for `True`, one without a range.
    """
    response = send(ask(False))
    if response.status == 416:
        response = send(ask(True))
    if not is_byte(response):
        raise refusal(response, "read the object")
    size = total_bytes(response)
    if size is None:
        raise NoAnswerError("the service does not tell the size of the object")
    rows = Rows(container.name)
    rows.add(
        name=container.prefix,
        state="current",
        size_bytes=str(size),
        modified_at=_instant(response.header("last-modified")),
        content_type=response.header("content-type") or None,
        tier=response.header("x-goog-storage-class") or None,
        etag=response.header("etag").strip('"') or None,
        md5=_md5(response.header("x-goog-hash")),
        version=response.header("x-goog-generation") or None,
    )
    return Page(items=rows.frame())


def signed_page(link: LinkApi, container: Container, after: str | None) -> Page:
    """Return the listing that the link is signed for. Raises `RequestError`, at a second page too.

    Another page would need a parameter that is not signed.
    """
    if after is not None:
        raise RefusedError(
            "the link is signed for the first page of the listing only", status=403, hint="There is more."
        )
    page = read_page(expect(link.net.send(link.ask()), is_answer, "list objects"), container.name)
    return Page(items=page.items, prefixes=page.prefixes, after=None if page.after is None else _SECOND)


def _md5(text: str) -> str | None:
    """Find it in `crc32c=…,md5=…`."""
    parts = (part.strip().partition("=") for part in text.split(","))
    return next((hex_md5(value) for name, _, value in parts if name == "md5"), None)


def _instant(text: str) -> str | None:
    """Turn an HTTP date into the form of the listings; `None` for what is none."""
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return None
    whole: datetime = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.000Z")
