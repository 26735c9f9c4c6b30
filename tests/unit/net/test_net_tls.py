from __future__ import annotations

from pathlib import Path

import pytest
from netting import ask, net_to

from services.certificates import Authority
from services.hostile import NOT_HTTP, hostile, whole
from tidegate.errors import ConfigError, NoAnswerError


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_an_authority_of_the_scope_is_trusted(authority: Authority) -> None:
    with (
        hostile(whole("200 OK", b"x"), authority.server("127.0.0.1")) as server,
        net_to(server.port, scheme="https", ca=authority.pem) as (net, _),
    ):
        assert net.send(ask(server.port, scheme="https")).body == b"x"


def test_an_authority_that_nobody_named_is_not_trusted(authority: Authority) -> None:
    with (
        hostile(whole("200 OK"), authority.server("127.0.0.1")) as server,
        net_to(server.port, scheme="https") as (net, audit),
        pytest.raises(NoAnswerError, match="not trusted: unable to get local issuer"),
    ):
        net.send(ask(server.port, scheme="https"))
    assert server.heard == []
    assert len(audit.entries) == 1


@pytest.mark.parametrize(
    ("host", "days", "words"),
    [("storage.contoso.example", 30, "not valid for"), ("127.0.0.1", -1, "expired")],
)
def test_a_certificate_that_does_not_fit_is_not_trusted(
    authority: Authority, host: str, days: int, words: str
) -> None:
    with (
        hostile(whole("200 OK"), authority.server(host, days=days)) as server,
        net_to(server.port, scheme="https", ca=authority.pem) as (net, _),
        pytest.raises(NoAnswerError, match=words),
    ):
        net.send(ask(server.port, scheme="https"))
    assert server.heard == []


def test_a_server_without_tls_is_not_asked_without_it(authority: Authority) -> None:
    with (
        hostile(NOT_HTTP) as server,
        net_to(server.port, scheme="https", ca=authority.pem) as (net, _),
        pytest.raises(NoAnswerError),
    ):
        net.send(ask(server.port, scheme="https"))
    assert server.heard == []


def test_session_keys_are_not_written_where_the_environment_says(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with (
        hostile(whole("200 OK"), authority.server("127.0.0.1")) as server,
        net_to(server.port, scheme="https", ca=authority.pem) as (net, _),
    ):
        net.send(ask(server.port, scheme="https"))
    assert not (tmp_path / "keys").exists()


def test_a_file_that_is_no_authority_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with (
        pytest.raises(ConfigError, match=r"ca\.pem is no certificate authority"),
        net_to(1, ca=tmp_path / "ca.pem"),
    ):
        pass
