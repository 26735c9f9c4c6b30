"""Addresses: URLs taken apart strictly, and which numeric addresses no storage service has.

A URL is read here in one way only. Whatever two readers could take apart differently (white space, a
backslash, user information, `127.1`, dots in the path) is refused, so that what is judged is what is asked.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple

from tidegate.errors import OutOfScopeError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[!$%&'()*+,./0-9:;=@A-Z_a-z~\-]*)?"
    r"(?:\?(?P<query>[!$%&'()*+,./0-9:;=?@A-Z_a-z~\-]*))?"
)
_DOTS = re.compile(r"(?:/|%2[Ff]|%5[Cc])(?:\.|%2[Ee]){1,2}(?:/|%2[Ff]|%5[Cc]|$)")
_HALF_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEFAULT_PORT: Final = {"http": 80, "https": 443}


class Url(NamedTuple):
    """A URL that has one reading."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int
    path: str
    """Begins with a slash, or is empty."""
    query: str | None


def split_url(text: str) -> Url:
    """Take a URL apart. Raises `OutOfScopeError`, which shows no part of the query."""
    match = _URL.fullmatch(text)
    if match is None:
        raise OutOfScopeError("the address is no plain http or https URL")
    path, query = match["path"] or "", match["query"]
    if _HALF_ESCAPE.search(path + (query or "")):
        raise OutOfScopeError("the address holds a percent sign that escapes nothing")
    if _DOTS.search(path):
        raise OutOfScopeError("the address climbs with dots in its path")
    port = int(match["port"] or _DEFAULT_PORT[match["scheme"]])
    if not 0 < port < 1 << 16:
        raise OutOfScopeError(f"there is no port {port}")
    return Url(match["scheme"], _host(match["host"]), port, path, query)


def _host(text: str) -> str:
    host = text.lower()
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise OutOfScopeError(f"{host} is no IPv6 address") from None
    labels = host.split(".")
    if not all(0 < len(label) < 64 for label in labels):
        raise OutOfScopeError(f"{host} is no host name")
    # `127.1`, `0x7f.1`, `2130706433`: inet_aton reads them as addresses, by rules of its own.
    last = labels[-1]
    if (last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last)) and numeric(host) is None:
        raise OutOfScopeError(f"{host} is a number that only some programs take for an address")
    return host


def numeric(host: str) -> IPAddress | None:
    """Return the address that a host spells in its one proper form; `None` for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


_REFUSED_4: Final = tuple(
    (ipaddress.IPv4Network(network), words)
    for network, words in (
        ("168.63.129.16/32", "the host agent of Azure"),
        ("169.254.0.0/16", "link-local, where metadata services are"),
        ("100.64.0.0/10", "carrier-grade NAT, and a metadata service"),
        ("192.0.0.0/24", "reserved, and a metadata service"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("0.0.0.0/8", "this very host"),
    )
)
_REFUSED_6: Final = tuple(
    (ipaddress.IPv6Network(network), words)
    for network, words in (
        ("::/96", "an IPv4 address in disguise"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("::ffff:0:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("2002::/16", "an IPv4 address behind 6to4"),
        ("2001::/32", "an IPv4 address behind Teredo"),
        ("fe80::/10", "link-local"),
        ("fc00::/7", "private"),
        ("ff00::/8", "multicast"),
        ("2001:db8::/32", "kept for documentation"),
        ("3fff::/20", "kept for documentation"),
    )
)
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")
"""All that is given out. Source: IANA, IPv6 Global Unicast Address Assignments."""
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
"""The third quarter of an address that carries an IPv4 address in its last (RFC 5214)."""


def refusal(address: IPAddress) -> str:
    """Say why no request goes to this address, or return an empty text for a public one.

    An allow list by `is_global` (and 2000::/3: Python's own lists age), and before it what that calls
    global although it leads inside: Azure's 168.63.129.16, and IPv6 forms that carry an IPv4 address.
    Those are refused whatever they carry.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return "bound to one network card"
        if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
            return "an IPv4 address behind ISATAP"
        if address == ipaddress.IPv6Address(1):
            return "loopback"
        for net6, words in _REFUSED_6:
            if address in net6:
                return words
    else:
        for net4, words in _REFUSED_4:
            if address in net4:
                return words
    if address.is_loopback:
        return "loopback"
    if address.is_multicast:
        return "multicast"
    if address.is_private:
        return "private"
    given_out = address.is_global and (address.version == 4 or address in _GLOBAL_6)
    return "" if given_out else "reserved"
