"""The list of all buckets that a key may see."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from tidegate.errors import NoAnswerError
from tidegate.net.message import Response, Sends
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.ask import Heard, What, gives, hear_by
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.faults import fault_of, refused

PAGE: Final = 1000
PAGE_BYTES: Final = 1 << 20
"""A bucket takes about 150 bytes of a page."""
_BUCKET = re.compile(rb"<Bucket>(?:\s*<[A-Za-z]{1,20}>[^<]*</[A-Za-z]{1,20}>){1,10}\s*</Bucket>")
_NAME = re.compile(rb"<Name>\s*([A-Za-z0-9][A-Za-z0-9._-]{1,254})\s*</Name>")
_NEXT = re.compile(rb"<ContinuationToken>([^<]{1,2048})</ContinuationToken>")


def hear_buckets(net: Sends, access: Access, most: int) -> list[Heard]:
    """Ask for a few buckets, to see whether they are listed at all.

    Raises `OutOfScopeError` when the scope does not name the key's id.
    """

    def ask(by: Access, query: dict[str, str]) -> list[Heard]:
        return hear_by(
            net,
            by,
            What.BUCKETS,
            lambda by: by.request(net, asked="list the buckets", query=query, max_bytes=PAGE_BYTES),
        )

    heard = ask(access, {"max-buckets": str(most)})
    if heard[-1].means is Means.UNFIT:
        # The parameter is of 2024, and some services take none that they do not know.
        heard += ask(heard[-1].access or access, {})
    return heard


def every_bucket(net: Sends, access: Access) -> Iterator[str]:
    """Yield the names of all buckets, page by page. Raises `RequestError`."""
    query, seen = {"max-buckets": str(PAGE)}, set[str]()
    while True:
        request = access.request(net, asked="list the buckets", query=query, max_bytes=PAGE_BYTES)
        response = net.send(request)
        better = access.corrected(response)
        if better is not None:
            access = better
            request = access.request(net, asked="list the buckets", query=query, max_bytes=PAGE_BYTES)
            response = net.send(request)
        if response.status >= 400 and "max-buckets" in query and _unfit(response):
            del query["max-buckets"]
            continue
        if not gives(response, What.BUCKETS):
            raise refused(response, "the list of buckets")
        if response.truncated:
            raise NoAnswerError(f"a page of the list of buckets is larger than {PAGE_BYTES >> 20} MiB")
        names = [name for name in bucket_names(response.body) if name not in seen]
        yield from names
        seen.update(names)
        following = _NEXT.search(response.body)
        if following is None:
            return
        if not names:
            raise NoAnswerError("the list of buckets says that it goes on, but nothing new comes")
        query["continuation-token"] = html.unescape(following[1].decode("utf-8", "replace"))


def _unfit(response: Response) -> bool:
    return fault_of(response).meaning.means is Means.UNFIT


def bucket_names(body: bytes) -> list[str]:
    """Return the names in one page, in its order."""
    found = (_NAME.search(bucket) for bucket in _BUCKET.findall(body))
    return [name[1].decode("ascii") for name in found if name is not None]
