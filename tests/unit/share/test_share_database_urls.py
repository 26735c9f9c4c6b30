"""Where a ledger in PostgreSQL is, read from its URL; nothing is connected."""

from __future__ import annotations

import ssl

import pytest
import sqlalchemy as sa

from tidegate.errors import ConfigError
from tidegate.share.database import _options, _postgresql


def options(url: str) -> dict[str, object]:
    return _options(sa.make_url(f"postgresql+pg8000://{url}"))[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_on_this_machine_it_need_not_be_encrypted(host: str) -> None:
    assert "ssl_context" not in options(f"u@{host}/x")


@pytest.mark.parametrize("query", ["", "?sslmode=verify-full"])
def test_beyond_this_machine_it_is_encrypted_and_the_certificate_checked(query: str) -> None:
    context = options(f"u@db.example/x{query}")["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_less_is_had_by_saying_so_and_nothing_else_is_taken_for_it() -> None:
    context = options("u@db.example/x?sslmode=require")["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_NONE
    assert "ssl_context" not in options("u@db.example/x?sslmode=disable")
    for wrong in ("prefer", "allow", "DISABLE", "x"):
        with pytest.raises(ConfigError, match="sslmode"):
            options(f"u@db.example/x?sslmode={wrong}")


def test_a_socket_is_named_by_its_folder() -> None:
    url, told = _options(sa.make_url("postgresql+pg8000://u@/x?host=/var/run/postgresql"))
    assert told["unix_sock"] == "/var/run/postgresql/.s.PGSQL.5432"
    assert (url.host, dict(url.query)) == (None, {})


def test_a_password_beside_the_url_is_used_and_never_shown() -> None:
    engine = _postgresql("postgres://u@127.0.0.1/x", "hush@:/")
    assert engine.url.password == "hush@:/"
    assert "hush" not in f"{engine!r} {engine.url}"
    engine.dispose()
    own = _postgresql("postgresql+pg8000://u:own@127.0.0.1/x", "hush")
    assert own.url.password == "own"
    own.dispose()
