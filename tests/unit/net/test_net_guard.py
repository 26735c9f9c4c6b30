from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from netting import OWNERS

from tidegate.errors import OutOfScopeError
from tidegate.model.secret import Secret
from tidegate.net.guard import Guard
from tidegate.net.message import Request
from tidegate.net.scope import Scope

HOST = "acct.blob.core.windows.net"
GUARD = Guard(Scope.of(azure=["acct", "data.contoso.com"]), OWNERS)
EMULATED = Guard(
    Scope.of(
        azure=["acct"],
        s3=["bucket", "AKIAMADEUP"],
        endpoints={
            "azure": {
                "blob": "http://127.0.0.1:10000/{account}",
                "queue": "http://127.0.0.1:10001/{account}",
            },
            "s3": "http://127.0.0.1:9000",
        },
    ),
    OWNERS,
)


def request(url: str = f"https://{HOST}/c", **more: object) -> Request:
    fields: dict[str, object] = {"provider": "azure", "name": "acct", "url": url} | more
    return Request(**fields)  # type: ignore[arg-type]


@given(
    st.text()
    | st.sampled_from(["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "get", "GET ", "GET\r\n", "HEAD\x00"])
)
def test_nothing_but_get_and_head_is_ever_sent(method: str) -> None:
    assume(method not in ("GET", "HEAD"))
    with pytest.raises(ValueError, match="no other verb"):
        request(method=method)
    forced = request()
    object.__setattr__(forced, "method", method)
    with pytest.raises(OutOfScopeError, match="GET and HEAD"):
        GUARD.check(forced)


def test_what_the_scope_names_may_be_asked() -> None:
    checked = GUARD.check(request(secret_query=Secret("sig=x%3D")))
    assert checked.full_url == f"https://{HOST}/c?sig=x%3D"
    assert GUARD.check(request(f"https://{HOST}:443/c?a=1", secret_query=Secret("b=2"))).full_url.endswith(
        "?a=1&b=2"
    )
    assert GUARD.check(request(f"https://{HOST}/c?", secret_query=Secret("b=2"))).full_url.endswith("/c?b=2")


def test_a_custom_domain_that_the_scope_names_may_be_asked() -> None:
    assert not GUARD.check(request("https://data.contoso.com/c", name="data.contoso.com")).at_endpoint


def test_the_refusal_of_a_name_tells_the_line_to_add() -> None:
    with pytest.raises(OutOfScopeError, match="azure 'fabrikam' is not in scope") as error:
        GUARD.check(request("https://fabrikam.blob.core.windows.net/c", name="fabrikam"))
    assert error.value.hint.endswith(
        'under [scope] in tidegate.toml: azure = ["acct", "data.contoso.com", "fabrikam"]'
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://other.blob.core.windows.net/c",
        "https://acct.blob.core.windows.net.evil.example/c",
        "https://evil.example/acct/c",
        "https://evil.example/acct.blob.core.windows.net",
        "https://sub.acct.blob.core.windows.net/c",
        "https://xdata.contoso.com/c",
        "https://data.contoso.com.evil.example/c",
    ],
)
def test_an_address_that_belongs_to_somebody_else_is_refused(url: str) -> None:
    with pytest.raises(OutOfScopeError):
        GUARD.check(request(url))


@pytest.mark.parametrize(
    "url",
    [
        f"https://evil.example@{HOST}/c",
        f"https://{HOST}@evil.example/c",
        f"https://{HOST}:pass@evil.example/c",
        f"https://{HOST}\\@evil.example/c",
        f"https://{HOST}%2eevil.example/c",
        f"https://{HOST}#@evil.example/c",
        f"https://{HOST}./c",
        f"https://{HOST}/c\r\nHost: evil.example",
        f"https://{HOST}/c\tx",
        f"https://{HOST}/c x",
        f"https://{HOST}/c\x00",
        f"https://{HOST}/c\x7f",
        f"https://{HOST}/é",
        f"https://{HOST}/c%",
        f"https://{HOST}/c%zz",
        f"https://{HOST}/../c",
        f"https://{HOST}/a/./c",
        f"https://{HOST}/a/%2e%2E/c",
        f"https://{HOST}/a/.%2e",
        f"https://{HOST}/a%2f..%2fc",
        f"https://{HOST}/a/..%5cc",
        f" https://{HOST}/c",
        f"//{HOST}/c",
        f"HTTPS://{HOST}/c",
        f"ftp://{HOST}/c",
        "file:///etc/hostname",
        "https:///c",
        "https://",
        "",
        "https://acct。blob。core。windows。net/c",
        "https://ａcct.blob.core.windows.net/c",
        "https://①②⑦.⓪.⓪.①/c",
        f"https://{HOST}:0/c",
        f"https://{HOST}:65536/c",
        f"https://{HOST}:+443/c",
        "https://[fe80::1%25eth0]/c",
        "https://[fe80::1%eth0]/c",
        "https://[::1/c",
        "https://[v1.x]/c",
        "https://acct..windows.net/c",
        f"https://{'a' * 64}.example/c",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(OutOfScopeError):
        GUARD.check(request(url))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "0x",
        "256.1.1.1",
    ],
)
def test_numbers_that_only_some_take_for_an_address_are_refused(host: str) -> None:
    with pytest.raises(OutOfScopeError, match="only some programs"):
        Guard(Scope.of(azure=["acct", host]), OWNERS).check(request(f"https://{host}/c"))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "168.63.129.16",
    ],
)  # fmt: skip
def test_even_a_scope_that_names_a_private_address_does_not_lead_there(host: str) -> None:
    named = [host] if "[" not in host else []
    guard = Guard(Scope.of(azure=["*", *named]), {"azure": lambda url, name: "acct"})
    with pytest.raises(OutOfScopeError, match=" is "):
        guard.check(request(f"https://{host}/c"))


