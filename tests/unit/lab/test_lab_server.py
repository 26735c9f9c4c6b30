"""The server: judged by Azure's own client, and by raw requests where that client is too kind."""

from __future__ import annotations

import http.client
import io
import socket
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import lab_plans
import numpy as np
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import BlobPrefix, BlobServiceClient

from tidegate.lab.account import Account
from tidegate.lab.http import Server
from tidegate.lab.sas import account_sas
from tidegate.lab.server import main, serve


@pytest.fixture
def client(server: Server, account: Account) -> Iterator[BlobServiceClient]:
    with BlobServiceClient(
        f"{server.url}/{account.name}", credential=account_sas(account), retry_total=0
    ) as made:
        yield made


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    yield made
    made.close()


def get(
    connection: http.client.HTTPConnection, account: Account, path: str, query: str = "", **headers: str
) -> http.client.HTTPResponse:
    token = account_sas(account)
    connection.request(
        "GET",
        f"/{account.name}/{quote(path)}?{token}{'&' if query else ''}{query}",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    return connection.getresponse()


def test_azures_client_lists_every_blob_with_its_properties(
    client: BlobServiceClient, account: Account
) -> None:
    names = [each.name for each in client.list_containers(results_per_page=2)]
    assert names == [each.name for each in account.containers]
    seen = total = 0
    for container in account.containers:
        stretches = [
            (stretch, at) for stretch, a, b in container.cut(0, container.items) for at in range(a, b)
        ]
        listed = list(client.get_container_client(container.name).list_blobs(results_per_page=33))
        assert len(listed) == len(stretches)
        for blob, (stretch, at) in zip(listed, stretches, strict=True):
            columns = stretch.columns(np.array([at], np.uint64))
            assert blob.name.encode() == stretch.keys(np.array([at], np.uint64))[0]
            assert blob.size == int(columns.sizes[0])
            assert int(blob.last_modified.timestamp()) == int(columns.modified[0])
            assert int(blob.creation_time.timestamp()) == int(columns.created[0])
            assert blob.etag == f"0x{int(columns.ticks[0]):X}"
            assert blob.blob_type.value == stretch.kind.blob_type
            assert blob.content_settings.content_type == stretch.kind.content_type
            seen, total = seen + 1, total + blob.size
    assert (seen, total) == (account.items, account.size_bytes)


def bare(value: object) -> object:
    """An ETag stands in quotes in a header, and without them in a listing."""
    return value.strip('"') if isinstance(value, str) else value


def test_a_blobs_own_properties_are_those_of_the_listing(client: BlobServiceClient, account: Account) -> None:
    for container in account.containers:
        access = client.get_container_client(container.name)
        for listed in list(access.list_blobs())[::5]:
            single = access.get_blob_client(listed.name).get_blob_properties()
            for told in (
                "size",
                "etag",
                "last_modified",
                "creation_time",
                "blob_type",
                "blob_tier",
                "blob_tier_inferred",
                "blob_tier_change_time",
            ):
                assert bare(getattr(single, told)) == getattr(listed, told), (listed.name, told)
            assert single.content_settings.content_md5 == listed.content_settings.content_md5


def test_azures_client_walks_folders(client: BlobServiceClient, account: Account) -> None:
    container = lab_plans.container(account)
    names = container.keys(0, container.items)
    for prefix in ("", "b/", "c/", "c/x/", "zz/"):
        walked = [
            each.prefix if isinstance(each, BlobPrefix) else each.name
            for each in client.get_container_client("mixed").walk_blobs(prefix, delimiter="/")
        ]
        assert sorted(walked) == [name.decode() for name in lab_plans.brute(names, prefix.encode(), b"/")]


@pytest.mark.parametrize("limit", [1, 2, 7, 100, 5000, 99_999])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_put_together_are_the_whole_for_any_length(
    connection: http.client.HTTPConnection, account: Account, limit: int, delimiter: str
) -> None:
    container = lab_plans.container(account)
    found: list[str] = []
    marker = ""
    for _ in range(1000):
        asked = urlencode(
            {
                "restype": "container",
                "comp": "list",
                "maxresults": limit,
                "marker": marker,
                "delimiter": delimiter,
            },
            quote_via=quote,
        )
        answer = get(connection, account, "mixed", asked)
        assert answer.status == 200
        tree = ET.parse(io.BytesIO(answer.read())).getroot()
        entries = [each.findtext("Name") or "" for each in tree.iterfind("Blobs/*")]
        assert len(entries) <= limit
        found += entries
        marker = tree.findtext("NextMarker") or ""
        if not marker:
            break
    assert [name.encode() for name in found] == lab_plans.brute(
        container.keys(0, container.items), b"", delimiter.encode()
    )


def test_a_page_is_written_as_the_service_writes_it(
    connection: http.client.HTTPConnection, account: Account, server: Server
) -> None:
    answer = get(connection, account, "mixed", "restype=container&comp=list&maxresults=1&prefix=R%26D")
    text = answer.read().decode("utf-8-sig")
    assert answer.headers["Content-Type"] == "application/xml"
    assert text.startswith(
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{server.url}/smallaccount/" ContainerName="mixed">'
        "<Prefix>R&amp;D</Prefix><MaxResults>1</MaxResults><Blobs><Blob><Name>R&amp;D &lt;draft&gt;.txt</Name><Properties><Creation-Time>"
    )
    blob = ET.fromstring(text).find("Blobs/Blob")
    assert blob is not None
    assert [each.tag for each in blob] == ["Name", "Properties", "OrMetadata"]
    assert [each.tag for each in blob[1]] == (
        "Creation-Time Last-Modified Etag Content-Length Content-Type Content-Encoding Content-Language Content-CRC64 Content-MD5"
        " Cache-Control Content-Disposition BlobType AccessTier AccessTierInferred LeaseStatus LeaseState ServerEncrypted"
    ).split()  # fmt: skip
    assert text.endswith("<OrMetadata /></Blob></Blobs><NextMarker /></EnumerationResults>")


def test_ranges_stitched_together_are_the_whole_blob(client: BlobServiceClient, account: Account) -> None:
    access = client.get_container_client("mixed")
    for listed in [
        *list(access.list_blobs(name_starts_with="b/"))[:3],
        access.get_blob_client("b/001/also.txt").get_blob_properties(),
    ]:
        blob = access.get_blob_client(listed.name)
        whole = blob.download_blob(max_concurrency=1).readall()
        assert len(whole) == listed.size
        step = max(1, listed.size // 7)
        parts = [
            blob.download_blob(offset=at, length=min(step, listed.size - at)).readall()
            for at in range(0, listed.size, step)
        ]
        assert b"".join(parts) == whole
    assert access.download_blob("b/001/also.txt").readall() == lab_plans.TRUE["mixed/b/001/also.txt"]
    assert access.download_blob("a/empty").readall() == b""


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("bytes=0-0", 206, "bytes 0-0/3000"),
        ("bytes=2990-", 206, "bytes 2990-2999/3000"),
        ("bytes=10-9999", 206, "bytes 10-2999/3000"),
        ("bytes=3000-", 416, None),
        ("bytes=9-3", 416, None),
        ("bytes=-5", 400, None),
        ("lines=1-2", 400, None),
    ],
)
@pytest.mark.parametrize("header", ["Range", "x_ms_range"])
def test_a_range_is_cut_at_the_end_and_refused_beyond_it(
    connection: http.client.HTTPConnection,
    account: Account,
    header: str,
    asked: str,
    status: int,
    told: str | None,
) -> None:
    answer = get(connection, account, "mixed/b/001/also.txt", **{header: asked})
    body = answer.read()
    assert (answer.status, answer.headers["Content-Range"]) == (status, told)
    assert status != 206 or body == b"x" * len(body)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("maxresults=0", "OutOfRangeQueryParameterValue"),
        ("maxresults=many", "InvalidQueryParameterValue"),
        ("marker=nonsense", "InvalidQueryParameterValue"),
        ("marker=2!4!AAAA", "InvalidQueryParameterValue"),
    ],
)
def test_a_listing_asked_for_in_a_wrong_way_is_refused(
    connection: http.client.HTTPConnection, account: Account, query: str, code: str
) -> None:
    answer = get(connection, account, "mixed", f"restype=container&comp=list&{query}")
    assert (answer.status, answer.headers["x-ms-error-code"]) == (400, code)
    assert ET.fromstring(answer.read()).findtext("Code") == code


