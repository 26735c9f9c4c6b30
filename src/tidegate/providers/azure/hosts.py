"""Which account, service and container an Azure Storage address names.

Sources: learn.microsoft.com/azure/storage/common/storage-account-overview ("Storage account endpoints"),
…/storage-private-endpoints, …/storage-use-azurite, and the sovereign clouds' endpoint lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidegate.providers._link import Link, read_link
from tidegate.records import dataclass, replace

SERVICES = ("blob", "file", "queue", "table")

_PATTERN = re.compile(
    r"(?P<account>[a-z0-9][a-z0-9-]{0,62})"
    r"(?:\.privatelink)?"
    r"(?:\.(?P<zone>z\d{1,3}))?"
    r"\.(?P<service>blob|dfs|web|file|queue|table)"
    r"\.(?P<suffix>(?:core|storage)\.[a-z0-9.-]+|storage\.azure\.net|localhost)"
)
ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
"""Names of accounts: 3 to 24 letters and digits; with hyphens and longer those that Azure makes for disks."""

_ROUTES = ("-ipv6", "-secondary", "-internetrouting", "-microsoftrouting")
"""What stands behind the account's name for a replica or another way into the network."""

_EMULATOR_PORTS = {10000: "blob", 10001: "queue", 10002: "table"}
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\]|localhost|[a-z0-9_-]+")
_CLOUDS = (
    ("chinacloudapi.cn", "Azure operated by 21Vianet"),
    ("usgovcloudapi.net", "Azure US Government"),
    ("cloudapi.de", "Azure Germany"),
    ("localhost", "emulator"),
    ("windows.net", "Azure public"),
    ("storage.azure.net", "Azure public"),
)
SERVICE_SUFFIXES = frozenset(
    (
        "core.windows.net",
        "core.chinacloudapi.cn",
        "core.usgovcloudapi.net",
        "core.cloudapi.de",
        "storage.azure.net",
    )
)
"""What stands behind an account's service in hosts of Microsoft. Whatever else looks like it, such as
`core.contoso.com` of a private cloud, may be anybody's: it can be read, but is asked only as an endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What the address part of a link says."""

    account: str | None = None
    service: str | None = None
    """`blob`, `file`, `queue`, `table`; `dfs` and `web` hosts are the blob service."""
    front: str | None = None
    """The host's own word, `dfs` or `web` too."""
    endpoint: str | None = None
    container: str | None = None
    key: str | None = None
    cloud: str | None = None
    path_style: bool = False


def read_address(link: Link, context: Mapping[str, str]) -> Address:
    """Read the link's address; what it does not say is taken from `context` (what stood near)."""
    mine = _of_link(link)
    if mine.account is None and context.get("endpoint"):
        near = _of_link(read_link(context["endpoint"]))
        if near.account is not None or mine.endpoint is None:
            mine = replace(
                near,
                container=mine.container or near.container,
                key=mine.key or near.key,
                service=mine.service or near.service,
            )
    suffix = context.get("endpoint_suffix", "").strip(". ").lower()
    account = mine.account or context.get("account", "").strip().lower() or None
    endpoint = mine.endpoint
    if endpoint is None and account and suffix:
        endpoint = f"{account}.{mine.service or 'blob'}.{suffix}"
    return replace(
        mine,
        account=account,
        endpoint=endpoint,
        container=mine.container or context.get("container") or None,
        cloud=mine.cloud or (cloud_of(suffix) if suffix else None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a host alone says."""

    account: str | None = None
    front: str = ""
    """`blob`, `dfs`, `web`, `file`, `queue` or `table`; empty for a host that is none of Azure's."""
    zone: str = ""
    """`z13.`, with its dot, for an account in a DNS zone."""
    suffix: str = ""
    """`core.windows.net` and its like."""
    path_style: bool = False
    """The account stands first in the path."""


def read_host(host: str) -> Host:
    """Read a host in lower case, without its port."""
    found = _PATTERN.fullmatch(host)
    if found is None:
        return Host(path_style=_ADDRESS.fullmatch(host) is not None)
    return Host(
        account=_without_route(found["account"]),
        front=found["service"],
        zone=f"{found['zone']}." if found["zone"] else "",
        suffix=found["suffix"],
    )


def cloud_of(host: str) -> str | None:
    """Name the cloud whose endpoint suffix this is; `None` for one we do not know."""
    return next((name for suffix, name in _CLOUDS if host.endswith(suffix)), None)


def _of_link(link: Link) -> Address:
    if not link.host:
        container, key = _container_and_key(link.path)
        return Address(container=container, key=key)
    found = _PATTERN.fullmatch(link.host)
    if found:
        front = found["service"]
        user = link.user if link.scheme.startswith(("wasb", "abfs")) and ":" not in link.user else ""
        if front == "web":
            container, key = "$web", link.path or None
        elif user:
            container, key = user, link.path or None
        else:
            container, key = _container_and_key(link.path)
        return Address(
            account=_without_route(found["account"]),
            service={"dfs": "blob", "web": "blob"}.get(front, front),
            front=front,
            endpoint=link.endpoint,
            container=container,
            key=key,
            cloud=cloud_of(link.host),
        )
    if _ADDRESS.fullmatch(link.host):
        # Emulators and private clouds: an address or a bare name, and the account first in the path.
        account, _, rest = link.path.partition("/")
        container, key = _container_and_key(rest)
        return Address(
            account=account.lower() or None,
            service=_EMULATOR_PORTS.get(link.port or 0),
            endpoint=link.endpoint,
            container=container,
            key=key,
            cloud="emulator",
            path_style=True,
        )
    container, key = _container_and_key(link.path)
    return Address(endpoint=link.endpoint, container=container, key=key)


def _container_and_key(path: str) -> tuple[str | None, str | None]:
    # A name may hold `//`: only the first slash parts it from its container.
    container, _, key = path.lstrip("/").partition("/")
    return container or None, key.rstrip("/") or None


def _without_route(account: str) -> str:
    for route in _ROUTES:
        account = account.removesuffix(route)
    return account
