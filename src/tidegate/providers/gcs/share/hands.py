"""Signed links of Cloud Storage, version 4. Google has no way to end one alone.

Sources: cloud.google.com/storage/docs/authentication/canonical-requests,
…/docs/access-control/signed-urls ("at most 604800 seconds"), …/docs/authentication/managing-hmackeys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, urlsplit

from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError, RequestError
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted, Tried, Wish
from tidegate.net.message import Request, Response, Sends
from tidegate.providers._sharing import (
    LOOKING,
    OPEN_ANYWAY,
    OVERWRITES,
    UNENCRYPTED,
    clock_notes,
    is_local,
)
from tidegate.providers.gcs.faults import fault
from tidegate.providers.gcs.owner import STORAGE_HOST
from tidegate.providers.gcs.share.signers import Signer
from tidegate.providers.gcs.sign import flipped

_METHODS: Final = {"read": "GET", "list": "GET", "write": "PUT"}
_DEAD: Final = frozenset({"SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidSecurity"})


class GcsHands:
    """See `tidegate.share.seam.Hands`."""

    kind = "signed_url"
    ends_within_s = 0.0
    controls = ("the link", "a forged copy", "a new link, not used")

    def __init__(self, wish: Wish, signer: Signer, net: Sends) -> None:
        self.wish = wish
        self.signer = signer
        self.net = net
        self.right = wish.rights[0]
        self.now = datetime.now(UTC)
        """By the service's clock, since `find`."""

    def find(self, lives: timedelta) -> Found:
        """Ask with a link of our own for what the link will be asked for."""
        response = self._ask(self.looking(), "find what is to be shared")
        told = _told(response)
        absent = response.status == 404 and self.right == "write"
        if response.status not in (200, 206) and not absent and not (response.status == 416):
            raise self._refused(response, told)
        ahead_s = 0.0 if told is None else (datetime.now(UTC) - told).total_seconds()
        self.now = (datetime.now(UTC) - timedelta(seconds=ahead_s)).replace(microsecond=0)
        notes = clock_notes(ahead_s)
        if self.right == "write" and not absent:
            notes.append(OVERWRITES)
        if self.right != "write" and self.open_to_anyone():
            notes.append(OPEN_ANYWAY)
        notes.append("Google has no way to end one signed link alone; keep it short")
        if self._base().startswith("http://"):
            notes.append(UNENCRYPTED)
        return Found(ends_at=self.now + lives, notes=tuple(notes))

    def looking(self) -> Secret:
        """Return a link for the smallest look: of a link that writes, one that only asks for metadata."""
        return self._made(self._parameters(self.now, LOOKING), f"https://{STORAGE_HOST}", reads=True)

    def policy(self) -> str:
        return ""

    def mint(self, found: Found) -> Minted:
        """Sign the link. Nothing is made at the service."""
        parameters = self._parameters(self.now, found.ends_at - self.now)
        return Minted(
            link=self.again(parameters),
            kind=self.kind,
            parameters=parameters,
            revocation=f"{self._means()}: all that it signed end, and all who use it",
            signer=self.signer.id,
        )

    def again(self, parameters: Mapping[str, str]) -> Secret:
        return self._made(parameters, self._base())

    def unfinished(self, policy: str) -> Secret | None:  # noqa: ARG002 - see the seam
        return None

    def instead(self) -> GcsHands | None:
        return None

    def end(self, policy: str, parameters: Mapping[str, str]) -> Ending:  # noqa: ARG002 - see the seam
        return Ending(
            done=False,
            words=f"a signed link cannot be ended alone: it ends by {self._means()}, and all it signed too",
        )

    def probes(self, link: Secret) -> tuple[Tried, Tried, Tried]:
        """Ask with the link, with a forged copy, and with a new link of what is at hand now."""
        new = self._tried(self.looking(), "prove as the owner that the object is there")
        if self.right == "write":
            untried = Tried(status=None, code="a link that writes is not tried")
            return untried, untried, new
        before, name, signature = link.reveal().partition("X-Goog-Signature=")
        forged = Secret(f"{before}{name}{flipped(signature)}")
        return (
            self._tried(link, "prove whether a shared link is dead"),
            self._tried(forged, "prove that a forged link is refused"),
            new,
        )

    def beside(self, path: str) -> bool:
        other = GcsHands(replace(self.wish, path=path), self.signer, self.net)
        other.now = self.now
        try:
            return other._ask(other.looking(), "see whether there is a safer format").status in (200, 206)
        except OutOfScopeError:
            raise
        except RequestError:
            return False

    def open_to_anyone(self) -> bool:
        try:
            plain = Secret(f"https://{STORAGE_HOST}{self._path()}")
            return self._ask(plain, "see whether anyone may read it").status in (200, 206)
        except OutOfScopeError:
            raise
        except RequestError:
            return False

    def _means(self) -> str:
        if self.signer.algorithm.endswith("HMAC-SHA256"):
            return f"deactivating the HMAC key {self.signer.id}"
        return f"disabling the key of {self.signer.id} that signed it"

    def _path(self) -> str:
        name = "" if self.right == "list" else self.wish.path
        return f"/{self.wish.container}" + (f"/{quote(name, safe='/-._~')}" if name else "")

    def _base(self) -> str:
        """Return the address links begin with. Raises `OutOfScopeError` without https, beyond loopback."""
        url = self.net.base("gcs", self.wish.container, "gcs", STORAGE_HOST).url
        parts = urlsplit(url)
        if parts.scheme == "http" and not is_local(parts.hostname or ""):
            raise OutOfScopeError(
                f"the endpoint for {self.wish.container} has no https: no link is made for it"
            )
        return url

    def _parameters(self, at: datetime, lives: timedelta) -> dict[str, str]:
        stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        prefix = self.wish.path if self.right == "list" else ""
        return {
            **({"prefix": prefix} if prefix else {}),
            "X-Goog-Algorithm": self.signer.algorithm,
            "X-Goog-Credential": f"{self.signer.id}/{stamp[:8]}/auto/storage/goog4_request",
            "X-Goog-Date": stamp,
            "X-Goog-Expires": str(int(lives.total_seconds())),
            "X-Goog-SignedHeaders": "host",
        }

    def _made(self, parameters: Mapping[str, str], base: str, *, reads: bool = False) -> Secret:
        """Return the link that these parameters make at one address. reads: to look, whatever it is for."""
        method = _METHODS[self.right]
        if reads and self.right == "write":
            method = "HEAD"
        stamp = parameters.get("X-Goog-Date", "")
        scope = parameters.get("X-Goog-Credential", "").partition("/")[2]
        if not (stamp and scope):
            raise ValueError("not the parameters of a signed link")
        query = "&".join(
            f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}"
            for name, value in sorted(parameters.items())
        )
        parts = urlsplit(base)
        path = f"{parts.path}{self._path()}"
        canonical = f"{method}\n{path}\n{query}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{self.signer.algorithm}\n{stamp}\n{scope}\n{digest}"
        signature = self.signer.sign(text, scope)
        return Secret(f"{parts.scheme}://{parts.netloc}{path}?{query}&X-Goog-Signature={signature}")

    def _ask(self, link: Secret, words: str) -> Response:
        parts = urlsplit(link.reveal())
        base = self.net.base("gcs", self.wish.container, "gcs", parts.netloc)
        query, _, signature = parts.query.partition("&X-Goog-Signature=")
        host = None if base.host is None or base.url.endswith(f"//{parts.netloc}") else parts.netloc
        writes = self.right == "write"
        request = Request(
            method="HEAD" if writes else "GET",
            provider="gcs",
            name=self.wish.container,
            url=f"{base.url}{parts.path}" + (f"?{query}" if query else ""),
            secret_query=Secret(f"X-Goog-Signature={signature}") if signature else None,
            headers={} if writes or self.right == "list" else {"range": "bytes=0-0"},
            host=host,
            max_bytes=1 << 16,
            asked=words,
        )
        return self.net.send(request)

    def _tried(self, link: Secret, words: str) -> Tried:
        try:
            response = self._ask(link, words)
        except OutOfScopeError:
            raise
        except RequestError:
            return Tried(status=None, code="")
        # An empty object has no first byte: asked for one, it is there all the same.
        status = 206 if response.status == 416 else response.status
        code = "" if status in (200, 206) else fault(response).code
        dead = status in (400, 401, 403) and code in _DEAD
        return Tried(status=status, code=code, authentication=dead)

    def _refused(self, response: Response, told: datetime | None) -> RequestError:
        code = fault(response).code
        words = f"could not find what is to be shared: {response.status} {code}".rstrip()
        if response.status in (429, 500, 502, 503, 504) or response.status < 400:
            return NoAnswerError(words)
        hint = ""
        skew_s = 0.0 if told is None else abs((datetime.now(UTC) - told).total_seconds())
        if skew_s > LOOKING.total_seconds():
            hint = f"This machine's clock is {skew_s / 60:.0f} minutes off the service's: set it."
        elif response.status == 404:
            hint = "There is no such object or bucket, or the signer may not see it."
        elif code in _DEAD:
            hint = "The key that is at hand is refused: it may be inactive, disabled or deleted."
        elif response.status in (401, 403):
            hint = "The signer needs storage.objects.get (or .list): a link can do no more than its signer."
        return RefusedError(words, status=response.status, code=code, hint=hint)


def _told(response: Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.header("date")).astimezone(UTC)
    except (ValueError, TypeError):
        return None
