"""The pure parts of asking Cloud Storage: signatures, answers, documents, addresses of links."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.model.secret import Secret
from tidegate.net.message import Response
from tidegate.providers.gcs.answers import bytes_of, is_byte
from tidegate.providers.gcs.codes import CODES, Sense, meaning
from tidegate.providers.gcs.faults import Fault, fault
from tidegate.providers.gcs.items import after_prefix, hex_md5
from tidegate.providers.gcs.owner import owner
from tidegate.providers.gcs.sign import AUDIENCE, canonical_query, flipped, hmac_headers, own_token
from tidegate.providers.gcs.xmltree import XmlError, read_xml

NOW = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
SECRET = Secret("Qw+psJ005CzJrCERCc533aavUQ0T5EtkGuAVAizT")


class GoogleAuth(S3SigV4Auth):
    """Botocore's signer, with Google's words in the place of Amazon's."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        return

    def canonical_headers(self, headers: object) -> str:
        return "host:storage.googleapis.com\nx-goog-content-sha256:" + EMPTY + "\nx-goog-date:" + STAMP

    def signed_headers(self, headers: object) -> str:
        return "host;x-goog-content-sha256;x-goog-date"


STAMP = "20261124T120005Z"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("path", "pairs"),
    [
        ("/", []),
        ("/contoso-media", [("prefix", "a b/ü"), ("max-keys", "1"), ("delimiter", "/")]),
        ("/contoso-media/a%20b/c.bin", [("generation", "17")]),
    ],
)
def test_an_hmac_signature_is_the_one_that_another_signer_makes(
    path: str, pairs: list[tuple[str, str]]
) -> None:
    query = canonical_query(pairs)
    _, signed = hmac_headers(
        "GOOG1EFAKE", SECRET, host="storage.googleapis.com", path=path, query=query, now=NOW
    )
    auth = GoogleAuth(Credentials("GOOG1EFAKE", SECRET.reveal()), "storage", "auto")
    request = AWSRequest("GET", f"https://storage.googleapis.com{path}?{query}")
    canonical = (
        f"GET\n{path}\n{query}\n{auth.canonical_headers(None)}\n\n{auth.signed_headers(None)}\n{EMPTY}"
    )
    assert auth.canonical_query_string(request) == query
    request.context["timestamp"] = STAMP
    to_sign = auth.string_to_sign(request, canonical)
    to_sign = to_sign.replace("AWS4-HMAC-SHA256", "GOOG4-HMAC-SHA256").replace(
        "aws4_request", "goog4_request"
    )
    key = f"GOOG4{SECRET.reveal()}".encode()
    for part in (STAMP[:8], "auto", "storage", "goog4_request"):
        key = auth._sign(key, part)
    assert signed.reveal().endswith(f",Signature={auth._sign(key, to_sign, hex=True)}")


@given(st.text("abcdef0123456789-+/=_.AZ", min_size=1, max_size=80))
def test_a_flipped_text_differs_in_one_character_and_keeps_its_form(text: str) -> None:
    other = flipped(text)
    differing = [a for a, b in zip(text, other, strict=False) if a != b]
    assert other != text
    assert len(differing) <= 1
    assert all(each.isalnum() for each in differing)


def answered(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body)


def test_a_part_of_an_object_is_taken_only_if_it_is_the_one_that_was_asked_for() -> None:
    assert bytes_of(answered(206, b"tide", content_range="bytes 4-7/100"), 4, 8) == b"tide"
    assert bytes_of(answered(206, b"ti", content_range="bytes 4-5/6"), 4, 8) == b"ti"
    assert bytes_of(answered(200, b"tidegate", x_goog_generation="1"), 0, 4) == b"tide"
    assert bytes_of(answered(416), 4, 8) == b""
    for wrong in (
        answered(206, b"tide", content_range="bytes 0-3/100"),
        answered(206, b"tid", content_range="bytes 4-7/100"),
        answered(206, b"ti", content_range="bytes 4-5/100"),
        answered(206, b"tide"),
        answered(200, b"tidegate", x_goog_generation="1"),
        answered(200, b"<html>"),
        answered(302, b""),
    ):
        with pytest.raises(NoAnswerError):
            bytes_of(wrong, 4, 8)
    with pytest.raises(RefusedError):
        bytes_of(answered(404), 0, 1)


def test_a_start_page_is_no_byte_of_an_object() -> None:
    assert not is_byte(answered(200, b"<", content_type="text/html"))
    assert not is_byte(answered(206, b"<"))
    assert is_byte(answered(206, b"<", content_range="bytes 0-0/9"))
    assert is_byte(answered(200, b"", x_goog_hash="crc32c=AAAAAA=="))


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><Error>&x;</Error>",
        b'<!DOCTYPE Error SYSTEM "http://169.254.169.254/"><Error/>',
        b"<a>" * 13 + b"</a>" * 13,
        b"<a>" + b"<b/>" * 200_001 + b"</a>",
        b"<a",
        b"",
        b"\xff\xfe",
    ],
)
def test_xml_that_the_service_never_writes_is_refused(body: bytes) -> None:
    with pytest.raises(XmlError):
        read_xml(body)


