"""What a request may carry: nothing that could make it another request, and no secret where it would show."""

from __future__ import annotations

import re
from typing import Final

from tidegate.errors import OutOfScopeError
from tidegate.net.address import Url
from tidegate.net.message import Request

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,16384}")
_SECRET_QUERY = re.compile(r"[!$%&'()*+,./0-9:;=?@A-Z_a-z~\-]{0,16384}")
_OURS: Final = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    )
)
"""Headers that the transport sets, or that no read needs."""
_OTHER_VERB = re.compile(r"x-(?:http-)?method(?:-override)?|x-original-(?:url|method)|x-rewrite-url|proxy-.*")
"""Headers by which some servers and gateways take a GET for another request."""
_SECRET_HEADERS: Final = frozenset(("authorization", "x-amz-security-token"))
_SECRET_PARAMETERS = re.compile(
    r"(?:^|[&?;])(?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|access_token|token)=",
    re.IGNORECASE,
)
_QUEUE_MESSAGES = re.compile(r"(?:/[^/]+){1,2}/messages/?", re.IGNORECASE)
"""`/queue/messages`, and `/account/queue/messages` at an emulator."""


def check_query(request: Request, url: Url, *, at_queue: bool) -> None:
    """Raise `OutOfScopeError` for a query that makes a GET change something.

    `ValueError` for a secret in the part of the query that is logged.
    at_queue: it goes to Azure's queue service.
    """
    query = url.query or ""
    if _SECRET_PARAMETERS.search(query):
        raise ValueError("a secret stands in the part of the URL that is logged")
    # Getting messages hides them from their readers, and counts as a delivery: a GET that writes.
    # Source: learn.microsoft.com/rest/api/storageservices/get-messages, and peek-messages.
    parameters = f"{query}&{_reveal_query(request)}".lower().split("&")
    if at_queue and _QUEUE_MESSAGES.fullmatch(url.path) and "peekonly=true" not in parameters:
        raise OutOfScopeError(
            "messages of a queue are only peeked at: getting them takes them from their readers"
        )


def full_url(request: Request, url: Url) -> str:
    """Return the URL with the secret part of its query. Raises `OutOfScopeError`, which does not show it."""
    secret = _reveal_query(request)
    if not secret:
        return request.url
    if _SECRET_QUERY.fullmatch(secret) is None:
        raise OutOfScopeError("the secret part of the query holds characters that no URL has")
    joint = "?" if url.query is None else "&" if url.query else ""
    return f"{request.url}{joint}{secret}"


def all_headers(request: Request) -> dict[str, str]:
    """Return all headers, the secret ones too, names in lower case.

    Raises `OutOfScopeError` for what is not sent; `ValueError` for a secret that stands among the others.
    """
    headers: dict[str, str] = {}
    secret = {name.lower(): value.reveal() for name, value in request.secret_headers.items()}
    for name, value in request.headers.items():
        if name.lower() in _SECRET_HEADERS:
            raise ValueError(f"{name.lower()} belongs among the secret headers")
        headers[name.lower()] = value
    for name, value in (*headers.items(), *secret.items()):
        if _HEADER_NAME.fullmatch(name) is None:
            raise OutOfScopeError("a header's name holds characters that none has")
        if _HEADER_VALUE.fullmatch(value) is None:
            raise OutOfScopeError(f"the header {name} holds characters that none may, or is too long")
        if name in _OURS or _OTHER_VERB.fullmatch(name):
            raise OutOfScopeError(f"the header {name} is not sent")
    if request.host is not None:
        if re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,255}", request.host) is None:
            raise OutOfScopeError("the Host header holds characters that no host has")
        secret["host"] = request.host
    return headers | secret


def _reveal_query(request: Request) -> str:
    return "" if request.secret_query is None else request.secret_query.reveal()
