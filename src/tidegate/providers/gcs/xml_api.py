"""The XML API with an HMAC key: requests, and what their answers hold.

Sources: cloud.google.com/storage/docs/xml-api/get-bucket-list, …/get-service-list, …/get-object-download. The
first form of the listing, with `marker`, is used: it is the one that lists versions too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from tidegate.errors import NoAnswerError
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Response, Sends
from tidegate.plugins import Page
from tidegate.providers.gcs.answers import expect, is_answer, range_header
from tidegate.providers.gcs.faults import ROOM
from tidegate.providers.gcs.items import Rows, number
from tidegate.providers.gcs.json_api import LONGEST_PAGE, PAGE_ITEMS, refuse_dots
from tidegate.providers.gcs.owner import STORAGE_HOST
from tidegate.providers.gcs.sign import canonical_query, flipped, hmac_headers
from tidegate.providers.gcs.xmltree import Element, XmlError, read_xml

_LISTS: Final = ("ListBucketResult", "ListVersionsResult")
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_ROOT: Final = re.compile(rb"\s*(?:<\?xml[^>]*\?>)?\s*<(?:ListBucketResult|ListVersionsResult)[\s>/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlApi:
    """Asks with an HMAC key."""

    net: Sends
    key_id: str
    secret: Secret
    now: datetime

    @property
    def account(self) -> str:
        """What a request for the list of buckets goes by."""
        return self.key_id

    def flipped(self) -> XmlApi:
        """Return the same with another secret, so that no signature is right."""
        return replace(self, secret=Secret(flipped(self.secret.reveal())))

    def ask_buckets(self) -> Request | None:
        """Ask for the names of the buckets of the key's project."""
        return self._get(self.key_id, "/", [], asked="list the buckets of the project")

    def ask_list(self, bucket: str, prefix: str = "") -> Request:
        """Ask for one object."""
        query = [("max-keys", "1"), ("prefix", prefix), ("encoding-type", "url")]
        return self._get(bucket, f"/{bucket}", query, asked="list one object")

    def ask_read(
        self, bucket: str, name: str, start: int = 0, stop: int = 1, version: str = "", *, whole: bool = False
    ) -> Request:
        """Ask for the bytes [start, stop) of an object. whole: without saying so, cut all the same.

        Raises `NoAnswerError` for a name with `..` between slashes, which no address can hold.
        """
        refuse_dots(name)
        asked = "read one byte" if stop - start == 1 else f"read {stop - start} bytes"
        path = f"/{bucket}/{quote(name, safe='/')}"
        headers = {} if whole else range_header(start, stop)
        query = [("generation", version)]
        return self._get(bucket, path, query, headers=headers, max_bytes=max(stop - start, ROOM), asked=asked)

    def ask_rights(self, bucket: str) -> Request | None:  # noqa: ARG002
        """Return `None`: this API does not tell the rights."""
        return None

    def rights(self, response: Response) -> tuple[str, ...] | None:  # noqa: ARG002
        """Return `None`, as `ask_rights`."""
        return None

    def is_list(self, response: Response) -> bool:
        """Tell whether it is a listing of objects, by its root element."""
        return is_list(response)

    def is_buckets(self, response: Response) -> bool:
        """Tell whether it is a listing of buckets, by its root element."""
        return response.status == 200 and _root_name(response.body) == "ListAllMyBucketsResult"

    def first(self, response: Response) -> str:
        """Return the name of the object in an answer to `ask_list`, or an empty text."""
        root = _root(response.body)
        encoded = root.get("EncodingType") == "url"
        return next((_name(each.get("Key"), encoded=encoded) for each in root.all("Contents")), "")

    def bucket_names_in(self, response: Response) -> list[str]:
        """Return the names in an answer to `ask_buckets`."""
        groups = _root(response.body).all("Buckets")
        return [name for group in groups for each in group.all("Bucket") if (name := each.get("Name"))]

    def bucket_names(self) -> Iterator[str]:
        """Yield the names of all buckets, which this API lists in one answer. Raises `RequestError`."""
        asked = "list the buckets of the project"
        response = self.net.send(self._get(self.key_id, "/", [], max_bytes=LONGEST_PAGE, asked=asked))
        expect(response, self.is_buckets, "list the buckets")
        yield from self.bucket_names_in(response)

    def page(self, bucket: str, *, prefix: str, delimited: bool, after: str | None, past: bool) -> Page:
        """List one page. Raises `RequestError`."""
        name, generation = _mark(after)
        query = [
            ("max-keys", str(PAGE_ITEMS)),
            ("encoding-type", "url"),
            ("prefix", prefix),
            ("delimiter", "/" if delimited else ""),
            ("marker", name),
            ("generation-marker", generation if past else ""),
        ]
        if past:
            query.append(("versions", "true"))
        request = self._get(bucket, f"/{bucket}", query, max_bytes=LONGEST_PAGE, asked="list one page")
        return read_page(
            expect(self.net.send(request), is_answer, "list objects"), bucket, after=(name, generation)
        )

    def _get(
        self,
        name: str,
        path: str,
        pairs: list[tuple[str, str]],
        *,
        asked: str,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 1 << 20,
    ) -> Request:
        base = self.net.base("gcs", name, "gcs", STORAGE_HOST)
        query = canonical_query([(key, value) for key, value in pairs if value])
        host = base.host or urlsplit(base.url).netloc
        plain, signed = hmac_headers(
            self.key_id, self.secret, host=host, path=path, query=query, now=self.now
        )
        return Request(
            provider="gcs",
            name=name,
            url=f"{base.url}{path}{'?' if query else ''}{query}",
            host=base.host,
            headers={**plain, **(headers or {})},
            secret_headers={"authorization": signed},
            max_bytes=max_bytes,
            asked=asked,
        )