def test_xml_is_read_without_its_namespace() -> None:
    root = read_xml(b"<R xmlns='u'><A>1</A><A>2</A><B><C>&lt;3</C></B><x:D xmlns:x='v'>4</x:D></R>")
    assert (root.name, root.get("A"), root.get("D"), root.all("B")[0].get("C")) == ("R", "1", "4", "<3")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<Error><Code>AccessDenied</Code><Message>m</Message></Error>", "AccessDenied"),
        (b"<Error><Code>&lt;script&gt;</Code></Error>", ""),
        (b"<html><Code>AccessDenied</Code></html>", ""),
        (b'{"error": {"code": 401, "message": "m", "errors": [{"reason": "authError"}]}}', "authError"),
        (b'{"error": {"status": "UNAUTHENTICATED", "details": [{"@type": "x"}, {"reason": "ACCOUNT_STATE_INVALID"}]}}',
         "ACCOUNT_STATE_INVALID"),
        (b'{"error": {"status": "PERMISSION_DENIED"}}', "PERMISSION_DENIED"),
        (b'{"error": [1]}', ""),
        (b'{"error": {"errors": [1, {"reason": 5}], "details": {}}}', ""),
        (b"[" * 50_000, ""),
        (b"", ""),
    ],
)  # fmt: skip
def test_a_code_is_taken_from_what_the_service_writes_and_from_nothing_else(body: bytes, code: str) -> None:
    assert fault(answered(403, body)).code == code


@pytest.mark.parametrize("status", [200, 204, 302, 404, 409, 412, 416, 429, 500, 503])
@pytest.mark.parametrize("anonymous", [False, True])
def test_a_code_under_a_status_that_refuses_nobody_says_nothing(status: int, anonymous: bool) -> None:
    for code in CODES:
        said = Fault(code=code, message="Anonymous caller does not have access")
        assert meaning(answered(status), said, anonymous=anonymous).sense is Sense.UNCLEAR, code


def test_every_code_is_told_in_words_that_go_on_from_the_service() -> None:
    for code, each in CODES.items():
        assert each.words[0].islower(), code
        assert not each.words.endswith("."), code


def test_a_signed_request_that_is_taken_for_anyones_says_nothing_of_the_credential() -> None:
    said = Fault(code="AccessDenied", message="Access denied. Anonymous caller does not have access")
    assert meaning(answered(403), said, anonymous=False).sense is Sense.UNCLEAR
    assert meaning(answered(403), said, anonymous=True).sense is Sense.NOBODY


def test_nothing_lies_between_a_prefix_and_the_name_behind_it() -> None:
    assert after_prefix("a/b/") == "a/b0"
    assert max("a/b/", "a/b/\U0010ffff") < after_prefix("a/b/")


def test_a_digest_is_sixteen_bytes_or_none() -> None:
    assert hex_md5("1B2M2Y8AsgTpgAmY7PhCfg==") == "d41d8cd98f00b204e9800998ecf8427e"
    for text in (None, "", "AAAA", "!" * 24, 5):
        assert hex_md5(text) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.googleapis.com/upload/storage/v1/b/contoso/o",
        "https://storage.googleapis.com/batch/storage/v1",
        "https://storage.googleapis.com/storage/v1/projects/p/hmacKeys",
        "https://www.googleapis.com/contoso/a",
        "https://firebasestorage.googleapis.com/contoso/a",
        "https://storage.googleapis.com/contoso/../fabrikam/a",
        "https://storage.googleapis.com/contoso/%2E%2e/a",
        "https://storage.googleapis.com/%63ontoso/a",
        "https://storage.googleapis.com/storage/v1/b/contoso%2Ffabrikam/o",
        "ftp://storage.googleapis.com/contoso",
        "https://192.0.2.7/contoso/a",
    ],
)
def test_addresses_that_are_not_of_one_bucket_have_no_owner(url: str) -> None:
    assert owner(url, None) is None


def test_an_endpoint_stands_for_the_host_that_the_request_names() -> None:
    assert owner("http://127.0.0.1:4443/a.bin", "contoso.storage.googleapis.com") == "contoso"
    assert owner("http://127.0.0.1:4443/contoso/a.bin", "storage.googleapis.com") == "contoso"
    assert owner("http://127.0.0.1:4443/contoso/a.bin", "evil.example") is None
    assert owner("http://127.0.0.1:4443/contoso/a.bin", None) == "contoso"


def test_a_token_names_the_service_and_lives_an_hour() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    body = Secret(base64.b64encode(der).decode().rstrip("="))
    token = own_token(body, "a@b.iam.gserviceaccount.com", "kid", NOW).reveal()
    head, claims, _ = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "RS256", "typ": "JWT", "kid": "kid"}
    assert (told["aud"], told["exp"] - told["iat"]) == (AUDIENCE, 3600)
    assert told["iat"] < NOW.timestamp() < told["exp"] - 1800
    later = NOW + timedelta(minutes=30)
    assert own_token(body, "a@b.iam.gserviceaccount.com", "kid", later).reveal() != token
    with pytest.raises(NoAnswerError, match="damaged"):
        own_token(Secret("AAAA"), "a@b", "", NOW)