def test_azures_client_knows_a_refusal_when_it_sees_one(server: Server, account: Account) -> None:
    with BlobServiceClient(
        f"{server.url}/{account.name}", credential=account_sas(account, se="2024-01-01"), retry_total=0
    ) as late:
        with pytest.raises(ClientAuthenticationError) as refused:
            list(late.list_containers())
        assert refused.value.error_code == "AuthenticationFailed"
        assert "Signature not valid in the specified time frame" in str(refused.value)


def test_the_holder_of_an_account_key_is_let_in_and_of_another_key_is_not(
    server: Server, account: Account
) -> None:
    for key in account.keys:
        with BlobServiceClient(f"{server.url}/{account.name}", credential=key) as owner:
            access = owner.get_container_client("mixed")
            assert [each.name for each in access.list_blobs("zz/Ü")] == ["zz/Übergabe/größe.bin"]
            assert access.get_container_access_policy()["signed_identifiers"] == []
            assert owner.get_account_information()["account_kind"] == "StorageV2"
            assert owner.get_service_properties()["cors"] == []
    wrong = lab_plans.small(77).keys[0]
    stranger = BlobServiceClient(f"{server.url}/{account.name}", credential=wrong, retry_total=0)
    with stranger, pytest.raises(HttpResponseError, match="MAC signature"):
        list(stranger.list_containers())


