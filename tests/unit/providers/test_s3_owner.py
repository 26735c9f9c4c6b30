"""Which bucket an address belongs to: what the guard goes by."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate import plugins
from tidegate.errors import OutOfScopeError
from tidegate.model.grant import Scope as Width
from tidegate.net.guard import Guard
from tidegate.net.message import Request
from tidegate.net.scope import Scope
from tidegate.providers.s3.storage import STORAGE


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("https://contoso.s3.amazonaws.com/a", "contoso"),
        ("https://contoso.s3.eu-west-1.amazonaws.com/a", "contoso"),
        ("https://contoso.s3-eu-west-1.amazonaws.com/a", "contoso"),
        ("https://contoso.s3.dualstack.eu-west-1.amazonaws.com/a", "contoso"),
        ("https://contoso.s3-fips.us-gov-west-1.amazonaws.com/a", "contoso"),
        ("https://contoso.s3-accelerate.amazonaws.com/a", "contoso"),
        ("https://contoso.s3.cn-north-1.amazonaws.com.cn/a", "contoso"),
        ("https://a.b.s3.amazonaws.com/x", "a.b"),
        ("https://s3.amazonaws.com/contoso/a", "contoso"),
        ("https://s3.dualstack.eu-west-1.amazonaws.com/contoso/a", "contoso"),
        ("https://s3.amazonaws.com/", ""),
        ("https://s3.amazonaws.com", ""),
        ("https://contoso.nyc3.digitaloceanspaces.com/a", "contoso.nyc3.digitaloceanspaces.com"),
        ("https://nyc3.digitaloceanspaces.com/contoso/a", "contoso.nyc3.digitaloceanspaces.com"),
        ("https://nyc3.digitaloceanspaces.com/", ""),
        (
            "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/contoso/a",
            "contoso.0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
        ),
        ("https://contoso.s3.eu-central-2.wasabisys.com/a", "contoso.s3.eu-central-2.wasabisys.com"),
        ("https://contoso.s3.us-west-000.backblazeb2.com/a", "contoso.s3.us-west-000.backblazeb2.com"),
        ("https://d111111abcdef8.cloudfront.net/a", "d111111abcdef8.cloudfront.net"),
        ("https://storage.googleapis.com/contoso/a", None),
        ("https://s3.amazonaws.com//contoso/a", None),
        ("https://s3.amazonaws.com/contoso%2Fother/a", None),
        ("https://contoso.s3.amazonaws.com.evil.example/a", None),
        ("https://contoso.s3.amazonaws.com@evil.example/a", None),
        ("https://evil.example/contoso/a", None),
        ("ftp://s3.amazonaws.com/contoso/a", None),
    ],
)
def test_an_address_belongs_to_its_bucket_and_strangers_to_nobody(url: str, owner: str | None) -> None:
    assert STORAGE.owner(url, None) == owner


def test_at_an_endpoint_the_host_header_names_the_bucket_or_the_path_does() -> None:
    endpoint = "http://127.0.0.1:9000"
    assert STORAGE.owner(f"{endpoint}/a", "contoso.s3.amazonaws.com") == "contoso"
    assert STORAGE.owner(f"{endpoint}/a", "contoso.nyc3.digitaloceanspaces.com") == "contoso"
    assert STORAGE.owner(f"{endpoint}/contoso/a", "127.0.0.1:9000") == "contoso"
    assert STORAGE.owner(f"{endpoint}/contoso/a", "minio.contoso.com") == "contoso"
    assert STORAGE.owner(f"{endpoint}/", "127.0.0.1:9000") == ""
    assert STORAGE.owner(f"{endpoint}/contoso/a", None) is None


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=60))
def test_no_host_that_is_not_a_services_own_is_asked_for_a_bucket_in_scope(host: str) -> None:
    guard = Guard(Scope.of(s3=["contoso"]), {"s3": STORAGE.owner})
    request = Request(provider="s3", name="contoso", url=f"https://{host}.example/contoso/a")
    with pytest.raises(OutOfScopeError):
        guard.check(request)


SPACES = "nyc3.digitaloceanspaces.com"


@pytest.mark.parametrize(
    ("scope", "host", "path", "allowed"),
    [
        (["contoso"], "contoso.s3.amazonaws.com", "/a", True),
        (["contoso"], f"contoso.{SPACES}", "/a", False),
        (["contoso"], SPACES, "/contoso/a", False),
        (["contoso"], "contoso.s3.eu-central-2.wasabisys.com", "/a", False),
        (["*"], f"contoso.{SPACES}", "/a", False),
        ([f"contoso.{SPACES}"], f"contoso.{SPACES}", "/a", True),
        ([f"contoso.{SPACES}"], SPACES, "/contoso/a", True),
        ([f"contoso.{SPACES}"], "contoso.s3.amazonaws.com", "/a", False),
        ([f"contoso.{SPACES}"], "contoso.sfo3.digitaloceanspaces.com", "/a", False),
        ([f"*.{SPACES}"], SPACES, "/contoso/a", True),
        ([SPACES, "fabrikam"], SPACES, "/contoso/a", False),
    ],
)
def test_a_bare_name_is_a_bucket_of_amazon_and_others_are_named_with_their_host(
    scope: list[str], host: str, path: str, allowed: bool
) -> None:
    guard = Guard(Scope.of(s3=scope), {"s3": STORAGE.owner})
    request = Request(provider="s3", name="contoso", url=f"https://{host}{path}")
    if allowed:
        assert guard.base("s3", "contoso", "s3", host).url == f"https://{host}"
        guard.check(request)
        return
    with pytest.raises(OutOfScopeError):
        guard.check(request)


def test_the_line_to_add_names_the_bucket_with_its_host() -> None:
    guard = Guard(Scope.of(s3=["contoso"]), {"s3": STORAGE.owner})
    with pytest.raises(OutOfScopeError) as caught:
        guard.check(Request(provider="s3", name="contoso", url=f"https://{SPACES}/contoso/a"))
    assert f'"contoso.{SPACES}"' in caught.value.hint


@pytest.mark.parametrize(
    ("text", "container", "key", "scope"),
    [
        ("s3://contoso", "contoso", None, Width.CONTAINER),
        ("s3://contoso/models", "contoso", "models", Width.DIRECTORY),
        ("https://contoso.s3.eu-west-1.amazonaws.com/a/b.bin", "contoso", "a/b.bin", Width.OBJECT),
        ("https://contoso.s3.eu-west-1.amazonaws.com/a/", "contoso", "a/", Width.DIRECTORY),
        ("https://s3.amazonaws.com/contoso/", "contoso", None, Width.CONTAINER),
    ],
)
def test_a_target_is_read_as_an_open_address(
    text: str, container: str, key: str | None, scope: Width
) -> None:
    credential = STORAGE.target(text)
    assert credential is not None
    grant = credential.grant
    assert (credential.anonymous, grant.container, grant.key, grant.scope) == (True, container, key, scope)


@pytest.mark.parametrize(
    "text",
    [
        "az://account/container",
        "gs://bucket",
        "https://example.com/bucket/key",
        "https://storage.googleapis.com/bucket/key",
        "https://contoso.s3.amazonaws.com/a?X-Amz-Signature=00",
        "README.md",
        "s3://",
    ],
)
def test_what_names_no_open_bucket_is_no_target(text: str) -> None:
    assert STORAGE.target(text) is None


def test_the_storage_is_found_by_its_name() -> None:
    assert plugins.storage("s3") is STORAGE
