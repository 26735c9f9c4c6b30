"""Asking with a presigned link: as it stands, because almost everything in it is signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Sends
from tidegate.providers._link import Link, names, read_link
from tidegate.providers.s3.hosts import Address, read_address
from tidegate.providers.s3.presigned import HARMLESS
from tidegate.providers.s3.sigv4 import flipped, plain_query

_SIGNATURES = ("x-amz-signature", "signature")
_LIST_PARAMETERS = ("list-type", "prefix", "delimiter", "marker", "max-keys", "start-after", "encoding-type")
_SETTINGS = names(
    "acl policy policystatus cors lifecycle publicaccessblock ownershipcontrols location versioning website "
    "tagging logging notification encryption attributes torrent retention legal-hold uploads uploadid"
)
"""Parameters that ask for something else than content or names."""
_KNOWN_HEADERS: Mapping[str, str] = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
"""Signed headers whose value a link need not tell, because there is only one."""
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,31}://)?[^/?#]*([^?#]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLink:
    """A presigned link, taken apart so that it can be sent as it was signed."""

    version: Literal[2, 4, 0]
    """Of the signature; 0 is CloudFront's."""
    host: str
    """With its port, where it has one of its own. Signed, in version 4."""
    path: str
    """Percent-encoded as S3 encodes it; begins with a slash."""
    address: Address
    key_id: str
    pairs: tuple[tuple[str, Secret], ...]
    """Parameters without the signature, decoded."""
    signature: tuple[str, Secret]
    headers: tuple[str, ...]
    """Names of the signed headers beside `host`."""
    told: bool
    """It says for which method it was signed."""
    reads: bool
    """It was signed for reading, or does not say for what."""
    method: Literal["GET", "HEAD"] = "GET"

    @property
    def bucket(self) -> str:
        """The bucket, empty for a link to the service; for CloudFront the distribution's host."""
        return self.host.partition(":")[0] if self.version == 0 else self.address.bucket or ""

    @property
    def name(self) -> str:
        """The object's name, empty for a link to a bucket."""
        return self.address.key or ""

    @property
    def in_scope(self) -> str:
        """What must be in scope: the bucket, or for a link to the service the id of the key."""
        return self.bucket or self.key_id

    @property
    def provider(self) -> str:
        """In whose part of the scope the bucket stands."""
        return "gcs" if self.address.provider == "gcp" else "s3"

    @property
    def missing_headers(self) -> tuple[str, ...]:
        """Signed headers whose values nobody knows who only has the link."""
        return tuple(name for name in self.headers if name not in _KNOWN_HEADERS)

    @property
    def of_settings(self) -> bool:
        """It asks for settings or lists of another kind, not for content or names."""
        return any(name.lower() in _SETTINGS for name, _ in self.pairs)

    def value(self, parameter: str) -> str:
        """Return a parameter's value; its name in lower case."""
        return next((value.reveal() for name, value in self.pairs if name.lower() == parameter), "")

    def request(
        self,
        net: Sends,
        *,
        asked: str,
        flip: bool = False,
        more: Mapping[str, str] | None = None,
        byte_range: str = "",
        method: Literal["GET", "HEAD"] | None = None,
        max_bytes: int = 1 << 16,
    ) -> Request:
        """Put the request together. flip: with a wrong signature. more: what version 2 does not sign.

        Raises `OutOfScopeError`.
        """
        base = net.base(self.provider, self.in_scope, self.provider, self.host)
        # What a listing is asked for anew takes the place of what the link asked for.
        kept = [pair for pair in self.pairs if more is None or pair[0].lower() not in _LIST_PARAMETERS]
        shown = {name: value.reveal() for name, value in kept if name.lower() in HARMLESS}
        hidden = {name: value.reveal() for name, value in kept if name.lower() not in HARMLESS}
        signature = flipped(self.signature[1]) if flip else self.signature[1]
        hidden[self.signature[0]] = signature.reveal()
        query = plain_query({**shown, **(more or {})})
        headers = {name: _KNOWN_HEADERS[name] for name in self.headers if name in _KNOWN_HEADERS}
        if byte_range:
            headers["range"] = byte_range
        return Request(
            method=method or self.method,
            provider=self.provider,
            name=self.in_scope,
            url=f"{base.url}{self.path}{'?' if query else ''}{query}",
            secret_query=Secret(plain_query(hidden)),
            headers=headers,
            host=base.host,
            max_bytes=max_bytes,
            asked=asked,
        )

    def unsigned(self, net: Sends, *, asked: str, byte_range: str = "", max_bytes: int = 1 << 16) -> Request:
        """Put together what anyone could ask: the same address without the signature.

        Raises `OutOfScopeError`.
        """
        base = net.base(self.provider, self.in_scope, self.provider, self.host)
        kept = {
            name: value.reveal()
            for name, value in self.pairs
            if name.lower() in (*_LIST_PARAMETERS, *_SETTINGS, "versions", "versionid")
        }
        if not self.name and self.bucket and not self.of_settings:
            kept["max-keys"] = "1"
        query = plain_query(kept)
        return Request(
            provider=self.provider,
            name=self.in_scope,
            url=f"{base.url}{self.path}{'?' if query else ''}{query}",
            headers={"range": byte_range} if byte_range else {},
            host=base.host,
            max_bytes=max_bytes,
            asked=asked,
        )


def signed_link(credential: Credential) -> SignedLink | None:
    """Take a presigned link apart; `None` when it has no signature, or names no host to ask."""
    if credential.text is None:
        return None
    text = credential.text.reveal().strip().strip("\"'`<>")
    link = read_link(text)
    signed = next((pair for wanted in _SIGNATURES for pair in link.pairs if pair[0].lower() == wanted), None)
    path = _PATH.match(text)
    if signed is None or not signed[1] or not link.host or link.endpoint is None or path is None:
        return None
    version = _version(link, signed[0])
    rights = credential.grant.permissions
    operation = link.get("x-id").lower()
    return SignedLink(
        version=version,
        host=link.endpoint,
        path=_as_it_stands(path[1]),
        address=read_address(link),
        key_id=link.get("awsaccesskeyid") or link.get("x-amz-credential").partition("/")[0],
        pairs=tuple((name, Secret(value)) for name, value in link.pairs if name.lower() != signed[0].lower()),
        signature=(signed[0], Secret(signed[1])),
        headers=tuple(
            name
            for name in link.get("x-amz-signedheaders").lower().split(";")
            if version == 4 and name not in ("", "host")
        ),
        # CloudFront's signatures do not cover the method.
        told=version == 0 or Permission.UNKNOWN not in rights,
        reads=version == 0
        or any(
            right in rights
            for right in (Permission.READ, Permission.LIST, Permission.LIST_CONTAINERS, Permission.PROPERTIES)
        ),
        method="HEAD" if operation.startswith("head") else "GET",
    )


def _as_it_stands(path: str) -> str:
    """Return a path with only those characters encoded that no address may have.

    Not decoded and encoded anew: a plus and `%2B` are two names.
    """
    whole = quote(path, safe="/%-._~!$&'()*+,;=:@", errors="replace")
    return _BARE_PERCENT.sub("%25", whole) or "/"


def _version(link: Link, name: str) -> Literal[2, 4, 0]:
    if name.lower() == "x-amz-signature":
        return 4
    return 2 if link.has("awsaccesskeyid") else 0