def test_the_account_may_stand_in_the_host_name(
    connection: http.client.HTTPConnection, account: Account
) -> None:
    connection.request(
        "GET",
        f"/?comp=list&{account_sas(account)}",
        headers={"Host": f"{account.name}.blob.core.windows.net"},
    )
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"<Name>mixed</Name>" in answer.read()


@pytest.mark.parametrize(
    ("path", "told"), [("file/{}/?comp=list", b"<Shares />"), ("queue/{}/?comp=list", b"<Queues />"), ("table/{}/Tables?", b'"value": []')]
)  # fmt: skip
def test_other_services_are_there_and_empty(
    connection: http.client.HTTPConnection, account: Account, path: str, told: bytes
) -> None:
    connection.request("GET", f"/{path.format(account.name)}&{account_sas(account)}")
    answer = connection.getresponse()
    assert answer.status == 200
    assert told in answer.read()
    connection.request("GET", f"/{path.format(account.name)}&{account_sas(account, ss='b')}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-ms-error-code"]) == (403, "AuthorizationServiceMismatch")
    answer.read()


def test_the_wrong_account_is_not_there(connection: http.client.HTTPConnection, account: Account) -> None:
    connection.request("GET", f"/another/?comp=list&{account_sas(account)}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-ms-error-code"]) == (404, "ResourceNotFound")
    answer.read()


@pytest.mark.parametrize(
    "garbage", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET / SPDY/3\r\n\r\n"]
)
def test_what_is_no_request_is_answered_and_the_connection_closed(server: Server, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(garbage)
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
        assert raw.recv(100) == b""


def test_two_requests_sent_at_once_are_both_answered(server: Server, account: Account) -> None:
    line = f"HEAD /{account.name}/mixed/a/one?{account_sas(account)} HTTP/1.1\r\nHost: x\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(line + b"\r\n" + line + b"Connection: close\r\n\r\n")
        told = b""
        while more := raw.recv(65_536):
            told += more
    assert told.count(b"HTTP/1.1 200 OK\r\n") == 2


def test_closing_ends_waiting_connections(account: Account) -> None:
    with serve(account) as running, socket.create_connection(("127.0.0.1", running.port), timeout=20) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert raw.recv(65_536).startswith(b"HTTP/1.1 404 ")
        running.close()
        assert raw.recv(10) == b""


def test_a_port_in_use_is_an_error_and_not_another_port(server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        main(["--port", str(server.port), "--items", "100"])
