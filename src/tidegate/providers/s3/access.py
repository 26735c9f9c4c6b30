"""Asking with an access key, or with nothing: how requests are made, signed, and moved to a region."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote, urlsplit

from tidegate.model.credential import Credential
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Response, Sends
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.faults import fault_of, time_in
from tidegate.providers.s3.sigv4 import flipped, plain_query, signed_headers
from tidegate.providers.s3.where import Where, where

_MOST_SKEW = timedelta(hours=24)
"""A service whose clock is further off gets no signature for its time."""
_TOKEN = re.compile(
    r"(?i)(?:session_?token|security_?token|x-amz-security-token)[\"']?\s{0,8}[:=,>]{1,2}\s{0,8}[\"']?"
    r"([A-Za-z0-9+/=_-]{100,4096})"
)
"""Shapes in which a session token stands in a configuration file or in the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An access key, with the session token that belongs to it."""

    key_id: str
    secret: Secret
    token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a service is asked: by whom, where, and by whose clock."""

    where: Where
    key: Key | None = None
    """`None`: by anyone."""
    ahead: timedelta = field(default=timedelta())
    """How far the service's clock is ahead of ours."""

    def request(
        self,
        net: Sends,
        *,
        asked: str,
        bucket: str = "",
        name: str = "",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        method: Literal["GET", "HEAD"] = "GET",
        max_bytes: int = 1 << 16,
    ) -> Request:
        """Put one request together. bucket: empty for the service; name: of an object, empty for its bucket.

        Raises `OutOfScopeError`.
        """
        in_scope = bucket or (self.key.key_id if self.key else "")
        root = self.where.root(net, in_scope, bucket)
        url = f"{root.url}/{quote(name, safe='/-._~', errors='replace')}"
        if query:
            url = f"{url}?{plain_query(query)}"
        given = dict(headers or {})
        secret_headers: dict[str, Secret] = {}
        if self.key is not None:
            signed, secret_headers = signed_headers(
                method,
                url,
                root.host or urlsplit(url).netloc,
                key_id=self.key.key_id,
                secret=self.key.secret,
                token=self.key.token,
                region=self.where.region,
                # The one clock read here: a signature is for the moment in which it is sent.
                at=datetime.now(UTC) + self.ahead,
            )
            given |= signed
        return Request(
            method=method,
            provider=self.where.provider,
            name=in_scope,
            url=url,
            headers=given,
            secret_headers=secret_headers,
            host=root.host,
            max_bytes=max_bytes,
            asked=asked,
        )

    def corrected(self, response: Response) -> Access | None:
        """Return how to ask once more after a refusal that says what was wrong: the region, or the clock.

        `None` when it says nothing of the kind. The host changes only as `Where.moved` allows.
        """
        if response.status < 300:
            return None
        fault = fault_of(response)
        if fault.code == "RequestTimeTooSkewed" and self.key is not None and not self.ahead:
            told = time_in(response, "date")
            ahead = told - datetime.now(UTC) if told else timedelta()
            return replace(self, ahead=ahead) if timedelta() < abs(ahead) < _MOST_SKEW else None
        if fault.meaning.means is not Means.ELSEWHERE and response.status not in (301, 307, 400):
            return None
        moved = self.where.moved(fault.region) if fault.region else None
        return None if moved is None else replace(self, where=moved)

    def with_flipped_secret(self) -> Access:
        """Return the same with a wrong secret: what tells a refusal from an outage."""
        if self.key is None:
            return self
        return replace(self, key=replace(self.key, secret=flipped(self.key.secret)))

    def without_key(self) -> Access:
        """Return how anyone would ask."""
        return replace(self, key=None)


def key_of(credential: Credential) -> Key | None:
    """Return the key that a credential is, `None` when it has no secret, or no id that could be a key's."""
    key_id = credential.context.get("key_id") or credential.grant.account or ""
    if credential.secret is None or not re.fullmatch(r"[A-Za-z0-9._-]{4,128}", key_id):
        return None
    if not re.fullmatch(r"[\x21-\x7e]{8,256}", credential.secret.reveal()):
        return None
    return Key(key_id=key_id, secret=credential.secret, token=_token(credential))


def needs_token(key: Key) -> bool:
    """Tell whether the key belongs to a session whose token was not seen.

    Amazon answers as if there were no such key, so that asking would take a living session for a dead key.
    """
    return key.key_id.startswith("ASIA") and key.token is None


def access_of(credential: Credential) -> Access:
    """Return how a key, or anyone where there is none, asks the service that the grant names."""
    return Access(where=where(credential.grant), key=key_of(credential))


def _token(credential: Credential) -> Secret | None:
    found = _TOKEN.search(credential.text.reveal()) if credential.text is not None else None
    return Secret(found[1]) if found else None