def is_list(response: Response) -> bool:
    """Tell whether it is a listing of objects; one that was cut is known by how it begins."""
    if response.status != 200:
        return False
    if response.truncated:
        return _ROOT.match(response.body[:1024]) is not None
    return _root_name(response.body) in _LISTS


def read_page(body: bytes, bucket: str, *, after: tuple[str, str] = ("", "")) -> Page:
    """Read a listing. after: name and generation behind which it begins. Raises `NoAnswerError`."""
    root = _root(body)
    if root.name not in _LISTS:
        raise NoAnswerError("asked to list objects, the service sends something else")
    encoded = root.get("EncodingType") == "url"
    rows = Rows(bucket)
    passed = (after[0], int(after[1] or 0))
    if "Contents" in root.fields or "Version" in root.fields:
        raise NoAnswerError("the listing holds an object without a name")
    for each in root.children:
        if each.name not in ("Contents", "Version"):
            continue
        name, generation = _name(each.get("Key"), encoded=encoded), each.get("Generation")
        if not name:
            raise NoAnswerError("the listing holds an object without a name")
        behind = number(generation) if generation and after[1] else 0
        if after[0] and (name, behind) <= passed:
            continue
        tag = each.get("ETag").strip('"')
        rows.add(
            name=name,
            state="version" if each.get("IsLatest") == "false" or each.get("DeletedTime") else "current",
            size_bytes=each.get("Size"),
            modified_at=each.get("LastModified") or None,
            tier=each.get("StorageClass") or None,
            etag=tag or None,
            # The tag of an object that was uploaded in one piece is its MD5.
            md5=tag if _MD5.fullmatch(tag) else None,
            version=generation or None,
        )
    for group in root.all("CommonPrefixes"):
        each_prefix = _name(group.get("Prefix"), encoded=encoded)
        if each_prefix and each_prefix > after[0]:
            rows.prefixes.append(each_prefix)
    more = root.get("IsTruncated") == "true"
    if more and not rows.told["name"] and not rows.prefixes:
        raise NoAnswerError("the listing does not go on behind the mark")
    return Page(items=rows.frame(), prefixes=tuple(rows.prefixes), after=_next(rows) if more else None)


def _next(rows: Rows) -> str:
    name, generation = rows.last
    if rows.prefixes and rows.prefixes[-1] > name:
        # Behind a marker that is a prefix, the service goes on behind all that lies below it.
        name, generation = rows.prefixes[-1], ""
    return json.dumps([name, generation])


def _mark(text: str | None) -> tuple[str, str]:
    if text is None:
        return "", ""
    try:
        name, generation = json.loads(text)
        return str(name), str(int(generation)) if generation else ""
    except (ValueError, TypeError, RecursionError):
        raise NoAnswerError("the mark to go on from is none of this service's") from None


def _root(body: bytes) -> Element:
    try:
        return read_xml(body)
    except XmlError as why:
        raise NoAnswerError(f"the service answers with something that is not its XML: {why}") from None


def _root_name(body: bytes) -> str:
    try:
        return read_xml(body).name
    except XmlError:
        return ""


def _name(text: str, *, encoded: bool) -> str:
    """Undo `encoding-type=url`; what is no UTF-8 then is no name, and empty."""
    if not encoded:
        return text
    try:
        return unquote(text.replace("+", "%20"), errors="strict")
    except UnicodeDecodeError:
        return ""