def test_without_encryption_nothing_but_an_endpoint_is_asked() -> None:
    with pytest.raises(OutOfScopeError, match="without encryption"):
        GUARD.check(request(f"http://{HOST}/c"))
    with pytest.raises(OutOfScopeError, match="port 80"):
        GUARD.check(request(f"https://{HOST}:80/c"))


def test_a_request_does_not_carry_the_name_of_another_host() -> None:
    with pytest.raises(OutOfScopeError, match="name of another host"):
        GUARD.check(request(host="evil.example"))
    assert GUARD.check(request(host=HOST)).headers["host"] == HOST


def test_where_there_is_an_endpoint_the_service_itself_is_not_asked() -> None:
    with pytest.raises(OutOfScopeError, match="not the endpoint"):
        EMULATED.check(request())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:10000/other/c",
        "http://127.0.0.1:10000/acctother/c",
        "http://127.0.0.1:10000/",
        "http://127.0.0.1:10000@evil.example/acct/c",
        "http://127.0.0.1:10002/acct/c",
        "https://127.0.0.1:10000/acct/c",
        "http://localhost:10000/acct/c",
    ],
)
def test_an_endpoint_stands_for_the_account_that_it_names_and_no_other(url: str) -> None:
    with pytest.raises(OutOfScopeError):
        EMULATED.check(request(url))


def s3_owner(url: str, host: str | None) -> str | None:
    """Know `BUCKET.s3.amazonaws.com`, and the path where a `Host` is given."""
    if host and host.endswith(".s3.amazonaws.com"):
        return host.partition(".")[0]
    return urlsplit(url).path[1:].partition("/")[0] if host else None


@pytest.mark.parametrize(
    ("path", "host", "belongs_to"),
    [
        ("/key", "bucket.s3.amazonaws.com", "bucket"),
        ("/bucket/key", "s3.contoso.com", "bucket"),
        ("/bucket?list-type=2", "s3.contoso.com", "bucket"),
        ("/bucket/key", "other.s3.amazonaws.com", "other"),
        ("/other/bucket", "s3.contoso.com", "other"),
        ("/bucket2?x=/bucket", "s3.contoso.com", "bucket2"),
    ],
)
def test_at_an_endpoint_the_provider_tells_whose_bucket_it_is(path: str, host: str, belongs_to: str) -> None:
    guard = Guard(Scope.of(s3=["bucket"], endpoints={"s3": "http://127.0.0.1:9000"}), {"s3": s3_owner})
    asked = request(f"http://127.0.0.1:9000{path}", host=host, provider="s3", name="bucket")
    if belongs_to == "bucket":
        assert guard.check(asked).at_endpoint
    else:
        with pytest.raises(OutOfScopeError, match=f"belongs to '{belongs_to}', not to 'bucket'"):
            guard.check(asked)


@pytest.mark.parametrize("host", ["20.60.1.2", "[2603:1030::1]", "storage", "localhost", "127.0.0.1"])
def test_whoever_has_an_address_does_not_get_what_is_meant_for_an_account(host: str) -> None:
    path_style = Guard(
        Scope.of(azure=["acct"]), {"azure": lambda url, name: urlsplit(url).path.split("/")[1]}
    )
    with pytest.raises(OutOfScopeError, match="is no address of azure"):
        path_style.check(request(f"https://{host}/acct/c", secret_query=Secret("sig=x")))


