"""The guard together with the real providers: where a request that passes can lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import plugins
from tidegate.errors import OutOfScopeError
from tidegate.net.address import split_url
from tidegate.net.guard import Guard
from tidegate.net.message import Request
from tidegate.net.scope import Scope

NAME = "contosomodels"
OWNERS = {storage.id: storage.owner for storage in map(plugins.storage, ("azure", "s3", "gcs")) if storage}
GUARD = Guard(Scope.of(azure=[NAME], s3=[NAME], gcs=[NAME]), OWNERS)

DOMAINS = {
    "azure": (
        ".core.windows.net", ".core.chinacloudapi.cn", ".core.usgovcloudapi.net", ".core.cloudapi.de", ".storage.azure.net",
    ),
    "s3": (
        ".amazonaws.com", ".amazonaws.com.cn", ".digitaloceanspaces.com", ".wasabisys.com", ".backblazeb2.com",
        ".cloudflarestorage.com", ".linodeobjects.com", ".scw.cloud", ".idrivee2.com", ".vultrobjects.com", ".ovh.net",
    ),
    "gcs": ("storage.googleapis.com", "commondatastorage.googleapis.com", "storage.cloud.google.com", ".googleapis.com"),
}  # fmt: skip
"""What the companies hold: nobody else gets a name below them."""

PIECES = [
    NAME, "other", "bucket", "evil.example", "blob", "queue", "z12", "core", "storage", "windows", "azure", "net", "com",
    "core.windows.net", "storage.azure.net", "core.evil.example", "localhost", "s3", "s3-us-west-2", "us-east-1",
    "amazonaws", "amazonaws.com", "s3.amazonaws.com", "s3-website", "cloudfront.net", "nyc3.digitaloceanspaces.com",
    "s3.wasabisys.com", "minio", "storage.googleapis.com", "googleapis.com", "www", "firebasestorage.googleapis.com",
    "privatelink", "cn", "10", "127.0.0.1",
]  # fmt: skip
HOSTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(".".join)
PATHS = st.lists(st.sampled_from([NAME, "other", "storage", "v1", "b", "o", "v0", ""]), max_size=6).map(
    "/".join
)


@given(st.sampled_from(sorted(DOMAINS)), HOSTS, PATHS)
def test_without_endpoints_only_hosts_of_the_company_are_asked(provider: str, host: str, path: str) -> None:
    url = f"https://{host}/{path}"
    try:
        checked = GUARD.check(Request(provider=provider, name=NAME, url=url))
    except OutOfScopeError:
        return
    assert f".{checked.url.host}".endswith(DOMAINS[provider])
    assert NAME in f"{host}/{path}".replace("/", ".").split(".") or split_url(url).path in ("", "/")


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("azure", f"https://{NAME}.blob.core.evil.example/c"),
        ("azure", f"https://{NAME}.blob.core.windows.net.evil.example/c"),
        ("azure", f"https://{NAME}.blob.storage.evil.example/c"),
        ("azure", f"https://{NAME}.blob.evilcore.windows.net/c"),
        ("azure", f"https://{NAME}.blob.localhost/c"),
        ("azure", f"https://{NAME}.evil.core.windows.net/c"),
        ("azure", f"https://evil.example/{NAME}/c"),
        ("s3", f"https://{NAME}.s3.evil.example/k"),
        ("s3", f"https://s3.evil.example/{NAME}/k"),
        ("s3", f"https://{NAME}.s3.amazonaws.com.evil.example/k"),
        ("s3", f"https://{NAME}.evilamazonaws.com/k"),
        ("s3", f"https://minio.contoso.com/{NAME}/k"),
        ("gcs", f"https://{NAME}.storage.googleapis.com.evil.example/k"),
        ("gcs", f"https://evil.example/{NAME}/k"),
        ("gcs", f"https://storage.googleapis.com.evil.example/{NAME}/k"),
        ("gcs", f"https://127.0.0.1/{NAME}/k"),
    ],
)
def test_hosts_that_look_like_the_company_are_refused(provider: str, url: str) -> None:
    with pytest.raises(OutOfScopeError):
        GUARD.check(Request(provider=provider, name=NAME, url=url))


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("azure", f"https://{NAME}.blob.core.windows.net/c"),
        ("azure", f"https://{NAME}-secondary.dfs.core.usgovcloudapi.net/c"),
        ("azure", f"https://{NAME}.z12.blob.storage.azure.net/c"),
        ("s3", f"https://{NAME}.s3.eu-central-1.amazonaws.com/k"),
        ("s3", f"https://s3.amazonaws.com/{NAME}/k"),
        ("gcs", f"https://storage.googleapis.com/{NAME}/k"),
        ("gcs", f"https://storage.googleapis.com/storage/v1/b/{NAME}/o"),
    ],
)
def test_hosts_of_the_company_are_asked(provider: str, url: str) -> None:
    assert not GUARD.check(Request(provider=provider, name=NAME, url=url)).at_endpoint
