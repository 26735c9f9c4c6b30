"""A URL that is accepted has one reading: ours, the client's and the library's."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import pytest
import yarl
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.errors import OutOfScopeError
from tidegate.net.address import Url, numeric, split_url

PIECES = [
    "http://", "https://", "HTTP://", "//", "acct", ".blob.core.windows.net", "evil.example", "127.0.0.1", "0x7f.1",
    "[::1]", "[::ffff:1.2.3.4]", "[", "]", ":", ":80", ":443", ":0443", "@", "/", "?", "#", "\\", "%2f", "%2e", "%00", "%",
    "..", ".", ";", "&", "=", "a", "A", "é", "。", "\t", "\n", "\r", "\x00", " ", "|", "{", "xn--", "_", "-", "+", "~", "\u200b",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
LIKELY = TEXTS.map(lambda rest: f"https://acct.blob.core.windows.net{rest}") | TEXTS.map(
    lambda rest: f"http://{rest}"
)


def accepted(text: str) -> Url | None:
    try:
        return split_url(text)
    except OutOfScopeError:
        return None


@given(TEXTS | LIKELY)
@example("http://127.0.0.1:10000/acct/c?comp=list")
@example("https://[2603:1030::1]:443/x")
def test_all_readers_agree_on_where_an_accepted_url_leads(text: str) -> None:
    url = accepted(text)
    if url is None:
        return
    client, library = yarl.URL(text, encoded=True), urlsplit(text)
    for scheme, host, port, path in (
        (client.scheme, client.raw_host, client.port, client.raw_path),
        (
            library.scheme,
            library.hostname,
            library.port or (443 if library.scheme == "https" else 80),
            library.path,
        ),
    ):
        assert (scheme, port) == (url.scheme, url.port)
        assert numeric(host or "") == numeric(url.host)
        assert (host or "").lower() == url.host or isinstance(numeric(url.host), ipaddress.IPv6Address)
        assert path in (url.path, url.path or "/")
    assert client.user is client.password is library.username is None
    assert not client.raw_fragment


@given(TEXTS | LIKELY)
def test_an_accepted_url_has_no_dots_to_climb_with_and_no_control_characters(text: str) -> None:
    url = accepted(text)
    if url is not None:
        segments = url.path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").split("/")
        assert not {".", ".."} & set(segments)
        assert text.isascii()
        assert text.isprintable()


@pytest.mark.parametrize(
    "host", ["acct.windows.net.", "acct..windows.net", "acct.", f"{'a' * 64}.windows.net"]
)
def test_a_host_has_labels_of_1_to_63_characters(host: str) -> None:
    with pytest.raises(OutOfScopeError, match="is no host name"):
        split_url(f"https://{host}/c")
