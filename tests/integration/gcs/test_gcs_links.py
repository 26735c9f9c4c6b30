"""Links of Google, against a server that checks their signatures: each state, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gcs_setting import BUCKET, HOST, SIGNER, Setting, credential, link, v2, v4, v4_hmac

from corpus import mint_clouds as mint
from services.gcs_state import VIEW
from tidegate.errors import OutOfScopeError
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import Reach, State


def reading(text: str, kind: str = "signed_v4") -> Credential:
    """Return a link that is known to be one that reads, as after it was seen to read."""
    found = link(text, kind)
    return replace(found, grant=replace(found.grant, permissions=(Permission.READ,)))


def asked(reach: Reach) -> list[tuple[str, State, int | None, str]]:
    return [(each.asked, each.state, each.status, each.code) for each in reach.answers]


@pytest.mark.parametrize("text", [v4(), v4_hmac(), v4(query={"response-content-disposition": "a b"})])
def test_a_live_link_reads_one_byte_and_no_more(gcs: Setting, text: str) -> None:
    reach = gcs.probe(link(text))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))
    assert reach.reason.startswith("The link reads the object")
    assert asked(reach) == [
        ("read one byte, without the signature", State.CLOSED, 403, "AccessDenied"),
        ("read one byte", State.OPEN, 206, ""),
    ]
    assert [entry.bytes for entry in gcs.audit.entries][-1] == 1
    assert Permission.UNKNOWN not in reach.untried


def test_a_live_link_of_the_old_form_reads(gcs: Setting) -> None:
    text = v2()
    reach = gcs.probe(link(text, "signed_v2"))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))


def test_a_plus_in_an_old_signature_stays_a_plus(gcs: Setting) -> None:
    raw = v2().replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    assert gcs.probe(link(raw, "signed_v2")).state is State.OPEN


def test_a_link_with_its_ampersands_escaped_or_its_host_in_front_reads(gcs: Setting) -> None:
    assert gcs.probe(link(v4().replace("&", "&amp;"))).state is State.OPEN
    virtual = v4("/2026/film.mp4", host=f"https://{BUCKET}.storage.googleapis.com")
    assert gcs.probe(link(virtual)).state is State.OPEN


def test_an_object_without_a_byte_is_read_all_the_same(gcs: Setting) -> None:
    reach = gcs.probe(link(v4(f"/{BUCKET}/2026/empty.txt")))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))
    assert [each.status for each in reach.answers] == [403, 416, 200]


@pytest.mark.parametrize("old", [False, True])
def test_an_expired_link_is_closed_in_the_words_of_the_service(gcs: Setting, old: bool) -> None:
    past = datetime.now(UTC) - timedelta(hours=2)
    text = v2(seconds=-60) if old else v4(seconds=60, at=past)
    reach = gcs.probe(link(text, "signed_v2" if old else "signed_v4"))
    assert (reach.state, reach.proved) == (State.CLOSED, ())
    assert reach.reason == "The service says that the link has expired (ExpiredToken)."
    assert [each.code for each in reach.answers] == ["AccessDenied", "ExpiredToken"]


@pytest.mark.parametrize("how", ["rotated", "tampered"])
def test_a_reading_link_whose_signature_no_key_made_is_closed(gcs: Setting, how: str) -> None:
    text = v4()
    if how == "rotated":
        gcs.rotate()
    else:
        text = text[:-6] + ("0" if text[-6] != "0" else "1") + text[-5:]
    reach = gcs.probe(reading(text))
    assert reach.state is State.CLOSED
    assert reach.reason == (
        "The service does not accept the signature: the key behind it is gone, or the text was changed "
        "(SignatureDoesNotMatch)."
    )
    assert [each.code for each in reach.answers] == ["AccessDenied"] + ["SignatureDoesNotMatch"] * 2


def test_a_link_that_may_be_signed_for_a_write_is_not_called_closed(gcs: Setting) -> None:
    reach = gcs.probe(link(v4(method="PUT")))
    assert reach.state is State.UNKNOWN
    assert "signed for a request that writes, which is not tried" in reach.reason
    assert Permission.UNKNOWN in reach.untried
    assert {method for method, _ in gcs.fake.asked} == {"GET", "HEAD"}


def test_a_link_that_is_signed_to_write_is_never_sent(gcs: Setting) -> None:
    text = v4(method="PUT", headers={"content-type": "text/plain"})
    reach = gcs.probe(link(text))
    assert (reach.state, reach.untried) == (State.UNKNOWN, (Permission.WRITE,))
    assert reach.reason == "The link is signed for a request that writes: granted, not tried."
    assert gcs.fake.asked == []


def test_a_link_that_is_over_by_its_own_dates_is_closed_whatever_its_method(gcs: Setting) -> None:
    found = link(v4(method="PUT"))
    ended = datetime.now(UTC) - timedelta(hours=1)
    reach = gcs.probe(replace(found, grant=replace(found.grant, expires_at=ended)))
    assert reach.state is State.CLOSED
    assert reach.reason.startswith("Its time is over by its own dates")


def test_a_link_signed_for_head_tells_metadata_and_reads_nothing(gcs: Setting) -> None:
    reach = gcs.probe(link(v4(method="HEAD")))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.PROPERTIES,))
    assert (
        reach.reason == "The link tells the object's size and metadata; it is signed for HEAD, not to read."
    )


def test_a_link_that_needs_headers_it_does_not_tell_is_unknown(gcs: Setting) -> None:
    reach = gcs.probe(link(v4(headers={"x-custom": "tide"})))
    assert reach.state is State.UNKNOWN
    assert reach.reason.endswith("whose values it does not tell: x-custom.")
    assert gcs.fake.asked == []


def test_a_link_whose_signer_lost_its_rights_is_alive_and_unknown(gcs: Setting) -> None:
    gcs.cloud.buckets[BUCKET].iam.clear()
    reach = gcs.probe(link(v4()))
    assert reach.state is State.UNKNOWN
    assert reach.reason == (
        "The service accepts the signature, but its owner has no right to this (AccessDenied)."
    )


def test_a_link_of_an_account_that_is_gone_is_closed_for_whatever_it_was_signed(gcs: Setting) -> None:
    gcs.cloud.accounts.clear()
    reach = gcs.probe(link(v4()))
    assert (reach.state, reach.answers[-1].code) == (State.CLOSED, "InvalidAccessKeyId")


def test_a_link_of_an_inactive_hmac_key_is_closed(gcs: Setting) -> None:
    text = v4_hmac()
    gcs.cloud.hmac_keys[mint.hmac_pair("live")[0]].active = False
    assert gcs.probe(reading(text)).state is State.CLOSED


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"/{BUCKET}/2026/absent.mp4", "The service knows no object of this name (NoSuchKey)."),
        (
            "/contoso-none/film.mp4",
            "The service knows no bucket of this name: anyone may create it (NoSuchBucket).",
        ),
    ],
)
def test_what_is_not_there_is_unknown(gcs: Setting, path: str, words: str) -> None:
    reach = gcs.probe(link(v4(path)))
    assert (reach.state, reach.reason) == (State.UNKNOWN, words)


def test_a_public_object_is_open_without_the_link_too(gcs: Setting) -> None:
    gcs.cloud.allow(BUCKET, "allUsers", ["storage.objects.get"])
    reach = gcs.probe(link(v4()))
    assert reach.state is State.OPEN
    assert reach.reason.endswith("so does anyone without it: the bucket or object is public.")


def test_a_dead_link_to_a_public_object_is_closed_and_says_so(gcs: Setting) -> None:
    gcs.cloud.allow(BUCKET, "allUsers", ["storage.objects.get"])
    gcs.rotate()
    reach = gcs.probe(reading(v4()))
    assert reach.state is State.CLOSED
    assert reach.reason.endswith("(SignatureDoesNotMatch). The address itself is open to anyone.")


def test_an_outage_is_unknown_however_dead_the_link(gcs: Setting) -> None:
    gcs.rotate()
    gcs.cloud.broken = 503
    reach = gcs.probe(reading(v4()))
    assert reach.state is State.UNKNOWN
    assert reach.reason.startswith("The service has an error of its own (HTTP 503).")


@pytest.mark.parametrize(
    ("attribute", "words"), [("billing_off", "billing account"), ("requester_pays", "pays")]
)
def test_a_bucket_that_nobody_pays_for_is_unknown(gcs: Setting, attribute: str, words: str) -> None:
    setattr(gcs.cloud.buckets[BUCKET], attribute, True)
    reach = gcs.probe(link(v4()))
    assert reach.state is State.UNKNOWN
    assert words in reach.reason


def test_a_link_signed_to_list_lists(gcs: Setting) -> None:
    reach = gcs.probe(link(v4(f"/{BUCKET}")))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.LIST,))
    gcs.cloud.buckets[BUCKET].iam[SIGNER].discard("storage.objects.list")
    assert gcs.probe(link(v4(f"/{BUCKET}"))).state is State.UNKNOWN


def test_a_firebase_token_reads_until_it_is_revoked(gcs: Setting) -> None:
    token = mint.firebase_token("live")
    gcs.cloud.bucket("contoso-app.appspot.com")
    made = gcs.cloud.put("contoso-app.appspot.com", "backup/db.json", b"{}", token=token)
    address = "https://firebasestorage.googleapis.com/v0/b/contoso-app.appspot.com/o/backup%2Fdb.json"
    found = link(f"{address}?alt=media&token={token}", "firebase_token")

    reach = gcs.probe(found)
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))

    made.token = mint.firebase_token("another")
    reach = gcs.probe(found)
    assert reach.state is State.CLOSED
    assert reach.reason == (
        "The service does not accept the token: it was revoked, or the object is gone (HTTP 403)."
    )


def test_a_link_out_of_scope_is_not_sent(gcs: Setting) -> None:
    with pytest.raises(OutOfScopeError, match="fabrikam-media"):
        gcs.probe(link(v4("/fabrikam-media/film.mp4")))
    foreign = f"https://storage.googleapis.com.evil.example/{BUCKET}/2026/film.mp4?{v4().partition('?')[2]}"
    with pytest.raises(OutOfScopeError, match="evil"):
        gcs.probe(link(foreign))
    assert gcs.fake.asked == []


def test_a_bare_query_without_a_bucket_is_unknown_and_not_sent(gcs: Setting) -> None:
    reach = gcs.probe(link(v4().partition("?")[2]))
    assert (reach.state, gcs.fake.asked) == (State.UNKNOWN, [])


def test_no_signature_stands_in_the_audit_log_or_the_result(gcs: Setting) -> None:
    text = v4()
    secret = text.rpartition("=")[2]
    gcs.cloud.allow(BUCKET, SIGNER, VIEW)
    found = link(text)
    shown = f"{gcs.probe(found)!r} {gcs.audit.entries!r} {found!r}"
    assert len(gcs.audit.entries) == 2
    assert secret not in shown
    assert any("X-Goog-Signature" in path for _, path in gcs.fake.asked)
    assert all(entry.method in ("GET", "HEAD") for entry in gcs.audit.entries)
    assert HOST not in gcs.fake.url


def test_the_decoder_and_the_probe_agree_on_the_kind() -> None:
    token = mint.firebase_token("kind")
    text = f"https://firebasestorage.googleapis.com/v0/b/contoso-app.appspot.com/o/a?alt=media&token={token}"
    assert credential("firebase_token", text, token).grant.kind == "download_token"
    assert link(v2(), "signed_v2").grant.kind == link(v4()).grant.kind == "signed_url"
