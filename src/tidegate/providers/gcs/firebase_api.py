"""Firebase's own door to a bucket, which its security rules open, whatever the bucket's roles say.

Source: github.com/firebase/firebase-js-sdk, packages/storage/src/implementation/requests.ts (list, getBytes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.net.message import Request, Response, Sends
from tidegate.plugins import Page
from tidegate.providers.gcs.answers import expect, is_answer, range_header
from tidegate.providers.gcs.faults import ROOM, as_object
from tidegate.providers.gcs.items import Rows
from tidegate.providers.gcs.json_api import LONGEST_PAGE, PAGE_ITEMS, is_encodable, refuse_dots
from tidegate.providers.gcs.owner import FIREBASE_HOST

RULES: Final = "firebase rules"
"""Stands as `Container.public`: it is listed through this door."""
_SUFFIXES: Final = (".appspot.com", ".firebasestorage.app")
"""What the names of Firebase's default buckets end in; others can be joined to a Firebase project too."""


def is_firebase(bucket: str, endpoint: str | None) -> bool:
    """Tell whether a bucket is likely to have this door: by its name, or as the address was one of it."""
    return bucket.endswith(_SUFFIXES) or endpoint == FIREBASE_HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class FirebaseApi:
    """Asks as nobody."""

    net: Sends

    @property
    def account(self) -> str:
        """Nothing: there are no buckets to list."""
        return ""

    def flipped(self) -> FirebaseApi:
        """Return the same: there is nothing to change."""
        return self

    def ask_buckets(self) -> Request | None:
        """Return `None`."""
        return None

    def is_buckets(self, response: Response) -> bool:  # noqa: ARG002
        """Tell that nothing is a list of buckets."""
        return False

    def bucket_names_in(self, response: Response) -> list[str]:  # noqa: ARG002
        """Return none."""
        return []

    def bucket_names(self) -> Iterator[str]:
        """Yield none."""
        return iter(())

    def ask_rights(self, bucket: str) -> Request | None:  # noqa: ARG002
        """Return `None`: rules are not told."""
        return None

    def rights(self, response: Response) -> tuple[str, ...] | None:  # noqa: ARG002
        """Return `None`, as `ask_rights`."""
        return None

    def ask_list(self, bucket: str, prefix: str = "") -> Request:
        """Ask for one object."""
        return self._get(bucket, "", {"maxResults": "1", "prefix": prefix}, asked="list one object")

    def ask_read(
        self, bucket: str, name: str, start: int = 0, stop: int = 1, version: str = "", *, whole: bool = False
    ) -> Request:
        """Ask for the bytes [start, stop) of an object; of a version, too, only the current one is given.

        Raises `NoAnswerError` for a name that climbs, and for an old version.
        """
        refuse_dots(name)
        if version:
            raise NoAnswerError("Firebase gives out only what is current")
        headers = {} if whole else range_header(start, stop)
        asked = "read one byte" if stop - start == 1 else f"read {stop - start} bytes"
        path = f"/{quote(name, safe='')}"
        return self._get(
            bucket, path, {"alt": "media"}, headers=headers, max_bytes=max(stop - start, ROOM), asked=asked
        )

    def is_list(self, response: Response) -> bool:
        """Tell whether it is an answer to `ask_list`."""
        return response.status == 200 and _is_listing(as_object(response.body))

    def first(self, response: Response) -> str:
        """Return the name of the object in an answer to `ask_list`, or an empty text."""
        return next(iter(_names(as_object(response.body))), "")

    def page(self, bucket: str, *, prefix: str, delimited: bool, after: str | None, past: bool) -> Page:
        """List one page: names alone, as this door tells no sizes. Raises `RequestError`."""
        if past:
            raise RefusedError("Firebase lists only what is current", status=0)
        query = {"prefix": prefix, "delimiter": "/" if delimited else "", "pageToken": after or ""}
        query["maxResults"] = str(PAGE_ITEMS)
        request = self._get(bucket, "", query, max_bytes=LONGEST_PAGE, asked="list one page")
        answer = as_object(expect(self.net.send(request), is_answer, "list objects"))
        if not _is_listing(answer):
            raise NoAnswerError("asked to list objects, the service sends something else")
        rows = Rows(bucket)
        for name in _names(answer):
            rows.add(name=name, state="current", size_bytes=None, version=None)
        token = answer.get("nextPageToken")
        more = token if isinstance(token, str) and token and is_encodable(token) else None
        prefixes = tuple(each for each in answer["prefixes"] if isinstance(each, str) and is_encodable(each))
        return Page(items=rows.frame(), prefixes=prefixes, after=more)

    def _get(
        self,
        bucket: str,
        path: str,
        query: Mapping[str, str],
        *,
        asked: str,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 1 << 20,
    ) -> Request:
        base = self.net.base("gcs", bucket, "gcs", FIREBASE_HOST)
        pairs = [(name, value) for name, value in query.items() if value]
        return Request(
            provider="gcs",
            name=bucket,
            url=f"{base.url}/v0/b/{bucket}/o{path}?{urlencode(pairs, quote_via=quote, safe='')}",
            host=base.host,
            headers=headers or {},
            max_bytes=max_bytes,
            asked=f"{asked}, through Firebase",
        )


def _is_listing(answer: Mapping[str, Any]) -> bool:
    items = answer.get("items")
    return (
        isinstance(items, list)
        and isinstance(answer.get("prefixes"), list)
        and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items)
    )


def _names(answer: Mapping[str, Any]) -> list[str]:
    return [item["name"] for item in answer["items"] if item["name"] and is_encodable(item["name"])]
