"""Which key signed is told without a signature, for every kind; and what an address of the control plane is about."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import NoAnswerError, OutOfScopeError
from tidegate.lab.azurite import made_up_key
from tidegate.model.closing import Known
from tidegate.model.secret import Secret
from tidegate.net.guard import Guard
from tidegate.net.message import Request
from tidegate.net.scope import Scope
from tidegate.providers.azure.closing.management import owner
from tidegate.providers.azure.closing.policies import ENDED, Held, Policy, parsed
from tidegate.providers.azure.closing.signer import ended, of_known

KEYS = {name: Secret(made_up_key(name)) for name in ("key1", "key2")}
UNTIL = datetime(2051, 1, 1, tzinfo=UTC)


def known(token: str, kind: str, container: str = "", path: str = "") -> Known:
    parameters = dict(parse_qsl(token))
    fingerprint = Secret(parameters.pop("sig")).fingerprint
    return Known(
        id="sh-1", words="", kind=kind, account="contoso", container=container, path=path,
        parameters=parameters, fingerprint=fingerprint,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["key1", "key2"])
def test_the_key_of_every_kind_of_link_is_found_from_its_fingerprint(name: str) -> None:
    key = KEYS[name].reveal()
    links = [
        known(generate_account_sas("contoso", key, "sco", "rl", UNTIL, services="b"), "account_sas"),
        known(generate_container_sas("contoso", "models", key, permission="rl", expiry=UNTIL), "service_sas", "models"),
        known(generate_container_sas("contoso", "models", key, policy_id="p"), "service_sas", "models"),
        known(
            generate_blob_sas("contoso", "models", "a b/ü.bin", account_key=key, permission="r", expiry=UNTIL),
            "service_sas", "models", "a b/ü.bin",
        ),
    ]  # fmt: skip
    assert [of_known(link, KEYS) for link in links] == [name] * len(links)
    assert [of_known(link, {"other": Secret(made_up_key("third"))}) for link in links] == [None] * len(links)
    assert not any(ended(link, datetime.now(UTC)) for link in links)
    itself = Known(
        id="tg-1", words="", kind="account_key", account="contoso", fingerprint=KEYS[name].fingerprint
    )
    assert of_known(itself, KEYS) == name


@pytest.mark.parametrize(
    ("url", "host", "account"),
    [
        ("https://management.azure.com/subscriptions/0-1/resourceGroups/g%28x%29/providers/Microsoft.Storage/storageAccounts/contoso/regenerateKey?api-version=1", None, "contoso"),
        ("http://127.0.0.1:9/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso", "management.azure.com", "contoso"),
        ("https://management.azure.com/subscriptions?api-version=1", None, ""),
        ("https://management.azure.com.evil.example/subscriptions", None, None),
        ("https://evil.example/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso", None, None),
        ("https://[", None, None),
    ],
)  # fmt: skip
def test_an_address_of_the_control_plane_is_known_by_host_and_account(
    url: str, host: str | None, account: str | None
) -> None:
    assert owner(url, host) == account


def test_the_control_plane_is_asked_about_accounts_in_scope_and_no_other() -> None:
    place = "https://management.azure.com/subscriptions/0-1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts"
    guard = Guard(Scope.of(azure=["contoso"]), {"azure_management": owner})

    def check(name: str, url: str) -> None:
        guard.check(Request(provider="azure_management", name=name, url=url))

    check("contoso", f"{place}/contoso?api-version=1")
    check("contoso", f"{place}?api-version=1")
    for name, url in (
        ("contoso", f"{place}/other/listKeys"),
        ("other", f"{place}/other/listKeys"),
        ("contoso", "https://management.example.com/subscriptions"),
        ("contoso", "http://127.0.0.1:9/subscriptions"),
        ("contoso", "http://management.azure.com/subscriptions"),
    ):
        with pytest.raises(OutOfScopeError):
            check(name, url)
    elsewhere = Scope.of(azure=["contoso"], endpoints={"azure": "http://127.0.0.1:9/{account}"})
    with pytest.raises(OutOfScopeError) as told:
        Guard(elsewhere, {"azure_management": owner}).base(
            "azure_management", "contoso", "management", "management.azure.com"
        )
    assert "azure_management" in told.value.hint


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)


@given(st.lists(st.builds(Policy, name=NAMES, permissions=st.sampled_from(["", "r", "rwdl"])), max_size=5))
def test_policies_are_read_as_they_were_written(policies: list[Policy]) -> None:
    body = "".join(each.xml for each in policies).encode()
    held = parsed(
        b"<SignedIdentifiers>" + body + b"</SignedIdentifiers>", {"x-ms-blob-public-access": "blob"}
    )
    assert [(each.name, each.permissions) for each in held.policies] == [
        (p.name, p.permissions) for p in policies
    ]
    assert "".join(each.xml for each in held.policies).encode() == body
    assert held.state == Held(policies=tuple(policies), public="blob").state


@given(st.binary(max_size=200) | st.text("<>/SignedIdtfrAcsPoly!&;", max_size=200).map(str.encode))
def test_an_answer_that_is_not_understood_is_none(body: bytes) -> None:
    with contextlib.suppress(NoAnswerError):
        assert len(parsed(body, {}).policies) == body.count(b"<SignedIdentifier>")


def test_policies_that_do_not_change_are_written_back_as_they_came() -> None:
    raw = "<SignedIdentifier><Id>a&quot;b</Id><New>kept</New><AccessPolicy></AccessPolicy></SignedIdentifier>"
    held = Held(
        policies=(Policy(name='a"b', raw=raw), Policy(name="leaky", expires="2051-01-01T00:00:00.0000000Z"))
    )
    assert held.ended("leaky").policies[0].xml == raw
    assert ENDED in held.ended("leaky").policies[1].xml
    same = Held(policies=(Policy(name="leaky", expires="2051-01-01T00:00:00Z"), Policy(name='a"b')))
    assert held.state == same.state
    assert (
        len({held.state, held.ended("leaky").state, held.without("leaky").state, held.private().state}) == 3
    )
