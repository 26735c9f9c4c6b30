"""What is checked before a byte leaves: one place, under every request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tidegate.errors import OutOfScopeError
from tidegate.net.address import IPAddress, Url, numeric, refusal, split_url
from tidegate.net.harmless import all_headers, check_query, full_url
from tidegate.net.message import METHODS, Base, Request
from tidegate.net.names import of_provider
from tidegate.net.scope import Scope

Owner = Callable[[str, str | None], str | None]
"""`Storage.owner`: which account or bucket an address belongs to."""


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
        if not self._names(provider, name, host):
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
        check_query(request, url, at_queue=self._at_queue(request, url))
        return Checked(url, full_url(request, url), all_headers(request), at_endpoint)

    def check_resolved(self, host: str, addresses: list[IPAddress], *, at_endpoint: bool) -> None:
        """Judge what a host resolved to, all of it. Raises `OutOfScopeError`.

        The endpoint of the scope may be in a private network, but a *name* never leads to link-local
        addresses, where the metadata services are: only the address itself, written in the scope, does.
        """
        for address in addresses:
            words = refusal(address)
            if words and not (at_endpoint and not address.is_link_local):
                raise OutOfScopeError(f"{host} resolves to {address}, {words}")

    def endpoint_hint(self, request: Request, url: Url) -> str:
        """Return what to write when an address in a private network is meant, as behind a private link."""
        host = url.host
        if request.provider == "azure":
            account, _, rest = host.partition(".")
            _, dot, suffix = rest.partition(".")
            host = f"{{account}}.{{service}}.{suffix}" if (account, dot) == (request.name, ".") else host
        line = f'{request.provider} = "{url.scheme}://{host}"'
        return f"If that is meant, write under [endpoints] in {self._scope.file}: {line}"

    def _check_place(self, request: Request, url: Url, owner: Owner, *, at_endpoint: bool) -> None:
        provider, name = request.provider, request.name
        if not self._names(provider, name, "" if at_endpoint else url.host):
            raise self._outside(provider, name)
        if not at_endpoint:
            if self._scope.endpoints.get(provider):
                raise OutOfScopeError(f"{url.host} is not the endpoint that the scope names for {provider}")
            if request.host is not None and request.host.lower() != url.host:
                raise OutOfScopeError(f"the request to {url.host} carries the name of another host")
            if self._scope.names_host(provider, url.host) and not self._shared(request, url, owner):
                return
        elif provider == "azure":
            return  # Endpoints of Azure hold the account: the address begins with that of this very name.
        # Addresses and bare names mean emulators, with the account in the path: anybody may have one.
        foreign = not at_endpoint and ("." not in url.host or numeric(url.host) is not None)
        belongs_to = None if foreign else owner(request.url, request.host)
        if belongs_to is None:
            hint = self._scope.line_for(provider, url.host) if "." in url.host else ""
            raise OutOfScopeError(f"{url.host} is no address of {provider}", hint=hint)
        if belongs_to.startswith(f"{name}."):
            # A bucket of a service where names are not those of Amazon: it is named with its host.
            if not self._scope.names_host(provider, belongs_to):
                raise self._outside(provider, belongs_to)
        elif belongs_to not in ("", name):
            raise OutOfScopeError(f"the address belongs to {belongs_to!r}, not to {name!r}")

    def _names(self, provider: str, name: str, host: str) -> bool:
        """Tell whether the scope names it, alone or together with its host."""
        scope = self._scope
        return scope.allows(provider, name, host) or scope.names_host(provider, f"{name}.{host}")

    @staticmethod
    def _shared(request: Request, url: Url, owner: Owner) -> bool:
        """Tell whether the host is a service's, with somebody's bucket in the path."""
        belongs_to = owner(request.url, request.host)
        return belongs_to is not None and belongs_to.endswith(f".{url.host}")

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

    def _at_queue(self, request: Request, url: Url) -> bool:
        """Tell whether the request goes to Azure's queue service, as far as the address tells."""
        if request.provider != "azure":
            return False
        by_service = self._scope.endpoints.get("azure", {})
        if not by_service:
            return ".queue." in url.host
        queue = self._scope.endpoint("azure", request.name, "queue") if "queue" in by_service else None
        others = {self._scope.endpoint("azure", request.name, s) for s in by_service if s != "queue"}
        return queue is not None and queue not in others and _below(request.url, queue)

    def _at_endpoint(self, request: Request) -> bool:
        by_service = self._scope.endpoints.get(request.provider, {})
        bases = {self._scope.endpoint(request.provider, request.name, service) for service in by_service}
        return any(base is not None and _below(request.url, base) for base in bases)

    def _outside(self, provider: str, name: str) -> OutOfScopeError:
        shown = name if len(name) <= 100 else f"{name[:100]}…"
        return OutOfScopeError(
            f"{of_provider(provider)} {shown!r} is not in scope",
            hint=self._scope.line_for(provider, name),
            unnamed=True,
        )


def _below(url: str, base: str) -> bool:
    return url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/", "?")
