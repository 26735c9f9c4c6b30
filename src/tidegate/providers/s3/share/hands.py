"""Presigned links: made of nothing but a key, for one request on one object or list.

Source: docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError, RequestError
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted, Tried, Wish
from tidegate.net.message import Request, Sends, Writes
from tidegate.providers._sharing import (
    LOOKING,
    OPEN_ANYWAY,
    OPEN_STILL,
    OVERWRITES,
    UNENCRYPTED,
    clock_notes,
    is_local,
)
from tidegate.providers.s3 import presign
from tidegate.providers.s3.access import Access, Key
from tidegate.providers.s3.ask import FIRST_BYTE, Heard, What, hear, hear_by
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.faults import time_in
from tidegate.providers.s3.share.policy import ACTIONS, deny
from tidegate.providers.s3.sigv4 import flipped
from tidegate.providers.s3.where import Where

_METHODS: Final = {"read": "GET", "list": "GET", "write": "PUT"}


class S3Hands:
    """See `tidegate.share.seam.Hands`."""

    kind = "presigned_url"
    ends_within_s = 35.0
    """Amazon says no time for a bucket policy; the number is ours."""

    def __init__(self, wish: Wish, key: Key, region: str, net: Sends, writer: Writes) -> None:
        self.wish = wish
        self.key = key
        self.net = net
        self.writer = writer
        self.controls = ("the link", "a forged copy", "the owner")
        self.access = Access(where=_where(region), key=key)
        self.right = wish.rights[0]
        self.now = datetime.now(UTC)
        """By the service's clock, since `find`."""

    def find(self, lives: timedelta) -> Found:
        """Ask as the owner for what the link will be asked for; learn where the bucket is, and the time."""
        heard = self._owner("find what is to be shared")
        self.access = heard.access or self.access
        absent = heard.answer.status == 404 and heard.answer.code in ("NoSuchKey", "")
        if not heard.given and not (self.right == "write" and absent):
            raise self._refused(heard)
        told = time_in(heard.response, "date") if heard.response is not None else None
        ahead_s = (datetime.now(UTC) - told).total_seconds() if told else 0.0
        self.now = (datetime.now(UTC) - timedelta(seconds=ahead_s)).replace(microsecond=0)
        notes = clock_notes(ahead_s)
        if self.key.token is not None:
            notes.append("signed by a session: the link ends when the session ends, which may be sooner")
        if self.right == "write" and heard.given:
            notes.append(OVERWRITES)
        if self.right != "write" and self.open_to_anyone():
            notes.append(OPEN_ANYWAY)
        notes.append(
            UNENCRYPTED
            if self._url().startswith("http://")
            else "S3 takes it without encryption too, unless a bucket policy forbids it (aws:SecureTransport)"
        )
        return Found(ends_at=self.now + lives, notes=tuple(notes))

    def looking(self) -> Secret:
        return self._link(self._parameters(self.now, LOOKING))

    def policy(self) -> str:
        return ""

    def mint(self, found: Found) -> Minted:
        """Sign the link. Nothing is made at the service."""
        parameters = self._parameters(self.now, found.ends_at - self.now)
        return Minted(
            link=self._link(parameters),
            kind=self.kind,
            parameters=parameters,
            revocation=(
                f"a bucket policy that denies {ACTIONS[self.right]} on {self.wish.path or 'the bucket'} to "
                "presigned links: all such links to it end; or by deactivating the key "
                f"{self.key.key_id}: all that it signed end, and all who use it"
            ),
            signer=self.key.key_id,
        )

    def again(self, parameters: Mapping[str, str]) -> Secret:
        _, _, scope = parameters.get("X-Amz-Credential", "").partition("/")
        self._move(scope.split("/")[1] if scope.count("/") > 1 else "")
        return self._link(parameters)

    def unfinished(self, policy: str) -> Secret | None:  # noqa: ARG002 - see the seam
        return None

    def instead(self) -> S3Hands | None:
        return None

    def end(self, policy: str, parameters: Mapping[str, str]) -> Ending:  # noqa: ARG002 - see the seam
        """Deny the object to all that do not sign in by header: presigned links, forms, and anyone.

        Nothing else of the bucket is denied. What anyone may read is left alone: others may live by that.
        """
        if self.right != "write" and self.open_to_anyone():
            return Ending(done=False, words=OPEN_STILL)
        sid = deny(self.access, self.wish, self.net, self.writer)
        return Ending(done=True, words=f"the bucket's policy denies it to presigned links (statement {sid})")

    def probes(self, link: Secret) -> tuple[Tried, Tried, Tried]:
        """Ask with the link, with a control that must be refused in the same way, and as the owner.

        What a policy denies is refused after the signature was found right, and so is any other presigned
        link: a new one is the control then. Else it is a forged copy. A link that writes is never tried.
        """
        owner = _tried(self._owner("prove as the owner that the object is there"))
        if self.right == "write":
            untried = Tried(status=None, code="a link that writes is not tried")
            return untried, untried, owner
        shared = self._ask(link, "prove whether a shared link is dead")
        denied = shared.answer.code == "AccessDenied"
        if denied:
            self.controls = ("the link", "a new link, not used", "the owner")
            now = datetime.now(UTC).replace(microsecond=0) + self.access.ahead
            control = self._ask(
                self._link(self._parameters(now, LOOKING)), "prove that any such link is denied"
            )
        else:
            self.controls = ("the link", "a forged copy", "the owner")
            control = self._ask(_forged(link), "prove that a forged link is refused")
        return _tried(shared, denied=denied), _tried(control, denied=denied), owner

    def beside(self, path: str) -> bool:
        def make(by: Access) -> Request:
            words = "see whether there is a safer format"
            return by.request(self.net, asked=words, bucket=self.wish.container, name=path, method="HEAD")

        try:
            return hear_by(self.net, self.access, What.HEADERS, make)[-1].given
        except OutOfScopeError:
            raise
        except RequestError:
            return False

    def open_to_anyone(self) -> bool:
        try:
            return self._owner("see whether anyone may read it", self.access.without_key()).given
        except OutOfScopeError:
            raise
        except RequestError:
            return False

    def _owner(self, words: str, access: Access | None = None) -> Heard:
        """Ask by header for what the link is for, in the smallest way."""
        wish = self.wish

        def make(by: Access) -> Request:
            if self.right == "list":
                query = {"list-type": "2", "max-keys": "1", **({"prefix": wish.path} if wish.path else {})}
                return by.request(self.net, asked=words, bucket=wish.container, query=query)
            return by.request(self.net, asked=words, bucket=wish.container, name=wish.path, method="HEAD")

        what = What.NAMES if self.right == "list" else What.HEADERS
        return hear_by(self.net, access or self.access, what, make)[-1]

    def _ask(self, link: Secret, words: str) -> Heard:
        before, _, query = link.reveal().partition("?")
        pairs = [part for part in query.split("&") if part]
        secret = ("X-Amz-Signature=", "X-Amz-Security-Token=")
        shown = "&".join(part for part in pairs if not part.startswith(secret))
        hidden = "&".join(part for part in pairs if part.startswith(secret))
        root = self.access.where.root(self.net, self.wish.container, self.wish.container)
        request = Request(
            provider="s3",
            name=self.wish.container,
            url=f"{before}?{shown}",
            secret_query=Secret(hidden),
            headers={"range": FIRST_BYTE} if self.right == "read" else {},
            host=root.host,
            max_bytes=1 << 16,
            asked=words,
        )
        return hear(self.net, request, What.NAMES if self.right == "list" else What.CONTENT)

    def _url(self) -> str:
        """Return the address without query. Raises `OutOfScopeError` without https, beyond loopback."""
        root = self.access.where.root(self.net, self.wish.container, self.wish.container)
        parts = urlsplit(root.url)
        if parts.scheme == "http" and not is_local(parts.hostname or ""):
            raise OutOfScopeError(
                f"the endpoint for {self.wish.container} has no https: no link is made for it"
            )
        name = "" if self.right == "list" else self.wish.path
        return f"{root.url}/{quote(name, safe='/-._~')}"

    def _parameters(self, at: datetime, lives: timedelta) -> dict[str, str]:
        more: dict[str, str] = {}
        if self.right == "list":
            more = {"list-type": "2", **({"prefix": self.wish.path} if self.wish.path else {})}
        seconds = int(lives.total_seconds())
        return presign.parameters(
            self.key, region=self.access.where.region, at=at.astimezone(UTC), seconds=seconds, more=more
        )

    def _link(self, parameters: Mapping[str, str]) -> Secret:
        return presign.link(_METHODS[self.right], self._url(), parameters, self.key)

    def _move(self, region: str) -> None:
        moved = self.access.where.moved(region)
        if moved is not None:
            self.access = replace(self.access, where=moved)

    def _refused(self, heard: Heard) -> RequestError:
        words = f"could not find what is to be shared: {heard.answer.words}"
        status = heard.answer.status
        if status is None or heard.means in (Means.BUSY, Means.UNTOLD):
            return NoAnswerError(words)
        hint = ""
        if status == 404:
            hint = "There is no such object or bucket, or the key may not see it."
        elif heard.answer.code == "RequestTimeTooSkewed":
            hint = "This machine's clock is wrong: set it."
        elif status in (401, 403):
            hint = (
                "The key needs s3:GetObject (or s3:ListBucket) there: a link can do no more than its signer."
            )
        return RefusedError(words, status=status, code=heard.answer.code, hint=hint)


def _where(region: str) -> Where:
    first = Where()
    return first.moved(region) or replace(first, region=region)


def _forged(link: Secret) -> Secret:
    before, name, signature = link.reveal().partition("X-Amz-Signature=")
    return Secret(f"{before}{name}{flipped(Secret(signature)).reveal()}")


def _tried(heard: Heard, *, denied: bool = False) -> Tried:
    status, code = heard.answer.status, heard.answer.code
    refused = status in (400, 401, 403) and (heard.means is Means.DEAD or (denied and code == "AccessDenied"))
    return Tried(status=status, code=code, authentication=refused)
