"""Signed links and Firebase download links: sent as they stand, with nothing added to what is signed.

Sources: cloud.google.com/storage/docs/authentication/canonical-requests (version 4 signs every parameter),
…/docs/access-control/signed-urls-v2, firebase.google.com/docs/storage/web/download-files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import quote, unquote

from tidegate.model.credential import Credential
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Sends
from tidegate.providers._link import LONGEST_LINK, read_link
from tidegate.providers.gcs.answers import range_header
from tidegate.providers.gcs.faults import ROOM
from tidegate.providers.gcs.links import HARMLESS
from tidegate.providers.gcs.owner import FIREBASE_HOST, STORAGE_HOST, owner
from tidegate.providers.gcs.sign import flipped

_SIGNATURES: Final = ("x-goog-signature", "signature", "token")
_SIGNING: Final = re.compile(r"x-goog-.*|googleaccessid|expires|signature|token", re.IGNORECASE)
"""Parameters that belong to the signature: an anonymous copy of the request goes without."""
_SEPARATOR: Final = re.compile(r"&(?:amp;|#38;|#x26;)?|\\u0026", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[A-Za-z0-9%._~:/-]*")
"""Whatever else stands in a value may be a link of its own, with a secret in it."""
LONGEST_PAGE: Final = 16 << 20
"""Bytes of a listing."""
_URL_SAFE: Final = "%!$'()*,;:@/?=+-._~"
"""Stays as it stands: what is encoded is encoded already, and the path is signed as it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkApi:
    """Asks with one link."""

    net: Sends
    bucket: str
    host: str
    path: str
    """Encoded, with its slash."""
    pairs: tuple[tuple[str, str], ...]
    """The query as it is sent: names, and encoded values."""
    signed_headers: tuple[str, ...] = ()
    """Header names, beside `host`, whose values the link does not tell."""
    lists: bool = False
    """It names no object: what it can read is a listing."""
    firebase: bool = False

    def flipped(self) -> LinkApi:
        """Return the same with one character of the signature changed."""
        return replace(
            self,
            pairs=tuple(
                (name, quote(flipped(unquote(value)), safe="") if name.lower() in _SIGNATURES else value)
                for name, value in self.pairs
            ),
        )

    def unsigned(self) -> LinkApi:
        """Return the same address without the signature: what anyone may ask, and of a listing only one."""
        pairs = [pair for pair in self.pairs if not _SIGNING.fullmatch(pair[0])]
        if self.lists:
            pairs.append(("max-keys", "1"))
        return replace(self, pairs=tuple(pairs))

    def ask(
        self, start: int = 0, stop: int = 1, *, whole: bool = False, method: Literal["GET", "HEAD"] = "GET"
    ) -> Request:
        """Ask for the bytes [start, stop), or for the listing. whole: without a range, cut all the same."""
        base = self.net.base("gcs", self.bucket, "gcs", self.host)
        shown = [pair for pair in self.pairs if pair[0].lower() in HARMLESS and _PLAIN.fullmatch(pair[1])]
        hidden = [pair for pair in self.pairs if pair not in shown]
        plain = self.lists or whole or method == "HEAD"
        query = _query(shown)
        asked = (
            "ask for a listing"
            if self.lists
            else ("read one byte" if stop - start == 1 else f"read {stop - start} bytes")
        )
        if method == "HEAD":
            asked = "ask for metadata"
        return Request(
            method=method,
            provider="gcs",
            name=self.bucket,
            url=f"{base.url}{self.path}{'?' if query else ''}{query}",
            secret_query=Secret(_query(hidden)) if hidden else None,
            headers={} if plain else range_header(start, stop),
            host=base.host,
            max_bytes=LONGEST_PAGE if self.lists else max(stop - start, ROOM),
            asked=asked,
        )


def link_api(credential: Credential, net: Sends) -> LinkApi | None:
    """Return how the link is asked; `None` when it names no bucket and no host.

    A link for a domain of the bucket's own goes by the name of that host, which the scope must name.
    """
    text = "" if credential.text is None else credential.text.reveal()[:LONGEST_LINK].strip().strip("\"'`<>")
    link = read_link(text)
    path, query = _raw(text)
    grant = credential.grant
    host = link.endpoint or STORAGE_HOST
    if not link.host and not path.strip("/"):
        path = (
            f"/{grant.container or credential.context.get('bucket', '')}/{quote(grant.key or '', safe='/')}"
        )
    bucket = owner(f"https://{host}{path}", host)
    if bucket == "" or (bucket is None and "." not in link.host):
        return None
    names = [name for name in link.get("x-goog-signedheaders").lower().split(";") if name]
    return LinkApi(
        net=net,
        bucket=bucket or link.host,
        host=host,
        path=path,
        pairs=tuple(_pair(part) for part in _SEPARATOR.split(query) if part),
        signed_headers=tuple(name for name in names if name != "host"),
        lists=bucket is not None and grant.key is None,
        firebase=host == FIREBASE_HOST,
    )


def _raw(text: str) -> tuple[str, str]:
    """Return path and query as they are written, fit for an address; `read_link` decodes both."""
    before, mark, query = text.partition("?")
    if not mark and re.match(r"[^/?:=&]{1,40}=", text):
        before, query = "", text
    before = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]{0,31}://[^/]*", "", before)
    if not before.startswith("/"):
        before = "/" + before.partition("/")[2] if re.match(r"[^/]*\.[^/]*/", before) else f"/{before}"
    path = before.partition("#")[0]
    query = re.split(r"(?<!&)#", query, maxsplit=1)[0]
    return quote(path, safe=_URL_SAFE), query


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if name.lower() in _SIGNATURES:
        # A raw plus in a signature is a plus; elsewhere it may be a blank, and stays as it stands.
        value = value.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return quote(name, safe=_URL_SAFE), quote(value, safe=_URL_SAFE.replace("?", ""))


def _query(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)
