"""One request to a storage service, and what its answer says in words that all services share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import quote

from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError
from tidegate.model.secret import Secret
from tidegate.net.message import Base, Request, Response, Sends
from tidegate.providers.azure.access import Access
from tidegate.providers.azure.codes import Verdict, verdict
from tidegate.providers.azure.sharedkey import authorization
from tidegate.providers.azure.xmlpages import read_records

API_VERSION = "2021-12-02"
"""Of the REST API, whatever version a signature is of. The first that writes names XML cannot hold in percent
encoding for blobs and files alike (`Encoded="true"`), and old enough for private clouds and emulators.
Source: learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services."""

TABLE_VERSION = "2020-12-06"
"""The newest that the library for tables knows (azure-data-tables 12.7)."""

LARGEST_ERROR_BYTES = 64 * 1024

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of one service, before anyone signs it."""

    service: str
    """`blob`, `dfs`, `file`, `queue`, `table`, or `web` for a static site."""
    path: str = ""
    """Decoded, without a leading slash: `container/name`."""
    query: Mapping[str, str] = field(default_factory=dict)
    method: Literal["GET", "HEAD"] = "GET"
    span: tuple[int, int] | None = None
    """Bytes [start, stop) that are wanted."""
    max_bytes: int = LARGEST_ERROR_BYTES
    words: str
    """What it is for: `list one container`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, with the service's own code read out of it."""

    response: Response
    code: str
    """`x-ms-error-code`, or the code in the body; empty where there is none."""
    detail: str
    """`AuthenticationErrorDetail`: only ever compared, as it repeats parts of what was signed."""
    emulated: bool
    """It comes from Azurite, which has one code for all that is dead."""
    anonymous: bool
    """No credential was sent."""

    @property
    def answered(self) -> bool:
        """The service gave what was asked."""
        return self.response.status in (200, 206)

    @property
    def verdict(self) -> Verdict:
        """What a refusal means for the credential."""
        return verdict(
            self.response.status,
            self.code,
            self.detail,
            emulated=self.emulated,
            anonymous=self.anonymous,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Sends asks with one access."""

    access: Access
    net: Sends
    clock: Clock

    def as_anyone(self) -> Client:
        """Return a client of the same address that brings no secret."""
        return replace(self, access=self.access.without_secret())

    def altered(self) -> Client:
        """Return a client whose signature is wrong in one character."""
        return replace(self, access=self.access.altered())

    def ask(self, ask: Ask) -> Reply:
        """Send it, and return the answer, whatever its status. Raises `RequestError`."""
        response = self.net.send(self._request(ask))
        code, detail = _error(response)
        emulated = response.header("server").startswith("Azurite")
        return Reply(
            response=response,
            code=code,
            detail=detail,
            emulated=emulated,
            anonymous=self.access.anonymous,
        )

    def demand(self, ask: Ask, *, whole: bool = True) -> Response:
        """Send it, and return the answer it asked for.

        whole: an answer that was cut at `Ask.max_bytes` is none. Raises `RefusedError` for a refusal,
        `NoAnswerError` for an answer that is neither.
        """
        reply = self.ask(ask)
        status = reply.response.status
        if reply.answered:
            if whole and reply.response.truncated and ask.span is None:
                raise NoAnswerError(f"the answer is longer than {ask.max_bytes >> 20} MiB")
            return reply.response
        if status in (429, 500, 502, 503, 504) or 300 <= status < 400:
            raise NoAnswerError(f"could not {ask.words}: {reply.verdict.words}")
        raise RefusedError(f"could not {ask.words}: {reply.verdict.words}", status=status, code=reply.code)

    def _request(self, ask: Ask) -> Request:
        access = self.access
        url = self.base(ask.service).url + "/" + quote(ask.path, safe="/~!$'()*,;:@")
        if ask.query:
            url += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in ask.query.items())
        headers = {"x-ms-version": TABLE_VERSION if ask.service == "table" else API_VERSION}
        if ask.span is not None:
            headers["Range"] = f"bytes={ask.span[0]}-{ask.span[1] - 1}"
        if ask.service == "table":
            headers["Accept"] = "application/json;odata=nometadata"
        secret_headers: dict[str, Secret] = {}
        if access.key is not None and access.account is not None:
            headers["x-ms-date"] = format_datetime(self.clock(), usegmt=True)
            secret_headers["Authorization"] = authorization(
                access.account, access.key, ask.method, url, headers, table=ask.service == "table"
            )
        if access.bearer is not None:
            secret_headers["Authorization"] = Secret(f"Bearer {access.bearer.reveal()}")
        return Request(
            method=ask.method,
            provider="azure",
            name=access.name,
            url=url,
            secret_query=access.query(),
            headers=headers,
            secret_headers=secret_headers,
            max_bytes=ask.max_bytes,
            asked=ask.words,
        )

    def base(self, service: str) -> Base:
        """Return where a service is asked. Raises `OutOfScopeError`, also where that is not known."""
        access = self.access
        host = access.host(service)
        if host is None:
            raise OutOfScopeError(f"it is not known where the {service} service of {access.name} is")
        base = self.net.base("azure", access.name, "blob" if service == "web" else service, host)
        if access.path_style and base.url == f"https://{host}":
            return Base(f"{base.url}/{access.account}")
        return base


def _error(response: Response) -> tuple[str, str]:
    """Return code and detail of an error, from header, XML or JSON; both empty for other answers."""
    header = response.header("x-ms-error-code")
    if response.status < 400:
        return _word(header), ""
    found: Mapping[str, str] = {}
    body = response.body[:LARGEST_ERROR_BYTES]
    if body[:200].lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{"):
        found = _json_error(body)
    elif body:
        try:
            found = {name.lower(): value for name, value in read_records(body).values.items()}
        except NoAnswerError:
            found = {}  # a proxy's web page, or a cut answer: the status says what there is to say
    return _word(header or found.get("code", "")), found.get("authenticationerrordetail", "")


def _json_error(body: bytes) -> Mapping[str, str]:
    """Read the errors of tables (`odata.error`) and of the data lake (`error`)."""
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    inner = read.get("odata.error", read.get("error")) if isinstance(read, dict) else None
    if not isinstance(inner, dict):
        return {}
    detail = inner.get("detail")
    more = detail if isinstance(detail, dict) else {}
    values = {"code": inner.get("code"), "authenticationerrordetail": more.get("AuthenticationErrorDetail")}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _word(code: str) -> str:
    """Let nothing but a word through: it goes into reports."""
    return code if re.fullmatch(r"[A-Za-z]{1,80}", code) else ""
