"""Who is let in: signatures are checked for real, and refused in the service's words."""

from __future__ import annotations

import base64
import http.client
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import lab_plans
import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.lab.account import Account, make
from tidegate.lab.http import Request, Response, Server
from tidegate.lab.sas import account_sas, service_sas
from tidegate.lab.service import BlobService

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


@dataclass(frozen=True)
class Said:
    status: int
    code: str
    detail: str


def ask(
    account: Account,
    path: str,
    query: str,
    *,
    https: bool = True,
    method: str = "GET",
    address: str = "127.0.0.1",
) -> Said:
    service = BlobService(account=account, clock=lambda: NOW, https=https)
    pairs = tuple(tuple(part.split("=", 1)) for part in query.split("&") if part)
    decoded = tuple((name, unquote(value)) for name, value in pairs)
    response = service.answer(
        Request(
            method=method,
            raw_path=f"/{account.name}/{path}",
            parameters=decoded,
            headers={"host": "127.0.0.1"},
            address=address,
        )
    )
    return Said(response.status, response.headers.get("x-ms-error-code", ""), detail(response))


def detail(response: Response) -> str:
    if response.status < 400 or not isinstance(response.body, bytes):
        return ""
    return ET.fromstring(response.body).findtext("AuthenticationErrorDetail") or ""


LIST, CONTAINERS, BLOB = "restype=container&comp=list", "comp=list", ""
BLOB_PATH = "mixed/a/one"


def test_signatures_of_azures_own_library_open_what_they_are_made_for(account: Account) -> None:
    for key in account.keys:
        whole = generate_account_sas(account.name, key, "sco", "rl", LATER)
        assert ask(account, "", f"{CONTAINERS}&{whole}").status == 200
        container = generate_container_sas(account.name, "mixed", key, permission="rl", expiry=LATER)
        assert ask(account, "mixed", f"{LIST}&{container}").status == 200
        assert ask(account, BLOB_PATH, container).status == 200
        blob = generate_blob_sas(
            account.name, "mixed", "a/one", account_key=key, permission="r", expiry=LATER
        )
        assert ask(account, BLOB_PATH, blob, method="HEAD").status == 200


@pytest.mark.parametrize("version", ["2015-04-05", "2018-11-09", "2020-12-06", "2026-04-06"])
def test_our_own_signatures_open_it_in_every_version(account: Account, version: str) -> None:
    assert ask(account, "", f"{CONTAINERS}&{account_sas(account, version=version)}").status == 200
    assert ask(account, "mixed", f"{LIST}&{service_sas(account, 'mixed', version=version)}").status == 200
    assert ask(account, BLOB_PATH, service_sas(account, BLOB_PATH, key=1, version=version)).status == 200


def test_any_changed_parameter_breaks_the_signature(account: Account) -> None:
    query = account_sas(account, sp="rl")
    for wrong in (query.replace("sp=rl", "sp=rwl"), query.replace("2051", "2052"), query[:-4] + "AA%3D"):
        said = ask(account, "", f"{CONTAINERS}&{wrong}")
        assert (said.status, said.code) == (403, "AuthenticationFailed")
        assert said.detail.startswith("Signature did not match. String to sign used was smallaccount\n")


@settings(max_examples=30)
@given(st.integers(0, 31), st.integers(0, 7))
def test_no_flipped_bit_of_a_signature_is_taken(account: Account, byte: int, bit: int) -> None:
    text = account_sas(account)
    head, _, signature = text.rpartition("sig=")
    raw = bytearray(base64.b64decode(unquote(signature)))
    raw[byte] ^= 1 << bit
    wrong = base64.b64encode(raw).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert ask(account, "", f"{CONTAINERS}&{head}sig={wrong}").code == "AuthenticationFailed"


def test_a_token_of_another_account_or_container_opens_nothing(account: Account) -> None:
    other = make(6, items=300, size_bytes=10**9, name="otheraccount", plans=lab_plans.PLANS)
    assert ask(account, "", f"{CONTAINERS}&{account_sas(other)}").code == "AuthenticationFailed"
    assert ask(account, "flat", f"{LIST}&{service_sas(account, 'mixed')}").code == "AuthenticationFailed"
    assert ask(account, "mixed", f"{LIST}&{service_sas(account, BLOB_PATH)}").code == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (
            {"se": "2026-11-24T12:00:00Z"},
            "Expiry [Tue, 24 Nov 2026 12:00:00 GMT] - Current [Tue, 24 Nov 2026 12:00:00 GMT]",
        ),
        (
            {"st": "2026-11-24T12:00:01Z"},
            "Start [Tue, 24 Nov 2026 12:00:01 GMT] - Expiry [Fri, 06 Oct 2051 00:00:00 GMT]",
        ),
        ({"se": "2020-01-01"}, "Expiry [Wed, 01 Jan 2020 00:00:00 GMT]"),
        ({"se": "soon"}, "not well formed"),
    ],
)
def test_a_token_out_of_its_time_is_refused_with_the_dates(
    account: Account, dates: dict[str, str], words: str
) -> None:
    said = ask(account, "", f"{CONTAINERS}&{account_sas(account, **dates)}")
    assert (said.status, said.code) == (403, "AuthenticationFailed")
    assert words in said.detail


