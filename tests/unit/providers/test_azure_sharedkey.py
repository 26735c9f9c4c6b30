"""Our signatures with an account key against those of Azure's own libraries."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest
from azure.data.tables._authentication import SharedKeyCredentialPolicy as TablePolicy
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

from tidegate.model.secret import Secret
from tidegate.providers.azure.identifiable import mint
from tidegate.providers.azure.sharedkey import authorization

ACCOUNT = "contosomodels"
KEY = mint(bytes(range(57)))
HEADERS = {"x-ms-version": "2021-12-02", "x-ms-date": "Wed, 25 Nov 2026 12:00:00 GMT"}


def of_the_library(method: str, url: str, headers: dict[str, str], *, table: bool) -> str:
    policy = (
        TablePolicy(AzureNamedKeyCredential(ACCOUNT, KEY))
        if table
        else SharedKeyCredentialPolicy(ACCOUNT, KEY)
    )
    request = PipelineRequest(HttpRequest(method, url, headers=headers), PipelineContext(None))
    request.http_request.query = dict(parse_qsl(urlsplit(url).query))
    policy.on_request(request)
    return str(request.http_request.headers["Authorization"])


@pytest.mark.parametrize(
    ("method", "url", "more"),
    [
        ("GET", "https://contosomodels.blob.core.windows.net/?comp=list&maxresults=1", {}),
        (
            "GET",
            "https://contosomodels.blob.core.windows.net/models/a%20dir/%C3%BC.ckpt",
            {"x-ms-range": "bytes=0-0"},
        ),
        ("HEAD", "https://contosomodels.blob.core.windows.net/models/x", {}),
        (
            "GET",
            "https://contosomodels.blob.core.windows.net/models?restype=container&comp=list&prefix=a%2Fb&include=snapshots%2Cversions",
            {},
        ),
        ("GET", "https://contosomodels.queue.core.windows.net/jobs?comp=metadata", {}),
        ("GET", "https://contosomodels.file.core.windows.net/share/dir?restype=directory&comp=list", {}),
        ("GET", "http://127.0.0.1:10000/contosomodels/models?restype=container&comp=list", {}),
    ],
)
def test_a_request_is_signed_as_the_libraries_sign_it(method: str, url: str, more: dict[str, str]) -> None:
    headers = HEADERS | more
    ours = authorization(ACCOUNT, Secret(KEY), method, url, headers).reveal()
    assert ours == of_the_library(method, url, headers, table=False)


@pytest.mark.parametrize("path", ["Tables?%24top=1", "runs()?%24top=1&%24select=PartitionKey", "?comp=list"])
def test_a_tables_request_is_signed_as_the_libraries_sign_it(path: str) -> None:
    url = f"https://contosomodels.table.core.windows.net/{path}"
    ours = authorization(ACCOUNT, Secret(KEY), "GET", url, HEADERS, table=True).reveal()
    assert ours == of_the_library("GET", url, dict(HEADERS), table=True)


def test_the_range_is_signed_too() -> None:
    """The libraries send no `Range`; that this is right, the emulator judges (test_azurite_list.py)."""
    url = "https://contosomodels.blob.core.windows.net/models/x"
    first, second = ({**HEADERS, "Range": f"bytes=0-{last}"} for last in (0, 1))
    assert authorization(ACCOUNT, Secret(KEY), "GET", url, first) != authorization(
        ACCOUNT, Secret(KEY), "GET", url, second
    )


def test_a_key_that_is_no_base64_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="not base64") as refused:
        authorization(ACCOUNT, Secret("not&base64"), "GET", "https://x.blob.core.windows.net/", HEADERS)
    assert "not&base64" not in repr(refused.value)
    assert refused.value.__cause__ is None
