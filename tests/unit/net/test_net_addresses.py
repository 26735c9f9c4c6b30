from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netting import OWNERS, QUICK

from services.hostile import hostile, whole
from tidegate.errors import NoAnswerError, OutOfScopeError
from tidegate.net.address import refusal
from tidegate.net.audit import Memory
from tidegate.net.guard import Guard
from tidegate.net.message import Request
from tidegate.net.resolver import Lookup, look_up
from tidegate.net.scope import Scope
from tidegate.net.transport import Net

INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.0.8",
    "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "fd12::1", "ff02::1", "2001:db8::1",
    "3fff::1", "100::1", "5f00::1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::169.254.169.254",
    "64:ff9b::808:808", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::", "2002:808:808::1", "2001::a9fe:a9fe",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2a00::5efe:169.254.169.254", "2a00::200:5efe:a00:1", "2620:4f:8000::1%1",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8",
    "20.60.0.1",
    "52.216.0.1",
    "142.250.0.1",
    "2603:1030::1",
    "2600:1f18::1",
    "2a00:1450::1",
]


@pytest.mark.parametrize("text", INSIDE)
def test_addresses_that_no_storage_service_has_are_refused_with_a_word(text: str) -> None:
    assert refusal(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.1", "private"),
        ("fd12::1", "private"),
        ("169.254.169.254", "metadata"),
        ("168.63.129.16", "host agent of Azure"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "private"),
        ("64:ff9b::808:808", "NAT64"),
        ("2002:808:808::1", "6to4"),
        ("2a00::5efe:808:808", "ISATAP"),
    ],
)
def test_the_word_says_what_is_wrong_with_an_address(text: str, word: str) -> None:
    assert word in refusal(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_public_addresses_are_not_refused(text: str) -> None:
    assert refusal(ipaddress.ip_address(text)) == ""


@given(st.ip_addresses())
def test_what_is_not_global_is_always_refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert address.is_global or refusal(address)


PREFIXES = ["::", "::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "::ffff:0:0:0"]


@given(st.ip_addresses(v=4), st.sampled_from(PREFIXES))
def test_an_ipv4_address_in_disguise_is_always_refused(address: ipaddress.IPv4Address, prefix: str) -> None:
    assert refusal(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address)))


@contextmanager
def real_names(lookup: Lookup, scope: Scope | None = None) -> Iterator[tuple[Net, Memory]]:
    """Open a `Net` to the service itself, where names become what `lookup` says."""
    audit = Memory()
    with Net(
        scope or Scope.of(azure=["acct"]), owners=OWNERS, audit=audit, limits=QUICK, lookup=lookup
    ) as net:
        yield net, audit


REAL = Request(provider="azure", name="acct", url="https://acct.blob.core.windows.net/c?comp=list")


@pytest.mark.parametrize("text", INSIDE)
def test_one_inner_address_among_public_ones_spoils_all(text: str) -> None:
    guard, inner = Guard(Scope.of(azure=["acct"]), OWNERS), ipaddress.ip_address(text)
    public = [ipaddress.ip_address(other) for other in OUTSIDE]
    guard.check_resolved("acct.blob.core.windows.net", public, at_endpoint=False)
    for addresses in ([inner], [inner, *public], [*public, inner]):
        with pytest.raises(OutOfScopeError, match="resolves to"):
            guard.check_resolved("acct.blob.core.windows.net", addresses, at_endpoint=False)


# No public address in what follows: were the guard broken, the tests would connect to it.
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%lo"]
)
def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    with (
        real_names(lambda host: [address]) as (net, audit),
        pytest.raises(OutOfScopeError, match=r"acct\.blob\.core\.windows\.net resolves to") as error,
    ):
        net.send(REAL)
    assert 'azure = "https://{account}.{service}.core.windows.net"' in error.value.hint
    assert audit.entries[0].status is None
    assert "resolves to" in audit.entries[0].error


def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with hostile(whole("200 OK", b"x")) as server:
        endpoint = f"http://storage.contoso.example:{server.port}/{{account}}"
        with real_names(rebinding, Scope.of(azure=["acct"], endpoints={"azure": endpoint})) as (net, _):
            base = net.base("azure", "acct", "blob", "acct.blob.core.windows.net")
            for _ in range(3):
                assert net.send(Request(provider="azure", name="acct", url=f"{base.url}/c")).body == b"x"
    assert asked == ["storage.contoso.example"]
    assert server.heard[0].headers["host"] == f"storage.contoso.example:{server.port}"


def test_what_is_not_in_scope_is_not_even_looked_up() -> None:
    asked: list[str] = []

    def note(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with real_names(note) as (net, _), pytest.raises(OutOfScopeError):
        net.send(Request(provider="azure", name="other", url="https://other.blob.core.windows.net/c"))
    assert asked == []


def test_an_endpoint_may_be_called_localhost() -> None:
    with hostile(whole("200 OK", b"x")) as server:
        endpoint = f"http://localhost:{server.port}/{{account}}"
        scope = Scope.of(azure=["acct"], endpoints={"azure": endpoint})
        with real_names(look_up, scope) as (net, _):
            url = f"http://localhost:{server.port}/acct/c"
            assert net.send(Request(provider="azure", name="acct", url=url)).body == b"x"


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1"])
def test_even_the_name_of_an_endpoint_never_leads_to_metadata(address: str) -> None:
    scope = Scope.of(azure=["acct"], endpoints={"azure": "http://storage.contoso.example/{account}"})
    with (
        real_names(lambda host: [address], scope) as (net, _),
        pytest.raises(OutOfScopeError, match="link-local"),
    ):
        net.send(Request(provider="azure", name="acct", url="http://storage.contoso.example/acct/c"))


def test_a_name_that_nobody_knows_is_no_answer_and_asked_for_once() -> None:
    def unknown(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "made up")

    with (
        real_names(unknown) as (net, audit),
        pytest.raises(NoAnswerError, match=r"there is no host acct\.blob\.core\.windows\.net"),
    ):
        net.send(REAL)
    assert len(audit.entries) == 1


def test_a_name_without_addresses_is_no_host() -> None:
    with real_names(lambda host: []) as (net, _), pytest.raises(NoAnswerError, match="there is no host"):
        net.send(REAL)


def test_a_name_server_that_is_out_of_order_is_asked_again() -> None:
    def busy(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "made up")

    with real_names(busy) as (net, audit), pytest.raises(NoAnswerError, match="cannot be looked up now"):
        net.send(REAL)
    assert len(audit.entries) == QUICK.attempts


def test_a_look_up_that_hangs_does_not_hold_up_the_end() -> None:
    let_go = threading.Event()

    def hanging(host: str) -> list[str]:
        let_go.wait()
        return ["127.0.0.1"]

    with real_names(hanging) as (net, _), pytest.raises(NoAnswerError, match="in time"):
        net.send(REAL)
    let_go.set()
