"""What is checked before a byte leaves: one place, under every request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from tidegate.errors import OutOfScopeError
from tidegate.net.address import IPAddress, Url, numeric, refusal, split_url
from tidegate.net.message import Base, Request
from tidegate.net.scope import Scope

Owner = Callable[[str, str | None], str | None]
"""`Storage.owner`: which account or bucket an address belongs to."""

METHODS: Final = ("GET", "HEAD")
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
_DEQUEUES = re.compile(r"/messages/?", re.IGNORECASE)


class Checked(NamedTuple):
    """A request that may be sent."""

    url: Url
    full_url: str
    """With the secret part of the query: never shown."""
    headers: dict[str, str]
    """With the secret ones: never shown."""
    at_endpoint: bool
    """It goes to an endpoint of the scope, whose address may be private."""


class Guard:
    """Lets through what the scope names and what only reads; holds nothing that changes."""

    def __init__(self, scope: Scope, owners: Mapping[str, Owner]) -> None:
        self._scope = scope
        self._owners = dict(owners)

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        """See `Sends.base`."""
        if not self._scope.allows(provider, name, host):
            raise self._outside(provider, name)
        endpoint = self._scope.endpoint(provider, name, service)
        if endpoint is None:
            return Base(f"{scheme}://{host}")
        # Accounts of Azure stand in the path there; buckets are found by the name the link was signed for.
        return Base(endpoint, None if provider == "azure" else host)

    def check(self, request: Request) -> Checked:
        """Return what may be sent. Raises `OutOfScopeError`; `ValueError` for a request badly made by us."""
        if request.method not in METHODS:
            raise OutOfScopeError("only GET and HEAD are ever sent")
        owner = self._owners.get(request.provider)
        if owner is None:
            raise OutOfScopeError(f"nobody knows the addresses of {request.provider!r}")
        url = split_url(request.url)
        at_endpoint = self._at_endpoint(request)
        self._check_place(request, url, owner, at_endpoint=at_endpoint)
        self._check_address(url, at_endpoint=at_endpoint)
        self._check_harmless(request, url)
        return Checked(url, _full_url(request, url), _headers(request), at_endpoint)

    def check_resolved(self, host: str, addresses: list[IPAddress], *, at_endpoint: bool) -> None:
        """Judge what a host resolved to, all of it. Raises `OutOfScopeError`.

        The endpoint of the scope may be in a private network, but a *name* never leads to link-local
        addresses, where the metadata services are: only the address itself, written in the scope, does.
        """
        for address in addresses:
            words = refusal(address)
            if words and not (at_endpoint and not address.is_link_local):
                raise OutOfScopeError(
                    f"{host} resolves to {address}, {words}: nothing was sent",
                    hint=f"If that is meant, name it under [endpoints] in {self._scope.file}.",
                )

    def _check_place(self, request: Request, url: Url, owner: Owner, *, at_endpoint: bool) -> None:
        provider, name = request.provider, request.name
        foreign_host = request.host is not None and request.host.lower() != _authority(url)
        if not self._scope.allows(provider, name, "" if at_endpoint else url.host):
            raise self._outside(provider, name)
        if self._scope.endpoints.get(provider) and not at_endpoint:
            raise OutOfScopeError(f"{url.host} is not the endpoint that the scope names for {provider}")
        if foreign_host and not at_endpoint:
            raise OutOfScopeError(f"the request to {url.host} carries the name of another host")
        if at_endpoint and self._names_account(provider):
            return  # The endpoint with the account in it is the beginning of the address.
        if not at_endpoint and self._scope.names_host(provider, url.host):
            return
        belongs_to = owner(request.url, request.host)
        if belongs_to is None:
            raise OutOfScopeError(
                f"{url.host} is no address of {provider}", hint=self._host_hint(provider, url.host)
            )
        if belongs_to not in ("", name):
            raise OutOfScopeError(f"the address belongs to {belongs_to!r}, not to {name!r}")

    def _check_address(self, url: Url, *, at_endpoint: bool) -> None:
        if at_endpoint:
            return
        if url.scheme != "https":
            raise OutOfScopeError(
                "without encryption only an endpoint that the scope names with http is asked"
            )
        if url.port != 443:
            raise OutOfScopeError(f"port {url.port} of {url.host} is no endpoint that the scope names")
        address = numeric(url.host)
        if address is not None and (words := refusal(address)):
            raise OutOfScopeError(f"{address} is {words}")

    def _check_harmless(self, request: Request, url: Url) -> None:
        query = url.query or ""
        if _SECRET_PARAMETERS.search(query):
            raise ValueError("a secret stands in the part of the URL that is logged")
        # Getting messages of a queue hides them from their readers, and counts: a GET that writes.
        # A blob may be called `messages` too.
        last = re.fullmatch(r"/[^/]+/messages/?|/[^/]+/[^/]+/messages/?", url.path)
        if request.provider == "azure" and last and self._may_be_queue(request, url):
            parameters = f"{query}&{_reveal_query(request)}".lower().split("&")
            if "peekonly=true" not in parameters:
                raise OutOfScopeError(
                    "messages of a queue are only peeked at: getting them takes them from their readers"
                )

    def _may_be_queue(self, request: Request, url: Url) -> bool:
        by_service = self._scope.endpoints.get("azure", {})
        if not by_service:
            return url.host.split(".")[1:2] == ["queue"]
        queue, others = by_service.get("queue"), {u for s, u in by_service.items() if s != "queue"}
        if queue is None or (queue in others and "{service}" not in queue):
            return False
        expected = self._scope.endpoint("azure", request.name, "queue")
        return expected is not None and _below(request.url, expected)

    def _at_endpoint(self, request: Request) -> bool:
        by_service = self._scope.endpoints.get(request.provider, {})
        bases = {self._scope.endpoint(request.provider, request.name, service) for service in by_service}
        return any(base is not None and _below(request.url, base) for base in bases)

    def _names_account(self, provider: str) -> bool:
        return all("{account}" in url for url in self._scope.endpoints[provider].values())

    def _outside(self, provider: str, name: str) -> OutOfScopeError:
        shown = name if len(name) <= 100 else f"{name[:100]}…"
        return OutOfScopeError(
            f"{provider} {shown!r} is not in scope", hint=self._scope.line_for(provider, name)
        )

    def _host_hint(self, provider: str, host: str) -> str:
        return self._scope.line_for(provider, host) if "." in host and numeric(host) is None else ""


def _below(url: str, base: str) -> bool:
    return url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/", "?")


def _authority(url: Url) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return host if (url.scheme, url.port) in (("https", 443), ("http", 80)) else f"{host}:{url.port}"


def _reveal_query(request: Request) -> str:
    return "" if request.secret_query is None else request.secret_query.reveal()


def _full_url(request: Request, url: Url) -> str:
    secret = _reveal_query(request)
    if not secret:
        return request.url
    if _SECRET_QUERY.fullmatch(secret) is None:
        raise OutOfScopeError("the secret part of the query holds characters that no URL has")
    joint = "?" if url.query is None else "&" if url.query else ""
    return f"{request.url}{joint}{secret}"


def _headers(request: Request) -> dict[str, str]:
    """Return all headers, names in lower case."""
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
