"""Laws of decoding: any text ends, and nothing that leaves a decoder shows the secret."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.document import Spot
from tidegate.model.grant import Grant, Permission
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.plugins import Decoder, load
from tidegate.providers._link import read_link, redact_link
from tidegate.providers._time import epoch, instant
from tidegate.providers.azure.identifiable import check, mint

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DECODERS: dict[str, Decoder] = load(Decoder, "tidegate.providers")
KINDS = {
    "azure": ["sas", "account_key", "connection_string", "entra_secret", "public_url", "service_bus", "logic_apps"],
    "s3": ["presigned_v4", "presigned_v2", "post_policy", "access_key", "access_key_id", "cloudfront_signed_url", "public_url"],
    "gcs": ["signed_v4", "signed_v2", "hmac_key", "service_account_key", "firebase_token", "public_url"],
    "other": ["huggingface_token", "access_token", "share_link", "alibaba_oss", "tencent_cos", "b2_key", "access_key", "access_key_id",
              "private_key", "of_tomorrow"],
}  # fmt: skip
CONTEXT = ["account", "service", "container", "endpoint", "endpoint_suffix", "key_id", "tenant", "client_id", "project", "bucket", "email", "provider", "session_token"]  # fmt: skip
NAMES = (
    "sv ss srt sr sp st se si sip spr sdd tn skoid ske skt sig AccountKey SharedAccessSignature BlobEndpoint Endpoint skn "
    "X-Amz-Signature X-Amz-Credential X-Amz-Date X-Amz-Expires x-id AWSAccessKeyId Signature Expires Policy Key-Pair-Id policy "
    "X-Goog-Signature X-Goog-Date X-Goog-Expires GoogleAccessId token OSSAccessKeyId x-oss-signature q-signature q-sign-time "
    "x-amz-security-token x-oss-date x-oss-expires X-Amz-Security-Token"
).split()
STARTS = [
    "", "/", "?", "https://contosomodels.blob.core.windows.net/models/a", "http://127.0.0.1:10000/devstoreaccount1/c",
    "https://contoso-public.s3.amazonaws.com/k", "https://storage.googleapis.com/b/o", "https://[::1", "https://@:99999/",
    "https://firebasestorage.googleapis.com/v0/b/x/o/y", "https://drive.google.com/file/d/x", "gs://b", "s3://", "wasbs://c@",
    "BlobEndpoint=https://a.blob.core.windows.net/;", "SharedAccessSignature sr=", "https://x.y/?", "-----BEGIN PRIVATE KEY-----",
]  # fmt: skip

values = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["2051-10-06", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "rwdl", "sco", "bfqt", "c", "d",
                     "20261124T000000Z", "-1", "9" * 25, "²", "٣", "eyJleHBpcmF0aW9uIjoxfQ==", "%", "%ff", "\x00"]),
)  # fmt: skip
SECRETS = st.text(string.ascii_letters + string.digits + "+/=_-", min_size=12, max_size=90)


@st.composite
def links(draw: st.DrawFn, secret: str = "") -> str:
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=8))
    if secret:
        pairs.append((draw(st.sampled_from(NAMES)), secret))
        pairs = draw(st.permutations(pairs))
    encode = draw(st.sampled_from([lambda value: value, quote, lambda value: quote(value, safe="")]))
    joined = draw(st.sampled_from(["&", "&amp;", ";", "&&"])).join(
        f"{name}={encode(value)}" for name, value in pairs
    )
    return draw(st.sampled_from(STARTS)) + draw(st.sampled_from(["?", ""])) + joined


@st.composite
def sightings(draw: st.DrawFn) -> Sighting:
    provider = draw(st.sampled_from(sorted(KINDS)))
    secret = draw(SECRETS)
    text = draw(st.one_of(st.text(max_size=200), links(), links(secret), st.just(secret)))
    return Sighting(
        rule="r",
        provider=provider,
        kind=draw(st.sampled_from(KINDS[provider])),
        text=Secret(text),
        secret=Secret(secret),
        context=draw(st.dictionaries(st.sampled_from(CONTEXT), st.text(max_size=60), max_size=4)),
        spot=Spot("x", 1, 1),
    )


@given(sightings())
def test_any_text_is_a_grant_or_none_and_never_an_exception(seen: Sighting) -> None:
    grant = DECODERS[seen.provider].decode(seen, NOW)
    assert grant is None or isinstance(grant, Grant)
    assert isinstance(DECODERS[seen.provider].redact(seen), str)


@given(sightings())
def test_a_grants_permissions_are_in_order_and_those_of_its_matrix(seen: Sighting) -> None:
    grant = DECODERS[seen.provider].decode(seen, NOW)
    if grant is None:
        return
    order = list(Permission)
    assert list(grant.permissions) == sorted(set(grant.permissions), key=order.index)
    if grant.matrix:
        assert set(grant.permissions) == {right for rights in grant.matrix.values() for right in rights}


@given(sightings())
def test_no_secret_leaves_a_decoder(seen: Sighting) -> None:
    if seen.kind in {"public_url", "access_key_id"}:
        return
    secret = seen.secret.reveal()
    shown = DECODERS[seen.provider].redact(seen)
    grant = DECODERS[seen.provider].decode(seen, NOW)
    for spelling in {secret, quote(secret, safe=""), quote(secret)}:
        assert spelling not in shown
        assert spelling not in repr(grant)


@given(st.text(max_size=300))
def test_a_redacted_link_shows_no_value_outside_the_allow_list(text: str) -> None:
    assert "hunter2hunter2" not in redact_link(
        "https://a.example/p?" + text + "&password=hunter2hunter2", frozenset({"sv"})
    )
    assert "hunter2hunter2" not in redact_link(
        "https://user:hunter2hunter2@a.example/p?" + text, frozenset({"sv"})
    )


@given(
    st.permutations(
        [("sv", "2022-11-02"), ("sr", "c"), ("sp", "rl"), ("se", "2051-10-06T07:00:00Z"), ("sig", "a+b/c==")]
    )
)
def test_the_order_and_encoding_of_parameters_do_not_change_the_grant(pairs: list[tuple[str, str]]) -> None:
    where = "https://contosomodels.blob.core.windows.net/models?"
    spellings = [
        "&".join(f"{name}={value}" for name, value in pairs),
        "&amp;".join(f"{name}={quote(value, safe='')}" for name, value in pairs),
        "&".join(f"{name}={quote(value, safe='').replace('%2B', '%2b')}" for name, value in pairs),
    ]
    grants = [
        DECODERS["azure"].decode(
            Sighting(
                rule="r",
                provider="azure",
                kind="sas",
                text=Secret(where + spelling),
                secret=Secret("a+b/c=="),
                spot=Spot("x", 1, 1),
            ),
            NOW,
        )
        for spelling in spellings
    ]
    assert grants[0] is not None
    assert grants[0] == grants[1] == grants[2]


@given(st.text(max_size=80))
def test_any_text_is_an_instant_in_utc_or_none(text: str) -> None:
    for read in (instant(text), epoch(text)):
        assert read is None or read.utcoffset() == datetime(2026, 1, 1, tzinfo=UTC).utcoffset()


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_an_instant_written_is_read_back(when: datetime) -> None:
    assert instant(when.isoformat() + "Z") == when.replace(tzinfo=UTC)


@given(st.text(max_size=200))
def test_any_text_is_taken_apart_as_a_link(text: str) -> None:
    link = read_link(text)
    assert all(name == name.lower() for name in link.values)


@given(st.binary(min_size=57, max_size=57), st.integers(0, 85), st.sampled_from(string.ascii_letters))
def test_minted_keys_pass_and_changed_ones_do_not(random: bytes, place: int, letter: str) -> None:
    key = mint(random)
    assert check(key) is True
    changed = key[:place] + letter + key[place + 1 :]
    if changed != key:
        assert check(changed) is not True