@pytest.mark.parametrize(
    ("path", "asked", "changed", "code"),
    [
        ("", CONTAINERS, {"sp": "r"}, "AuthorizationPermissionMismatch"),
        ("", CONTAINERS, {"srt": "co"}, "AuthorizationResourceTypeMismatch"),
        ("", CONTAINERS, {"ss": "fq"}, "AuthorizationServiceMismatch"),
        ("mixed", LIST, {"srt": "so"}, "AuthorizationResourceTypeMismatch"),
        ("mixed", LIST, {"sp": "r"}, "AuthorizationPermissionMismatch"),
        (BLOB_PATH, BLOB, {"srt": "sc"}, "AuthorizationResourceTypeMismatch"),
        (BLOB_PATH, BLOB, {"sp": "l"}, "AuthorizationPermissionMismatch"),
        (BLOB_PATH, BLOB, {"sip": "10.0.0.1-10.0.0.9"}, "AuthorizationSourceIPMismatch"),
        ("mixed", "restype=container&comp=acl", {}, "AuthorizationFailure"),
    ],
)
def test_an_account_token_is_held_to_its_letters_levels_and_services(
    account: Account, path: str, asked: str, changed: dict[str, str], code: str
) -> None:
    said = ask(account, path, f"{asked}&{account_sas(account, **changed)}")
    assert (said.status, said.code) == (403, code)


def test_a_container_token_neither_lists_containers_nor_tells_of_its_own(account: Account) -> None:
    token = service_sas(account, "mixed")
    assert ask(account, "", f"{CONTAINERS}&{token}").status == 403
    assert ask(account, "mixed", f"restype=container&{token}").code == "AuthorizationFailure"
    assert (
        ask(account, "mixed", f"{LIST}&{service_sas(account, 'mixed', sp='r')}").code
        == "AuthorizationPermissionMismatch"
    )


def test_protocol_and_address_are_enforced(account: Account) -> None:
    only = account_sas(account, spr="https")
    assert ask(account, "", f"{CONTAINERS}&{only}", https=False).code == "AuthorizationProtocolMismatch"
    assert ask(account, "", f"{CONTAINERS}&{only}").status == 200
    here = account_sas(account, sip="127.0.0.0-127.0.0.255")
    assert ask(account, "", f"{CONTAINERS}&{here}").status == 200


def test_anyone_reads_what_is_open_and_cannot_tell_private_from_absent(account: Account) -> None:
    assert ask(account, "open", LIST).status == 200
    assert ask(account, "open/index.html", BLOB).status == 200
    assert ask(account, "shown/disk.vhd", BLOB, method="HEAD").status == 200
    for path, query in (
        ("shown", LIST),
        ("mixed", LIST),
        (BLOB_PATH, BLOB),
        ("absent", LIST),
        ("", CONTAINERS),
    ):
        said = ask(account, path, query)
        assert (said.status, said.code) == (404, "ResourceNotFound")


def test_an_account_that_forbids_it_is_open_to_nobody() -> None:
    account = make(6, items=300, size_bytes=10**9, name="shut", plans=lab_plans.PLANS, public_allowed=False)
    said = ask(account, "open", LIST)
    assert (said.status, said.code) == (409, "PublicAccessNotPermitted")


def test_a_wrong_token_on_an_open_container_is_refused_and_not_taken_for_anyone(account: Account) -> None:
    wrong = service_sas(account, "open")[:-4] + "AA%3D"
    assert ask(account, "open", f"{LIST}&{wrong}").code == "AuthenticationFailed"


def test_what_does_not_exist_is_said_to_who_may_know_it(account: Account) -> None:
    assert ask(account, "absent", f"{LIST}&{account_sas(account)}").code == "ContainerNotFound"
    assert ask(account, "mixed/none", account_sas(account)).code == "BlobNotFound"
    assert ask(account, "mixed", f"comp=none&restype=what&{account_sas(account)}").code == "BlobNotFound"


def test_archived_blobs_are_told_of_but_not_read(account: Account) -> None:
    token = account_sas(account)
    assert ask(account, "cold/old.tar", token, method="HEAD").status == 200
    said = ask(account, "cold/old.tar", token)
    assert (said.status, said.code) == (409, "BlobArchived")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(server: Server, account: Account, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, f"/{account.name}/{BLOB_PATH}?{account_sas(account)}", body=b"x")
    answer = connection.getresponse()
    assert answer.status == 405
    assert b"UnsupportedHttpVerb" in answer.read()
    connection.close()
    assert server.seen[method, 405] == 1
