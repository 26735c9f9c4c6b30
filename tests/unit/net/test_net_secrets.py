"""No secret of a request is in anything that is kept, shown or raised, whatever the server does."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from netting import ask, net_to

from services import hostile as h
from services.hostile import hostile, in_turn, whole
from tidegate.errors import ConfigError, TidegateError
from tidegate.model.secret import Secret
from tidegate.net.audit import AuditFile
from tidegate.net.message import Request

PLANTED = ("pLaNtEdQuErYsEcReT", "pLaNtEdHeAdErSeCrEt")

BEHAVIOURS = {
    "a good answer": whole("200 OK", b"x"),
    "a refusal": whole("403 Forbidden", b"<Error/>"),
    "a redirect that repeats the query": whole(
        "302 Found", b"", f"Location: https://evil.example/?{PLANTED[0]}"
    ),
    "an answer that repeats the query": whole("200 OK", f"{PLANTED}".encode(), f"X-Echo: {PLANTED[0]}"),
    "a busy server": whole("503 Busy"),
    "a reset": h.reset,
    "silence": h.silent,
    "a short body": h.SHORT_BODY,
    "no HTTP": h.NOT_HTTP,
    "a status line that repeats the query": h.raw(f"HTTP/1.1 {PLANTED[0]} {PLANTED[1]}\r\n\r\n".encode()),
    "a header line that repeats the query": h.raw(
        f"HTTP/1.1 200 OK\r\n{PLANTED[0]} {PLANTED[1]}\r\n\r\n".encode()
    ),
    "a chunk that repeats the query": h.raw(h.CHUNKED, f"{PLANTED[0]}\r\n".encode()),
    "a gzip bomb": h.GZIP_BOMB,
    "one reset, then an answer": in_turn(h.reset, whole("200 OK")),
}


def everything_of(error: BaseException | None) -> Iterator[str]:
    """Yield every text form of an error and of what hangs on to it, with the locals that we do not own left out."""
    if error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(getattr(error, "hint", "")))
        yield from traceback.format_exception(error)
        yield from everything_of(error.__cause__)
        yield from everything_of(error.__context__)


@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_no_secret_is_shown(
    behaviour: h.Behaviour,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    log = AuditFile(tmp_path / "audit.jsonl")
    seen: list[str] = []
    with hostile(behaviour) as server, net_to(server.port, audit=log) as (net, _):
        request = ask(
            server.port,
            secret_query=Secret(f"sv=1&sig={PLANTED[0]}"),
            secret_headers={"X-Test": Secret(PLANTED[1])},
        )
        try:
            seen.append(repr(net.send(request)))
        except TidegateError as error:
            seen.extend(everything_of(error))
        seen.extend([repr(request), str(request), repr(net)])
    log.close()
    seen.extend([(tmp_path / "audit.jsonl").read_text(), caplog.text, *capfd.readouterr()])
    assert server.heard[0].line.count(PLANTED[0]) == 1
    assert server.heard[0].headers["x-test"] == PLANTED[1]
    assert not [text for text in seen if any(secret in text for secret in PLANTED)]


@pytest.mark.parametrize(
    "more",
    [
        {"secret_query": Secret(f"{PLANTED[0]} with a space")},
        {"secret_headers": {"X-Test": Secret(f"{PLANTED[0]}\r\n")}},
        {"secret_headers": {"Host": Secret(PLANTED[0])}},
        {"url": f"http://127.0.0.1:1/acct/c?sig={PLANTED[0]}"},
        {"url": f"http://127.0.0.1:1/acct/c?sig={PLANTED[0]} x"},
        {"url": f"http://127.0.0.1:1/other/c?sig={PLANTED[0]}"},
        {"headers": {"Authorization": PLANTED[0]}},
        {"name": "other", "secret_query": Secret(PLANTED[0])},
    ],
)
def test_no_secret_is_shown_by_a_refusal(more: dict[str, object]) -> None:
    fields: dict[str, object] = {"provider": "azure", "name": "acct", "url": "http://127.0.0.1:1/acct/c"}
    with net_to(1) as (net, audit), pytest.raises((TidegateError, ValueError)) as raised:
        net.send(Request(**(fields | more)))  # type: ignore[arg-type]
    assert not [text for text in everything_of(raised.value) if PLANTED[0] in text]
    assert audit.entries == []


def test_an_answer_shows_neither_its_body_nor_its_headers() -> None:
    with (
        hostile(whole("200 OK", b"AccountKey=made-up", "Location: https://a.example/?sig=made-up")) as server,
        net_to(server.port) as (net, _),
    ):
        assert "made-up" not in repr(net.send(ask(server.port)))


def test_a_log_that_fails_shows_no_secret() -> None:
    class Full:
        def record(self, entry: object) -> None:
            raise ConfigError("no space left")

    with (
        hostile(h.reset) as server,
        net_to(server.port, audit=Full()) as (net, _),
        pytest.raises(ConfigError) as raised,
    ):
        net.send(ask(server.port, secret_query=Secret(f"sig={PLANTED[0]}")))
    assert not [text for text in everything_of(raised.value) if PLANTED[0] in text]
