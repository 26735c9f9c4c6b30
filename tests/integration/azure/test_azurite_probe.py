"""What a probe says of every kind of credential, against Microsoft's emulator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from azure.storage.blob import AccessPolicy, ContainerClient, ContainerSasPermissions
from azure_fill import EMULATED
from azure_setting import (
    ACCOUNT,
    HOUR,
    NOW,
    ROTATED_ACCOUNT,
    Setting,
    account_sas,
    blob_sas,
    connection_string,
    container_sas,
    found,
    open_address,
    sas,
)

from services.azurite import made_up_key
from tidegate.errors import OutOfScopeError
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import State

P = Permission
CKPT = "checkpoints/epoch 1/model.ckpt"
STRANGE = made_up_key("nobody has it")


def test_an_account_signature_is_open_across_the_services_it_names(azure: Setting) -> None:
    reach = azure.probe(sas(account_sas(azure.key(), "rwdlacup", services="bqt")))
    told = [answer.service for answer in reach.answers if answer.permission is not None]
    assert list(dict.fromkeys(told)) == ["blob", "queue", "table"]
    assert reach.state is State.OPEN
    assert reach.proved == (P.READ, P.LIST, P.LIST_CONTAINERS, P.PROPERTIES)
    assert {P.WRITE, P.DELETE, P.DELETE_CONTAINERS, P.PROCESS} <= set(reach.untried)
    asked = [answer.asked for answer in reach.answers if answer.permission is not None]
    assert "list one queue" in asked
    assert "read one row's partition key" in asked


def test_the_address_is_asked_as_anyone_before_the_credential_is_sent(azure: Setting) -> None:
    reach = azure.probe(sas(container_sas(azure.key()), "models"))
    assert reach.answers[0].asked == "list one blob, as anyone"
    assert reach.answers[0].permission is None
    assert azure.asked() == ["list one blob: 403", "list one blob: 200", "read one byte: 206"]


@pytest.mark.parametrize("path", ["models/was deleted.ckpt", "was-deleted/model.ckpt", "was-deleted"])
def test_what_a_link_named_may_be_gone_and_the_rest_of_the_account_open(azure: Setting, path: str) -> None:
    reach = azure.probe(sas(account_sas(azure.key(), "rl"), path))
    assert reach.state is State.OPEN
    assert {P.READ, P.LIST, P.LIST_CONTAINERS} <= set(reach.proved)


@pytest.mark.parametrize(
    ("token", "path", "proved"),
    [
        (container_sas, "models", (P.READ, P.LIST)),
        (lambda key: container_sas(key, permission="l"), "models", (P.LIST,)),
        (lambda key: blob_sas(key, CKPT), f"models/{CKPT}", (P.READ,)),
        (lambda key: blob_sas(key, "empty"), "models/empty", (P.READ,)),
        (lambda key: blob_sas(key, "übung/日本.bin"), "models/übung/日本.bin", (P.READ,)),
        (lambda key: account_sas(key, "r", "o"), f"models/{CKPT}", (P.READ,)),
        (lambda key: account_sas(key, "l", "c"), "models", (P.LIST,)),
        (lambda key: account_sas(key, "l", "s"), "", (P.LIST_CONTAINERS,)),
    ],
    ids=["container", "list only", "blob", "empty blob", "any letters", "objects", "containers", "service"],
)
def test_what_a_live_signature_permits_is_proved_and_no_more(
    azure: Setting, token: Callable[[str], str], path: str, proved: tuple[P, ...]
) -> None:
    reach = azure.probe(sas(token(azure.key()), path))
    assert (reach.state, reach.proved) == (State.OPEN, proved)


@pytest.mark.parametrize(
    "make",
    [
        lambda key: sas(account_sas(key, expiry=NOW - HOUR)),
        lambda key: sas(account_sas(key, start=NOW + HOUR, expiry=NOW + 2 * HOUR)),
        lambda _key: sas(account_sas(STRANGE)),
        lambda _key: sas(container_sas(STRANGE), "models"),
        lambda _key: sas(container_sas(STRANGE, permission=None, policy_id="nosuchpolicy"), "models"),
        lambda _key: connection_string(STRANGE),
        lambda _key: found("account_key", STRANGE, STRANGE, account=ACCOUNT),
    ],
    ids=["expired", "not yet", "wrong signature", "container", "no policy", "connection string", "bare key"],
)
def test_the_emulators_one_word_for_dead_closes_only_if_an_altered_copy_is_refused_alike(
    azure: Setting, make: Callable[[str], Credential]
) -> None:
    reach = azure.probe(make(azure.key()))
    assert reach.state is State.CLOSED
    assert "The emulator refuses it as dead, and does not say why" in reach.reason
    assert reach.reason.endswith("(AuthorizationFailure).")
    assert reach.answers[-1].asked.endswith("with an altered signature")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda key: sas(container_sas(key, permission="r"), "models"), "AuthorizationPermissionMismatch"),
        (lambda key: sas(container_sas(key, permission="w"), "models"), "AuthorizationPermissionMismatch"),
        (lambda key: sas(account_sas(key, "w", "o"), f"models/{CKPT}"), "AuthorizationPermissionMismatch"),
        (lambda key: sas(account_sas(key, services="q"), "models"), ""),
        (lambda key: sas(container_sas(key, "nothere"), "nothere"), "ContainerNotFound"),
        (lambda key: sas(blob_sas(key, "nothere"), "models/nothere"), "BlobNotFound"),
    ],
    ids=["no list", "write only", "write objects", "queues only", "no container", "no blob"],
)
def test_alive_without_the_right_to_what_was_asked_is_never_called_closed(
    azure: Setting, make: Callable[[str], Credential], code: str
) -> None:
    reach = azure.probe(make(azure.key()))
    if code:
        assert (reach.state, reach.proved) == (State.UNKNOWN, ())
        assert code in reach.reason
    else:  # the queues it does open are proved
        assert reach.state is State.OPEN
    assert all(answer.state is not State.CLOSED for answer in reach.answers)


def test_a_service_that_the_scope_gives_no_endpoint_is_said_not_to_be_asked(azure: Setting) -> None:
    reach = azure.probe(sas(account_sas(azure.key(), services="bf")))
    assert reach.state is State.OPEN
    (left_out,) = [answer for answer in reach.answers if answer.status is None]
    assert left_out.asked == "ask the file service"
    assert "no endpoint stands for the file service" in left_out.words
    with pytest.raises(OutOfScopeError):
        azure.probe(sas(account_sas(azure.key(), services="f"), service="file"))


def test_a_right_to_write_alone_is_stated_and_not_tried(azure: Setting) -> None:
    reach = azure.probe(sas(account_sas(azure.key(), "wd", "o")))
    assert reach.state is State.UNKNOWN
    assert "The signature is accepted" in reach.reason
    assert reach.untried == (P.WRITE, P.DELETE)


def test_a_stored_policy_gives_and_its_deletion_takes(azure: Setting, azurite) -> None:
    token = container_sas(azure.key(), permission=None, policy_id="readers")
    with ContainerClient(azurite.url(ACCOUNT), "models", azure.key(), api_version=EMULATED) as models:
        policy = AccessPolicy(ContainerSasPermissions(read=True, list=True), NOW + HOUR, NOW - HOUR)
        models.set_container_access_policy({"readers": policy})
        alive = azure.probe(sas(token, "models"))
        models.set_container_access_policy({})
        dead = azure.probe(sas(token, "models"))
    assert (alive.state, alive.proved) == (State.OPEN, (P.READ, P.LIST))
    assert dead.state is State.CLOSED


def test_a_rotated_key_closes_what_it_signed_and_spares_the_other_keys(azure: Setting, azurite) -> None:
    held = azurite.accounts[ROTATED_ACCOUNT]
    by_key1 = sas(account_sas(held.key1, account=ROTATED_ACCOUNT), account=ROTATED_ACCOUNT)
    by_key2 = sas(account_sas(held.key2, account=ROTATED_ACCOUNT), account=ROTATED_ACCOUNT)
    itself = connection_string(held.key1, ROTATED_ACCOUNT)
    assert [azure.probe(each).state for each in (by_key1, by_key2, itself)] == [State.OPEN] * 3
    azurite.rotate(ROTATED_ACCOUNT, key1=made_up_key("after the leak"))
    states = [azure.probe(each).state for each in (by_key1, by_key2, itself)]
    assert states == [State.CLOSED, State.OPEN, State.CLOSED]


def test_an_account_key_is_proved_by_reading_and_nothing_else_it_may_do_is_tried(azure: Setting) -> None:
    for credential in (
        connection_string(azure.key()),
        found("account_key", azure.key(), azure.key(), account=ACCOUNT),
    ):
        reach = azure.probe(credential)
        assert reach.state is State.OPEN
        assert reach.proved == (P.READ, P.LIST, P.LIST_CONTAINERS, P.PROPERTIES)
        assert P.MINT in reach.untried


def test_a_connection_string_with_a_signature_is_asked_with_that(azure: Setting) -> None:
    token = account_sas(azure.key(), services="bqt")
    endpoint = f"BlobEndpoint=https://{ACCOUNT}.blob.core.windows.net/;SharedAccessSignature={token}"
    reach = azure.probe(found("sas", endpoint, sas(token).secret.reveal()))
    assert reach.state is State.OPEN


def test_an_open_container_is_open_to_anyone_and_a_blob_of_a_half_open_one_too(azure: Setting) -> None:
    listed = azure.probe(open_address(f"az://{ACCOUNT}/shown"))
    single = azure.probe(open_address(f"https://{ACCOUNT}.blob.core.windows.net/halfshown/readme.txt"))
    assert (listed.state, listed.proved) == (State.OPEN, (P.READ, P.LIST))
    assert listed.reason == "Anyone may list one blob and read one byte."
    assert (single.state, single.proved) == (State.OPEN, (P.READ,))


def test_a_container_that_is_not_listed_to_anyone_may_still_give_out_blobs(azure: Setting) -> None:
    for container in ("models", "halfshown", "nothere"):
        reach = azure.probe(open_address(f"az://{ACCOUNT}/{container}"))
        assert reach.state is State.UNKNOWN
        assert "blob may still be read by who knows its name" in reach.reason


def test_a_blob_refused_to_anyone_is_closed_to_anyone(azure: Setting) -> None:
    reach = azure.probe(open_address(f"az://{ACCOUNT}/models/empty"))
    assert reach.state is State.CLOSED
    assert "not open to anyone" in reach.reason


@pytest.mark.parametrize("key", [None, STRANGE], ids=["live", "dead"])
def test_on_an_open_container_the_token_is_not_credited_with_what_anyone_may(
    azure: Setting, key: str | None
) -> None:
    reach = azure.probe(sas(container_sas(key or azure.key(), "shown"), "shown"))
    assert reach.state is State.OPEN
    assert "anyone may do this, and the service does not look at the credential" in reach.reason


def test_a_probe_only_ever_reads(azure: Setting) -> None:
    azure.probe(sas(account_sas(azure.key(), "rwdlacup", services="bqt")))
    azure.probe(connection_string(azure.key()))
    azure.probe(sas(account_sas(STRANGE)))
    assert {entry.method for entry in azure.audit.entries} <= {"GET", "HEAD"}
    assert len(azure.audit.entries) > 10


def test_nothing_that_is_kept_of_a_probe_shows_the_signature_or_key(azure: Setting) -> None:
    credential = sas(account_sas(azure.key(), services="bqt"))
    texts = [repr(azure.probe(credential)), repr(azure.probe(connection_string(azure.key())))]
    texts += [repr(entry) for entry in azure.audit.entries]
    secrets = (credential.secret.reveal(), azure.key(), "sig=", "SharedKey ")
    assert not [secret for secret in secrets for text in texts if secret in text]
