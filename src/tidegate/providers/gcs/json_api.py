"""The JSON API, for service-account keys and for anyone: requests, and what their answers hold.

Sources: cloud.google.com/storage/docs/json_api/v1/objects/list, …/buckets/list, …/objects/get,
…/buckets/testIamPermissions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Any, Final
from urllib.parse import quote, urlencode

from tidegate.errors import NoAnswerError
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Response, Sends
from tidegate.plugins import Page
from tidegate.providers.gcs.answers import expect, is_answer, range_header
from tidegate.providers.gcs.faults import ROOM, as_object
from tidegate.providers.gcs.items import Rows, after_prefix, hex_md5, number
from tidegate.providers.gcs.owner import STORAGE_HOST
from tidegate.providers.gcs.sign import flipped

PAGE_ITEMS: Final = 1000
"""The most that the service gives at once."""
LONGEST_PAGE: Final = 16 << 20
"""Bytes of one page: 1,000 names of 1,024 bytes, each written as six, and the rest."""
MOST_STEPS: Final = 64
"""Pages that one call follows while they bring nothing new: an object with 64,000 generations."""

RIGHTS: Final = (
    "storage.buckets.get",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
    "storage.buckets.delete",
    "storage.objects.list",
    "storage.objects.get",
    "storage.objects.create",
    "storage.objects.update",
    "storage.objects.delete",
    "storage.objects.setIamPolicy",
)
"""What is asked for with `testIamPermissions`, which changes nothing."""

_ANY: Final = 2**63
"""Above every generation: an object that is overwritten during the listing is not listed again."""

_COLUMNS: Final = {
    "name": "name",
    "size": "size_bytes",
    "updated": "modified_at",
    "timeCreated": "created_at",
    "contentType": "content_type",
    "storageClass": "tier",
    "etag": "etag",
    "md5Hash": "md5",
    "generation": "version",
}
"""Field of the service -> column of `items.SCHEMA`."""
_FIELDS: Final = ",".join((*_COLUMNS, "timeDeleted"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """Asks with a token, or as nobody."""

    net: Sends
    project: str = ""
    """Whose buckets are listed; a service account's own."""
    token: Secret | None = None

    @property
    def account(self) -> str:
        """What a request for the list of buckets goes by."""
        return self.project

    def flipped(self) -> JsonApi:
        """Return the same with one character of the token's signature changed."""
        if self.token is None:
            return self
        signed, _, signature = self.token.reveal().rpartition(".")
        return replace(self, token=Secret(f"{signed}.{flipped(signature)}"))

    def ask_buckets(self, after: str = "", limit: int = 1) -> Request | None:
        """Ask for the names of the project's buckets."""
        if not self.project:
            return None
        query = {"project": self.project, "maxResults": str(limit), "fields": "kind,items/name,nextPageToken"}
        if after:
            query["pageToken"] = after
        return self._get(self.project, "/storage/v1/b", query, asked="list the buckets of the project")

    def ask_list(self, bucket: str, prefix: str = "") -> Request:
        """Ask for one object."""
        query = {"maxResults": "1", "prefix": prefix, "fields": "kind,items(name,size),nextPageToken"}
        return self._get(bucket, f"/storage/v1/b/{bucket}/o", query, asked="list one object")

    def ask_read(
        self, bucket: str, name: str, start: int = 0, stop: int = 1, version: str = "", *, whole: bool = False
    ) -> Request:
        """Ask for the bytes [start, stop) of an object. whole: without saying so, cut all the same.

        Raises `NoAnswerError` for a name with `..` between slashes, which no address can hold.
        """
        refuse_dots(name)
        asked = "read one byte" if stop - start == 1 else f"read {stop - start} bytes"
        path = f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        query = {"alt": "media", "generation": version}
        headers = {} if whole else range_header(start, stop)
        return self._get(bucket, path, query, headers=headers, max_bytes=max(stop - start, ROOM), asked=asked)

    def ask_rights(self, bucket: str) -> Request | None:
        """Ask which of `RIGHTS` there are on a bucket."""
        path = f"/storage/v1/b/{bucket}/iam/testPermissions"
        query = [("permissions", right) for right in RIGHTS]
        return self._get(bucket, path, query, asked="ask which rights there are")

    def is_list(self, response: Response) -> bool:
        """Tell whether it is an answer to `ask_list`."""
        return response.status == 200 and _is_listing(as_object(response.body), "storage#objects")

    def is_buckets(self, response: Response) -> bool:
        """Tell whether it is an answer to `ask_buckets`."""
        return response.status == 200 and _is_listing(as_object(response.body), "storage#buckets")

    def first(self, response: Response) -> str:
        """Return the name of the object in an answer to `ask_list`, or an empty text."""
        listed = as_object(response.body).get("items")
        item = listed[0] if isinstance(listed, list) and listed else None
        name = item.get("name") if isinstance(item, dict) else None
        return name if isinstance(name, str) and is_encodable(name) else ""

    def rights(self, response: Response) -> tuple[str, ...] | None:
        """Return the rights in an answer to `ask_rights`; `None` when it is none."""
        told = as_object(response.body)
        if response.status != 200 or told.get("kind") != "storage#testIamPermissionsResponse":
            return None
        given = told.get("permissions", [])
        return tuple(right for right in RIGHTS if isinstance(given, list) and right in given)

    def bucket_names_in(self, response: Response) -> list[str]:
        """Return the names in an answer to `ask_buckets`."""
        listed = as_object(response.body).get("items", [])
        return [name for item in listed if (name := _text(item, "name"))]

    def bucket_names(self) -> Iterator[str]:
        """Yield the names of all buckets of the project. Raises `RequestError`."""
        after, seen = "", set[str]()
        while request := self.ask_buckets(after, PAGE_ITEMS):
            response = self.net.send(request)
            answer = as_object(expect(response, self.is_buckets, "list the buckets"))
            yield from self.bucket_names_in(response)
            after = _text(answer, "nextPageToken") or ""
            if not after:
                return
            if after in seen:
                raise NoAnswerError("the list of buckets goes round in circles")
            seen.add(after)

    def page(self, bucket: str, *, prefix: str, delimited: bool, after: str | None, past: bool) -> Page:
        """List one page. Raises `RequestError`."""
        mark = _Mark.read(after)
        token = ""
        for _ in range(MOST_STEPS):
            query = mark.query(past=past)
            query |= {"prefix": prefix, "delimiter": "/" if delimited else "", "pageToken": token}
            query |= {
                "maxResults": str(PAGE_ITEMS),
                "fields": f"kind,prefixes,items({_FIELDS}),nextPageToken",
            }
            request = self._get(
                bucket, f"/storage/v1/b/{bucket}/o", query, max_bytes=LONGEST_PAGE, asked="list one page"
            )
            answer = as_object(expect(self.net.send(request), is_answer, "list objects"))
            if not _is_listing(answer, "storage#objects"):
                raise NoAnswerError("asked to list objects, the service sends something else")
            rows = _rows(bucket, answer, mark, past=past)
            token = _text(answer, "nextPageToken") or ""
            if rows.told["name"] or rows.prefixes or not token:
                return Page(
                    items=rows.frame(),
                    prefixes=tuple(rows.prefixes),
                    after=mark.next(rows, past=past, more=bool(token)),
                )
        raise NoAnswerError(f"{MOST_STEPS} pages in a row brought nothing new")

    def _get(
        self,
        name: str,
        path: str,
        query: Mapping[str, str] | list[tuple[str, str]],
        *,
        asked: str,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 1 << 20,
    ) -> Request:
        base = self.net.base("gcs", name, "gcs", STORAGE_HOST)
        pairs = query if isinstance(query, list) else [(key, value) for key, value in query.items() if value]
        secret = {} if self.token is None else {"authorization": Secret(f"Bearer {self.token.reveal()}")}
        return Request(
            provider="gcs",
            name=name,
            url=f"{base.url}{path}?{urlencode(pairs, quote_via=quote, safe='')}",
            host=base.host,
            headers=headers or {},
            secret_headers=secret,
            max_bytes=max_bytes,
            asked=asked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """Where a page begins: at a name, which is in it again, and behind one of its generations."""

    name: str = ""
    generation: int = 0
    deleted: bool = False
    """The versions are through; soft-deleted objects follow, as the service does not list both at once."""

    @staticmethod
    def read(text: str | None) -> _Mark:
        """Read what `next` wrote. Raises `NoAnswerError` for anything else."""
        if text is None:
            return _Mark()
        try:
            name, generation, deleted = json.loads(text)
            return _Mark(name=str(name), generation=int(generation), deleted=bool(deleted))
        except (ValueError, TypeError, RecursionError):
            raise NoAnswerError("the mark to go on from is none of this service's") from None

    def query(self, *, past: bool) -> dict[str, str]:
        query = {"startOffset": self.name}
        if past:
            query |= {"softDeleted": "true"} if self.deleted else {"versions": "true"}
        return query

    def passed(self, name: str, generation: int) -> bool:
        """Tell whether a page before held it. Names are in the order of their UTF-8 bytes, as code points."""
        return bool(self.name) and (name, generation) <= (self.name, self.generation)

    def holds(self, item: Mapping[str, Any]) -> bool:
        """Tell whether a page before held it. Raises `NoAnswerError` for one without name or generation."""
        name = _text(item, "name")
        if name is None:
            raise NoAnswerError("the listing holds an object without a name")
        return self.passed(name, number(item.get("generation")))

    def next(self, rows: Rows, *, past: bool, more: bool) -> str | None:
        if not more:
            if not past or self.deleted:
                return None
            return json.dumps(["", 0, True])
        name, generation = self.name, self.generation
        if rows.told["name"]:
            name, version = rows.last
            generation = number(version) if past else _ANY
        # A prefix that is last is passed as a whole: nothing lies between its last name and this one.
        if rows.prefixes and rows.prefixes[-1] > name:
            name, generation = after_prefix(rows.prefixes[-1]), -1
        return json.dumps([name, generation, self.deleted])


def _rows(bucket: str, answer: Mapping[str, Any], mark: _Mark, *, past: bool) -> Rows:
    """Return what is new in a page. Raises `NoAnswerError` for an item or a prefix that is none."""
    # What a page before held stands at its beginning.
    listed = answer.get("items", [])
    if mark.name:
        listed = list(dropwhile(mark.holds, listed))
    told = {column: [item.get(name) for item in listed] for name, column in _COLUMNS.items()}
    told["md5"] = [hex_md5(each) for each in told["md5"]]
    if mark.deleted or not past:
        told["state"] = ["deleted" if mark.deleted else "current"] * len(listed)
    else:
        told["state"] = ["version" if item.get("timeDeleted") else "current" for item in listed]
    prefixes = answer.get("prefixes", [])
    sound = isinstance(prefixes, list) and all(isinstance(p, str) and is_encodable(p) for p in prefixes)
    if not sound:
        raise NoAnswerError("the listing holds prefixes that are no names")
    return Rows(bucket, told, [each for each in prefixes if not mark.passed(each, -1)])


def _is_listing(answer: Mapping[str, Any], kind: str) -> bool:
    listed = answer.get("items", [])
    return (
        answer.get("kind") == kind and isinstance(listed, list) and all(isinstance(i, dict) for i in listed)
    )


def refuse_dots(name: str) -> None:
    """Raise `NoAnswerError` for a name that climbs: whoever resolves it on the way reaches something else."""
    if {".", ".."} & set(name.split("/")):
        raise NoAnswerError("the name of the object has dots between slashes: no address can name it safely")


def is_encodable(name: str) -> bool:
    """Tell whether a text is no half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(item: Mapping[str, Any], name: str) -> str | None:
    """Return a text of UTF-8; anything else is not told."""
    value = item.get(name)
    return value if isinstance(value, str) and is_encodable(value) else None
