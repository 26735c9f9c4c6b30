"""What a probe says when it is answered as the real service answers, by a fake that repeats captured words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from azure_setting import ACCOUNT, HOUR, NOW, account_sas, blob_sas, container_sas, open_address, sas
from fake_setting import OLD, Real, company, delegated_sas, directory_sas, file_sas, serving, share_sas

from services.azure_fake_state import Account, Container
from services.azurite import made_up_key
from tidegate.errors import RequestError
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import State
from tidegate.providers.azure.storage import STORAGE

P = Permission
STRANGE = made_up_key("nobody has it")


@pytest.fixture
def real() -> Iterator[Real]:
    with serving(company()) as made:
        yield made


def backups(key: str, **options: object) -> Credential:
    return sas(container_sas(key, "backups", **options), "backups")


DEAD: dict[str, tuple[Callable[[Account], Credential], str]] = {
    "expired": (lambda a: backups(a.key1, expiry=NOW - HOUR), f"it expired on {NOW - HOUR:%Y-%m-%d}"),
    "wrong signature": (
        lambda _a: backups(STRANGE),
        "its signature is wrong: the key that made it was regenerated, or never made it",
    ),
    "wrong account signature": (lambda _a: sas(account_sas(STRANGE)), "its signature is wrong"),
    "policy gone": (
        lambda a: backups(a.key1, permission=None, policy_id="readers"),
        "the stored access policy it names is gone",
    ),
}


@pytest.mark.parametrize("case", DEAD)
def test_each_way_to_be_dead_has_its_words(real: Real, case: str) -> None:
    make, words = DEAD[case]
    reach = real.probe(make(real.account))
    assert reach.state is State.CLOSED
    assert words in reach.reason.lower()
    assert reach.reason.endswith("(AuthenticationFailed).")


def test_words_that_only_this_credential_can_earn_need_no_altered_copy(real: Real) -> None:
    real.probe(DEAD["expired"][0](real.account))
    assert real.asked() == ["list one blob", "list one blob"]


def test_a_wrong_signature_is_told_from_an_outage_by_an_altered_copy(real: Real) -> None:
    reach = real.probe(backups(STRANGE))
    assert [answer.asked for answer in reach.answers] == [
        "list one blob, as anyone",
        "list one blob",
        "list one blob, with an altered signature",
    ]


def test_an_outage_behind_a_live_signature_is_unknown_and_says_so(real: Real) -> None:
    real.account.failing = True
    reach = real.probe(backups(real.account.key1))
    assert reach.state is State.UNKNOWN
    assert "an altered copy is refused, so that its signature seems to be accepted" in reach.reason


def test_what_is_not_valid_yet_is_not_dead(real: Real) -> None:
    reach = real.probe(backups(real.account.key1, start=NOW + HOUR, expiry=NOW + 2 * HOUR))
    assert reach.state is State.UNKNOWN
    assert f"It is not valid before {NOW + HOUR:%Y-%m-%d %H:%M} UTC: then it opens" in reach.reason


def test_shared_key_access_that_is_off_closes_what_keys_signed_and_spares_delegation(real: Real) -> None:
    real.account.shared_key = False
    closed = real.probe(backups(real.account.key1))
    assert closed.state is State.CLOSED
    assert "shared key access is off" in closed.reason
    assert real.probe(delegated_sas(real.account)).state is State.OPEN


def test_an_address_it_is_refused_from_is_not_the_world(real: Real) -> None:
    reach = real.probe(backups(real.account.key1, ip="203.0.113.9"))
    assert reach.state is State.UNKNOWN
    assert "it works from the addresses it was made for" in reach.reason


def test_a_firewall_is_not_a_revocation(real: Real) -> None:
    real.account.firewall = True
    for credential in (backups(real.account.key1), open_address(f"az://{ACCOUNT}/backups/old.vhd")):
        reach = real.probe(credential)
        assert reach.state is State.UNKNOWN
        assert "network rules" in reach.reason


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda a: sas(account_sas(a.key1, "w", "o"), "backups/old.vhd"), "AuthorizationPermissionMismatch"),
        (lambda a: backups(a.key1, permission="w"), "AuthorizationPermissionMismatch"),
        (lambda a: sas(container_sas(a.key1, "absent"), "absent"), "ContainerNotFound"),
        (lambda a: delegated_sas(a, permission="w"), "AuthorizationPermissionMismatch"),
    ],
    ids=["objects", "permission", "absent", "delegated"],
)
def test_an_accepted_signature_is_never_closed(
    real: Real, make: Callable[[Account], Credential], code: str
) -> None:
    credential = make(real.account)
    reach = real.probe(credential)
    assert reach.state is State.UNKNOWN
    assert code in reach.reason


def test_a_delegation_key_that_was_revoked_closes_its_signatures(real: Real) -> None:
    credential = delegated_sas(real.account)
    assert real.probe(credential).proved == (P.READ, P.LIST)
    real.account.delegation_keys.clear()
    assert real.probe(credential).state is State.CLOSED


def test_a_signature_bound_to_a_user_is_not_judged_without_that_user(real: Real) -> None:
    reach = real.probe(delegated_sas(real.account, sduoid="11111111-0000-0000-0000-000000000000"))
    assert reach.state is State.UNKNOWN
    assert "sign-in" in reach.reason


@pytest.mark.parametrize(
    ("change", "path", "state", "words"),
    [
        ({"public_access": False}, "backups", State.CLOSED, "the account permits no anonymous access"),
        ({"public_access": False}, "backups/old.vhd", State.CLOSED, "no anonymous access"),
        ({"newer": True}, "backups/old.vhd", State.CLOSED, "not open to anyone"),
        ({"newer": True}, "backups", State.UNKNOWN, "a blob may still be read by who knows its name"),
        ({}, "backups/old.vhd", State.UNKNOWN, "private, or not there"),
        ({}, "backups", State.UNKNOWN, "private, or not there"),
        ({}, "nothere", State.UNKNOWN, "private, or not there"),
    ],
)
def test_what_anyone_is_told(
    real: Real, change: dict[str, bool], path: str, state: State, words: str
) -> None:
    for name, value in change.items():
        setattr(real.account, name, value)
    reach = real.probe(open_address(f"az://{ACCOUNT}/{path}"))
    assert reach.state is state
    assert words in reach.reason.lower()


def test_a_dead_signature_on_an_open_container_is_closed_and_the_container_open(real: Real) -> None:
    real.account.containers["backups"].public = "container"
    assert real.probe(backups(STRANGE)).state is State.CLOSED
    assert real.probe(open_address(f"az://{ACCOUNT}/backups")).state is State.OPEN
    live = real.probe(backups(real.account.key1))
    assert live.state is State.OPEN
    assert "ending it closes nothing" in live.reason


def test_a_directorys_signature_is_proved_through_the_data_lake(real: Real) -> None:
    credential = directory_sas(real.account, "logs/2026")
    reach = real.probe(credential)
    assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST))
    assert any(request.startswith("GET /dfs/") for request in real.fake.requests)


def test_file_shares_are_proved_by_one_share_one_directory_and_one_byte(real: Real) -> None:
    whole = real.probe(sas(account_sas(real.account.key1, services="f"), service="file"))
    assert (whole.state, whole.proved) == (State.OPEN, (P.READ, P.LIST, P.LIST_CONTAINERS))
    assert real.probe(share_sas(real.account)).proved == (P.READ, P.LIST)
    assert real.probe(file_sas(real.account, "mara/keys/id")).proved == (P.READ,)


def test_an_archived_blob_proves_the_right_to_read_by_its_properties(real: Real) -> None:
    reach = real.probe(sas(container_sas(real.account.key1, "cold"), "cold"))
    assert reach.proved == (P.READ, P.LIST)
    assert [(answer.asked, answer.code) for answer in reach.answers][2:] == [
        ("read one byte", "BlobArchived"),
        ("ask for one object's properties", ""),
    ]


def test_no_answer_repeats_what_was_signed(real: Real) -> None:
    credential = backups(STRANGE)
    reach = real.probe(credential)
    assert "String to sign" not in repr(reach)
    assert credential.secret is not None
    assert credential.secret.reveal() not in repr(reach)


def test_a_link_into_one_container_is_proved_there_and_not_in_the_accounts_first(real: Real) -> None:
    reach = real.probe(sas(account_sas(real.account.key1, services="bf"), "lake/other/secret.txt"))
    assert reach.proved == (P.READ, P.LIST, P.LIST_CONTAINERS)
    paths = [request.partition(f"/{ACCOUNT}/")[2] for request in real.fake.requests]
    assert "lake/other/secret.txt" in paths
    assert not [path for path in paths if path.startswith("backups")]
    assert "profiles" in paths


def test_empty_containers_are_passed_by_for_one_that_can_be_read(real: Real) -> None:
    real.account.containers["aaa"] = Container()
    real.account.containers["aab"] = Container()
    assert P.READ in real.probe(sas(account_sas(real.account.key1))).proved


def test_one_version_and_one_snapshot_are_what_their_signatures_open(real: Real) -> None:
    for name, value, content in (("versionid", OLD, b"previous"), ("snapshot", OLD, b"then")):
        blob = "old.vhd" if name == "versionid" else "shot.bin"
        option = {"version_id": value} if name == "versionid" else {"snapshot": value}
        token = blob_sas(real.account.key1, blob, "backups", **option)
        credential = sas(f"{token}&{name}={value}" if f"{name}=" not in token else token, f"backups/{blob}")
        assert real.probe(credential).state is State.OPEN
        (container,) = STORAGE.containers(credential, real.net)
        assert STORAGE.read(credential, real.net, container, blob, 0, 100) == content
        assert STORAGE.page(credential, real.net, container).items["version"].to_list() == [value]


def test_an_account_alone_is_nothing_that_anyone_may_list(real: Real) -> None:
    credential = open_address(f"az://{ACCOUNT}")
    reach = real.probe(credential)
    assert (reach.state, reach.answers) == (State.UNKNOWN, ())
    assert "names no container" in reach.reason
    with pytest.raises(RequestError) as refused:
        list(STORAGE.containers(credential, real.net))
    assert refused.value.hint == "Name one: az://account/container."


def test_a_signature_for_objects_reaches_the_one_its_link_names(real: Real) -> None:
    credential = sas(account_sas(real.account.key1, "r", "o"), "backups/old.vhd")
    (container,) = STORAGE.containers(credential, real.net)
    assert (container.name, container.prefix, container.single) == ("backups", "old.vhd", True)
    assert STORAGE.page(credential, real.net, container).items["size_bytes"].to_list() == [7]
