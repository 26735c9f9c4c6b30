"""Keys of Google, and nobody at all, against a server that checks signatures and rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gcs_setting import ADMIN, BUCKET, SIGNER, Setting, hmac_key, link, service_key, setting, target, v4

from corpus import mint_clouds as mint
from services.gcs_state import READ, VIEW, HmacKey
from tidegate.errors import OutOfScopeError
from tidegate.model.grant import Permission
from tidegate.model.reach import State
from tidegate.model.secret import Secret
from tidegate.providers.gcs.storage import STORAGE

LISTS_AND_READS = (Permission.READ, Permission.LIST)


def test_a_service_account_key_lists_buckets_and_objects_and_reads_one_byte(gcs: Setting) -> None:
    gcs.cloud.project_lists["contoso-research"] = {SIGNER}
    gcs.cloud.allow(BUCKET, SIGNER, ADMIN)
    reach = gcs.probe(service_key(gcs.key_file))
    assert (reach.state, reach.proved) == (State.OPEN, (*LISTS_AND_READS, Permission.LIST_CONTAINERS))
    assert reach.reason == "The key lists the buckets and lists and reads in contoso-media."
    told = {Permission.CREATE, Permission.DELETE, Permission.SET_POLICY, Permission.MINT, Permission.ADMIN}
    assert told <= set(reach.untried)
    assert {method for method, _ in gcs.fake.asked} == {"GET"}


def test_a_key_that_lists_no_buckets_is_tried_on_those_of_the_scope(gcs: Setting) -> None:
    reach = gcs.probe(service_key(gcs.key_file))
    assert (reach.state, reach.proved) == (State.OPEN, LISTS_AND_READS)
    assert reach.answers[0].words == "the service accepts the signature, but its owner has no right to this"
    reach = gcs.probe(hmac_key())
    assert (reach.state, reach.proved) == (State.OPEN, LISTS_AND_READS)
    assert reach.reason == "The key lists and reads in contoso-media."


@pytest.mark.parametrize("kind", ["service", "hmac"])
def test_a_deleted_key_is_closed(gcs: Setting, kind: str) -> None:
    if kind == "service":
        gcs.rotate()
        reach = gcs.probe(service_key(gcs.key_file))
        words, codes = (
            "does not accept the key: it is deleted, disabled, or not the account's (authError)",
            "authError",
        )
    else:
        gcs.cloud.hmac_keys.clear()
        reach = gcs.probe(hmac_key())
        words, codes = "does not know its key id or account (InvalidAccessKeyId)", "InvalidAccessKeyId"
    assert (reach.state, reach.reason) == (State.CLOSED, f"The service {words}.")
    assert [each.code for each in reach.answers] == [codes, codes]


def test_a_secret_that_is_not_its_key_ids_is_closed(gcs: Setting) -> None:
    wrong = replace(hmac_key(), secret=Secret(mint.hmac_pair("other")[1]))
    reach = gcs.probe(wrong)
    assert (reach.state, reach.answers[0].code) == (State.CLOSED, "SignatureDoesNotMatch")


def test_a_key_without_rights_is_alive_and_unknown(gcs: Setting) -> None:
    gcs.cloud.buckets[BUCKET].iam.clear()
    for found in (service_key(gcs.key_file), hmac_key()):
        reach = gcs.probe(found)
        assert reach.state is State.UNKNOWN
        assert reach.reason.startswith("The key is alive, but gets nothing where it was tried")
        assert Permission.MINT in reach.untried


def test_a_key_that_may_only_list_is_not_said_to_read(gcs: Setting) -> None:
    gcs.cloud.buckets[BUCKET].iam = {SIGNER: {"storage.objects.list"}}
    reach = gcs.probe(service_key(gcs.key_file))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.LIST,))


@pytest.mark.parametrize("kind", ["service", "hmac"])
def test_a_wrong_clock_is_not_taken_for_a_dead_key(gcs: Setting, kind: str) -> None:
    gcs.cloud.now = lambda: datetime.now(UTC) + timedelta(hours=3)
    reach = gcs.probe(service_key(gcs.key_file) if kind == "service" else hmac_key())
    assert reach.state is State.UNKNOWN
    assert "clock of this machine" in reach.reason


def test_an_outage_is_unknown_for_keys(gcs: Setting) -> None:
    gcs.cloud.broken = 500
    for found in (service_key(gcs.key_file), hmac_key(), target(f"gs://{BUCKET}")):
        assert gcs.probe(found).state is State.UNKNOWN


def test_a_damaged_key_file_is_unknown_and_nothing_is_sent(gcs: Setting) -> None:
    found = service_key(gcs.key_file)
    assert found.secret is not None
    cut = replace(found, secret=Secret(found.secret.reveal()[:400]))
    reach = gcs.probe(cut)
    assert (reach.state, gcs.fake.asked) == (State.UNKNOWN, [])
    assert reach.reason == (
        "Nothing can be asked: the private key is damaged or no RSA key: nothing can be signed with it."
    )


def test_a_key_asks_the_service_for_buckets_only_if_the_scope_names_it() -> None:
    with setting(BUCKET) as gcs:
        reach = gcs.probe(service_key(gcs.key_file))
        assert reach.state is State.OPEN
        assert reach.answers[0].words == "not asked: the scope does not name the key or its project"
        assert not any("/b?project" in path for _, path in gcs.fake.asked)
    with setting("fabrikam-*") as gcs:
        with pytest.raises(OutOfScopeError):
            gcs.probe(service_key(gcs.key_file))
        with pytest.raises(OutOfScopeError):
            gcs.probe(hmac_key())
        assert gcs.fake.asked == []


def test_no_key_stands_in_the_audit_log_or_the_result(gcs: Setting) -> None:
    service, pair = service_key(gcs.key_file), hmac_key()
    shown = "".join(repr(each) for found in (service, pair) for each in (gcs.probe(found), found))
    shown += repr(gcs.audit.entries)
    assert gcs.audit.entries
    for found in (service, pair):
        assert found.secret is not None
        assert found.secret.reveal()[10:34] not in shown
    assert "Bearer" not in shown
    assert "Signature=" not in shown


def test_a_public_bucket_is_listed_and_read_by_anyone(gcs: Setting) -> None:
    gcs.cloud.allow(BUCKET, "allUsers", VIEW)
    reach = gcs.probe(target(f"gs://{BUCKET}"))
    assert (reach.state, reach.proved) == (State.OPEN, LISTS_AND_READS)
    assert reach.reason == "Anyone lists and reads contoso-media."
    assert "authorization" not in repr(gcs.fake.asked)


def test_a_bucket_that_anyone_may_write_to_is_said_so_but_not_tried(gcs: Setting) -> None:
    gcs.cloud.allow(BUCKET, "allUsers", ADMIN)
    reach = gcs.probe(target(f"https://storage.googleapis.com/{BUCKET}"))
    assert {Permission.CREATE, Permission.DELETE, Permission.SET_POLICY} <= set(reach.untried)


def test_a_private_bucket_is_closed_to_nobody_in_particular(gcs: Setting) -> None:
    reach = gcs.probe(target(f"gs://{BUCKET}"))
    assert (reach.state, reach.proved) == (State.CLOSED, ())
    assert reach.reason == (
        "The service lets in nobody who does not sign in (required). Single objects may be public all the same; "
        "only their names could tell."
    )


def test_objects_that_can_be_read_but_not_listed_are_not_called_closed(gcs: Setting) -> None:
    gcs.cloud.allow(BUCKET, "allUsers", READ)
    reach = gcs.probe(target(f"gs://{BUCKET}"))
    assert (reach.state, reach.untried) == (State.UNKNOWN, (Permission.READ,))
    assert "says that anyone reads contoso-media" in reach.reason
    named = gcs.probe(target(f"gs://{BUCKET}/2026/film.mp4"))
    assert (named.state, named.proved) == (State.OPEN, (Permission.READ,))


def test_a_single_public_object_in_a_private_bucket_is_open(gcs: Setting) -> None:
    gcs.cloud.put(BUCKET, "logo.png", b"wave", public=True)
    reach = gcs.probe(target(f"https://{BUCKET}.storage.googleapis.com/logo.png"))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))
    assert gcs.probe(target(f"gs://{BUCKET}/2026/film.mp4")).state is State.CLOSED


def test_an_absent_bucket_is_unknown(gcs: Setting) -> None:
    reach = gcs.probe(target("gs://contoso-none"))
    assert reach.state is State.UNKNOWN
    assert reach.reason == "The service finds nothing at this address (notFound)."


def test_a_link_asked_without_its_signature_is_an_address(gcs: Setting) -> None:
    found = replace(link(v4()), secret=None)
    assert gcs.probe(found).state is State.CLOSED
    gcs.cloud.allow(BUCKET, "allUsers", READ)
    assert gcs.probe(found).state is State.OPEN


@pytest.mark.parametrize(
    "text",
    [
        "https://storage.googleapis.com/",
        "https://evil.example/contoso-media",
        "https://storage.googleapis.com.evil.example/contoso-media",
        "s3://contoso-media",
        "gs://",
        "gs://../x",
        "README.md",
        "-",
    ],
)
def test_what_names_no_bucket_of_google_is_no_target(text: str) -> None:
    assert STORAGE.target(text) is None


def test_a_signed_link_is_no_open_address() -> None:
    assert STORAGE.target(v4()) is None


def test_a_second_hmac_key_of_the_account_lives_on(gcs: Setting) -> None:
    key_id, secret = mint.hmac_pair("second")
    gcs.cloud.hmac_keys[key_id] = HmacKey(key_id, secret, gcs.key_file["client_email"])
    gcs.cloud.hmac_keys[mint.hmac_pair("live")[0]].active = False
    assert gcs.probe(hmac_key()).state is State.CLOSED
    assert gcs.probe(hmac_key("second")).state is State.OPEN
