"""Links of user delegation: signed for whoever is signed in with Entra, with no key of the account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from azure_setting import ACCOUNT, ENTRA_ACCOUNT

from corpus.shares import Shares, answers
from services.azure_fake import running
from services.azure_fake_state import Account, Blob, Container
from services.azurite import Azurite
from services.entra import OBJECT_ID, Identity, identity
from tidegate.lab.control_plane import ControlPlane, Switches

TARGET = f"az://{ENTRA_ACCOUNT}/models/empty"


@pytest.fixture
def somebody() -> Iterator[Identity]:
    with identity() as who:
        yield who


@pytest.fixture
def share(azurite_with_entra: Azurite, somebody: Identity, tmp_path: Path) -> Shares:
    endpoints = ", ".join(f'{name} = "{url}"' for name, url in azurite_with_entra.endpoints().items())
    scope = (
        f'[scope]\nazure = ["{ENTRA_ACCOUNT}"]\n[endpoints]\nazure = {{ {endpoints} }}\n'
        f'ca = "{azurite_with_entra.ca}"\n'
    )
    return Shares(tmp_path, scope, somebody.environment)


def test_who_is_signed_in_shares_by_user_delegation_and_is_told_what_ending_it_costs(share: Shares) -> None:
    made = share.json("create", TARGET, "--for", "6d", "--ip", "127.0.0.0/8")
    row = made["share"]
    assert (row["kind"], row["signer"], row["policy"]) == ("user_delegation_sas", OBJECT_ID, "")
    values = {name: each[0] for name, each in parse_qs(urlsplit(made["link"]).query).items()}
    assert (values["sp"], values["spr"], values["sip"]) == ("r", "https", "127.0.0.0-127.255.255.255")
    assert share.written() == ["borrow a user delegation key, which changes nothing"]
    other = share.json("create", TARGET, "--no-manifest")
    ended = share.json("revoke", row["id"], code=3)
    assert (ended["verdict"], ended["others"]) == ("still alive", [other["share"]["id"]])
    assert "cannot be ended alone" in ended["notes"][0]
    assert ended["probes"][0]["status"] == 200
    assert share.rows()[1]["status"] == "live"
    assert values["sig"].encode() not in share.kept()
    assert b"eyJ" not in share.kept()  # no token either


def test_for_more_than_seven_days_and_without_anybody_a_policy_serves(
    share: Shares, azurite_with_entra: Azurite, somebody: Identity
) -> None:
    code, _, err = share("create", TARGET, "--for", "8d")
    assert (code, "seven days at most" in err) == (2, True)
    key = {"AZURE_STORAGE_KEY": azurite_with_entra.accounts[ENTRA_ACCOUNT].key1}
    made = share.json("create", TARGET, "--for", "8d", "--no-manifest", **key)
    assert made["share"]["kind"] == "service_sas"
    assert share.json("revoke", made["share"]["id"], **key)["verdict"] == "dead"
    made = share.json("create", TARGET, "--no-manifest", "--kind", "policy", **key)
    assert made["share"]["kind"] == "service_sas"
    assert share.json("revoke", made["share"]["id"], **key)["verdict"] == "dead"
    assert somebody.asked == 0  # nobody was looked for where a key does it


def test_who_cannot_sign_in_is_told_in_plain_words(share: Shares, somebody: Identity) -> None:
    somebody.works = False
    code, _, err = share("create", TARGET, "--kind", "user-delegation")
    assert code == 2
    assert "nobody is signed in to Azure" in err
    assert "az login" in err


def test_a_token_goes_nowhere_without_encryption_beyond_loopback(share: Shares, somebody: Identity) -> None:
    elsewhere = (
        share.scope.partition("[endpoints]")[0] + '[endpoints]\nazure = "http://storage.internal/{account}"\n'
    )
    plain = Shares(share.home / "plain", elsewhere, somebody.environment)
    code, _, err = plain("create", TARGET)
    assert (code, "has no https" in err) == (4, True), err
    assert not plain.audit.exists() or plain.audit.read_bytes() == b""


def test_delegation_keys_are_revoked_by_a_plan_that_was_looked_at_and_all_their_links_are_proved_dead(
    tmp_path: Path,
) -> None:
    account = Account(ACCOUNT)
    account.containers["models"] = Container([Blob("a.bin", b"first"), Blob("b.bin", b"second")])
    switches = Switches(keys=lambda: (account.key1, account.key1), change=lambda _first, _second: None)
    with running(account) as fake, ControlPlane({ACCOUNT: switches}) as plane:
        plane.forbidden.add("listKeys")  # nobody needs a key for it
        account.owner = lambda value: plane.gave(value.removeprefix("Bearer "))
        plane.after = lambda _: account.delegation_keys.clear()
        scope = (
            f'[scope]\nazure = ["{ACCOUNT}"]\n[endpoints]\nazure = "{fake.endpoints()}"\n'
            f'azure_management = "{plane.url}"\n[budget]\nrequests_per_second = 1000\n'
        )
        share = Shares(tmp_path, scope, plane.environment())
        made = [
            share.json("create", f"az://{ACCOUNT}/models/{name}", "--kind", "user-delegation")
            for name in ("a.bin", "b.bin")
        ]
        ids = [each["share"]["id"] for each in made]
        assert "scid=" in made[0]["link"]  # it stands in the logs of a real account
        code, out, err = share("revoke", ids[0], "--wide")
        assert (code, "nothing was changed" in out) == (3, True), err
        digest = out.partition("--wide --yes ")[2].split()[0].rstrip(";")
        assert switches.revoked == 0
        code, out, err = share("revoke", ids[0], "--wide", "--yes", digest)
        assert code == 0, out + err
        assert f"proved dead with it: {ids[1]}" in out
        assert switches.revoked == 1
        assert {each["status"] for each in share.rows()} == {"revoked"}
        assert [answers(each["link"]) for each in made] == [403, 403]