def test_a_request_to_no_bucket_needs_the_key_in_scope() -> None:
    guard = Guard(Scope.of(s3=["AKIAMADEUP"]), {"s3": lambda url, host: ""})
    asked = {"provider": "s3", "url": "https://s3.amazonaws.com/"}
    assert guard.check(request(**asked, name="AKIAMADEUP")).full_url == "https://s3.amazonaws.com/"
    with pytest.raises(OutOfScopeError, match="'AKIAOTHER' is not in scope"):
        guard.check(request(**asked, name="AKIAOTHER"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Test", "a\r\nX-Evil: 1"),
        ("X-Test", "a\nb"),
        ("X-Test", "a\x00"),
        ("X-Test", "é"),
        ("X-Test", "a" * 20_000),
        ("X Test", "made-up"),
        ("X-Test:", "made-up"),
        ("", "made-up"),
        ("Host", "evil.example"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Cookie", "a=b"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "MERGE"),
        ("X-Method-Override", "PUT"),
        ("X-Original-URL", "/admin"),
        ("Proxy-Authorization", "made-up"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", "curl"),
        ("Expect", "100-continue"),
    ],
)
def test_headers_that_could_make_it_another_request_are_refused(name: str, value: str) -> None:
    with pytest.raises(OutOfScopeError):
        GUARD.check(request(headers={name: value}))
    with pytest.raises(OutOfScopeError) as error:
        GUARD.check(request(secret_headers={name: Secret(value)}))
    assert value not in str(error.value)


@pytest.mark.parametrize("host", ["a.example\r\nX-Evil: 1", "a b", "a@b", "é", "", "a" * 300])
def test_a_host_header_is_a_host(host: str) -> None:
    guard = Guard(
        Scope.of(s3=["bucket"], endpoints={"s3": "http://127.0.0.1:9000"}), {"s3": lambda u, h: "bucket"}
    )
    with pytest.raises(OutOfScopeError, match="Host header"):
        guard.check(request("http://127.0.0.1:9000/bucket", provider="s3", name="bucket", host=host))


@pytest.mark.parametrize("query", ["sig=a b", "sig=a\r\nHost: evil", "sig=é", "sig=a#b", "a" * 20_000])
def test_a_secret_query_that_no_url_holds_is_refused_and_not_shown(query: str) -> None:
    with pytest.raises(OutOfScopeError) as error:
        GUARD.check(request(secret_query=Secret(query)))
    assert query not in str(error.value)


@pytest.mark.parametrize(
    "query",
    [
        "sig=x",
        "comp=list&SIG=x",
        "X-Amz-Signature=x",
        "X-Goog-Signature=x",
        "Signature=x",
        "X-Amz-Security-Token=x",
    ],
)
def test_a_secret_in_the_part_that_is_logged_is_our_own_mistake(query: str) -> None:
    with pytest.raises(ValueError, match="a secret stands"):
        GUARD.check(request(f"https://{HOST}/c?{query}"))


def test_a_secret_among_the_plain_headers_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="authorization belongs"):
        GUARD.check(request(headers={"Authorization": "Bearer x"}))


def test_messages_of_a_queue_are_peeked_at_and_never_taken() -> None:
    taking, peeking = (
        "http://127.0.0.1:10001/acct/q/messages",
        "http://127.0.0.1:10001/acct/q/messages?peekonly=true",
    )
    with pytest.raises(OutOfScopeError, match="peeked"):
        EMULATED.check(request(taking, secret_query=Secret("sig=x")))
    assert EMULATED.check(request(peeking, secret_query=Secret("sig=x"))).at_endpoint
    assert EMULATED.check(request("http://127.0.0.1:10000/acct/c/messages")).at_endpoint
    real = Guard(Scope.of(azure=["acct"]), {"azure": lambda url, host: "acct"})
    with pytest.raises(OutOfScopeError, match="peeked"):
        real.check(request("https://acct.queue.core.windows.net/q/messages?numofmessages=32"))
    assert real.check(request(f"https://{HOST}/c/messages")).url.path == "/c/messages"
    bucket = Guard(Scope.of(s3=["b"]), {"s3": lambda url, host: "b"})
    assert bucket.check(request("https://a.queue.amazonaws.com/b/messages", provider="s3", name="b"))


def test_addresses_are_given_for_what_is_in_scope_only() -> None:
    base = GUARD.base("azure", "acct", "blob", HOST)
    assert (base.url, base.host) == (f"https://{HOST}", None)
    with pytest.raises(OutOfScopeError):
        GUARD.base("azure", "other", "blob", "other.blob.core.windows.net")
    assert (
        EMULATED.base("azure", "acct", "queue", "acct.queue.core.windows.net").url
        == "http://127.0.0.1:10001/acct"
    )
    at = EMULATED.base("s3", "bucket", "s3", "bucket.s3.amazonaws.com")
    assert (at.url, at.host) == ("http://127.0.0.1:9000", "bucket.s3.amazonaws.com")


def test_a_provider_that_nobody_knows_is_refused() -> None:
    with pytest.raises(OutOfScopeError, match="nobody knows"):
        GUARD.check(request(provider="other"))
