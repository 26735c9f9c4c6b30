"""Servers that do what no server may: each is bounded, and each ends in the right error."""

from __future__ import annotations

import re
import resource
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from netting import QUICK, ask, net_to

from services import hostile as h
from services.hostile import hostile, in_turn, whole
from tidegate.errors import BudgetError, NoAnswerError, OutOfScopeError
from tidegate.net.budget import Spending
from tidegate.net.limits import Budget
from tidegate.net.message import Request

NOT_HTTP = "no HTTP answer"
CUT_OFF = "the answer was cut off"
TOO_LATE = "did not finish its answer in time"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        pytest.param(h.ENDLESS_HEADERS, NOT_HTTP, id="headers without end"),
        pytest.param(h.ENDLESS_HEADER_LINE, NOT_HTTP, id="a header without end"),
        pytest.param(h.ENDLESS_STATUS_LINE, NOT_HTTP, id="a status line without end"),
        pytest.param(h.ENDLESS_CONTINUE, TOO_LATE, id="100 Continue without end"),
        pytest.param(h.ENDLESS_CHUNK_EXTENSION, TOO_LATE, id="a chunk extension without end"),
        pytest.param(h.ENDLESS_TRAILER, f"{CUT_OFF}|{NOT_HTTP}", id="a trailer without end"),
        pytest.param(h.DRIPPING_HEADERS, TOO_LATE, id="headers drip"),
        pytest.param(h.DRIPPING_BODY, TOO_LATE, id="a body drips"),
        pytest.param(h.DRIPPING_CHUNKS, TOO_LATE, id="chunks drip"),
        pytest.param(h.SHORT_BODY, CUT_OFF, id="less than Content-Length says"),
        pytest.param(h.SHORT_CHUNKS, CUT_OFF, id="no last chunk"),
        pytest.param(h.CHUNK_GARBAGE, NOT_HTTP, id="a chunk of length zz"),
        pytest.param(h.chunk_garbage_later, NOT_HTTP, id="a chunk of length zz after a while"),
        pytest.param(h.CHUNK_NEGATIVE, NOT_HTTP, id="a chunk of length -5"),
        pytest.param(h.CHUNK_HUGE, NOT_HTTP, id="a chunk longer than 64 bits"),
        pytest.param(h.TWO_LENGTHS, NOT_HTTP, id="two lengths"),
        pytest.param(h.LENGTH_AND_CHUNKS, NOT_HTTP, id="a length and chunks"),
        pytest.param(h.NEGATIVE_LENGTH, NOT_HTTP, id="a negative length"),
        pytest.param(h.NO_LENGTH, "does not say where it ends", id="no length at all"),
        pytest.param(h.NOT_HTTP, NOT_HTTP, id="a mail server"),
        pytest.param(h.GZIP_BOMB, "compressed", id="a gzip bomb"),
        pytest.param(h.reset, "connection", id="a reset"),
        pytest.param(h.silent, "nothing more for too long", id="silence"),
    ],
)
def test_a_broken_answer_is_no_answer_and_ends_soon(behaviour: h.Behaviour, words: str) -> None:
    # What is broken at once is told at once, on however slow a machine: only the others need a short limit.
    slow = words in (TOO_LATE, "nothing more for too long")
    limits = (
        replace(QUICK, attempts=2) if slow else replace(QUICK, attempts=2, attempt_s=20.0, request_s=40.0)
    )
    with (
        hostile(behaviour) as server,
        net_to(server.port, limits=limits) as (net, audit),
        pytest.raises(NoAnswerError, match=words),
    ):
        net.send(ask(server.port))
    assert 1 <= len(server.heard) <= 2
    assert [entry.error != "" for entry in audit.entries] == [True] * len(server.heard)


def test_of_a_body_without_end_only_what_was_asked_for_is_read() -> None:
    with hostile(h.ENDLESS_BODY) as server, net_to(server.port) as (net, audit):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = net.send(ask(server.port, max_bytes=1))
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (answer.body, answer.truncated) == (b"x", True)
    assert audit.entries[0].bytes < 1 << 20
    assert grown_kib < 32 << 10


def test_a_body_that_is_cut_does_not_spoil_the_next_answer() -> None:
    big = whole("200 OK", b"a" * 500_000)
    with hostile(in_turn(big, whole("200 OK", b"b"))) as server, net_to(server.port) as (net, _):
        assert net.send(ask(server.port, max_bytes=10)).body == b"a" * 10
        assert net.send(ask(server.port)).body == b"b"


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"evil"])
def test_more_than_the_length_says_is_not_taken_for_the_next_answer(extra: bytes) -> None:
    more = h.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood" + extra, keep=True)
    with hostile(in_turn(more, whole("200 OK", b"next"))) as server, net_to(server.port) as (net, _):
        with suppress(NoAnswerError):  # Seen in time, or only when the connection is used again.
            assert net.send(ask(server.port)).body == b"good"
        assert net.send(ask(server.port)).body == b"next"


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:{other}/x",
        "file:///etc/hostname",
        "/acct/loop",
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: str, location: str) -> None:
    with hostile(whole("200 OK")) as other:
        redirect = whole(status, b"", "Location: " + location.format(other=other.port))
        with hostile(redirect) as server, net_to(server.port) as (net, _):
            answer = net.send(ask(server.port))
        assert answer.status == int(status[:3])
        assert len(server.heard) == 1
        assert other.connections == 0


def test_a_short_body_is_asked_for_again_and_never_passed_on() -> None:
    with (
        hostile(in_turn(h.SHORT_BODY, whole("200 OK", b"all of it"))) as server,
        net_to(server.port) as (net, audit),
    ):
        assert net.send(ask(server.port)).body == b"all of it"
    assert [entry.error for entry in audit.entries] == [CUT_OFF, ""]


def test_an_object_that_was_stored_compressed_is_handed_on_as_it_is() -> None:
    stored = whole("206 Partial Content", b"\x1f\x8b", "Content-Encoding: gzip")
    with hostile(stored) as server, net_to(server.port) as (net, _):
        assert net.send(ask(server.port, headers={"Range": "bytes=0-1"})).body == b"\x1f\x8b"


def test_html_instead_of_xml_is_handed_on_for_the_provider_to_judge() -> None:
    page = whole("200 OK", b"<html>sign in</html>", "Content-Type: text/html")
    with hostile(page) as server, net_to(server.port) as (net, _):
        assert net.send(ask(server.port)).header("content-type") == "text/html"


def test_a_connection_closed_behind_our_back_costs_an_attempt_that_is_in_the_log() -> None:
    closing = h.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")  # and closes, though it did not say so
    with hostile(closing) as server, net_to(server.port) as (net, audit):
        for _ in range(20):
            assert net.send(ask(server.port)).body == b"ok"
    assert len(audit.entries) >= len(server.heard) == 20


def test_a_server_that_asks_for_more_patience_than_we_have_is_not_asked_again() -> None:
    later = whole("503 Busy", b"", "Retry-After: 1000000000")
    with hostile(later) as server, net_to(server.port) as (net, _):
        assert net.send(ask(server.port)).status == 503
    assert len(server.heard) == 1


def test_a_host_that_gave_no_answer_is_tried_once_more_each_time_until_it_does() -> None:
    answers = in_turn(*[h.reset] * 4, whole("200 OK"), h.reset, whole("200 OK"))
    with hostile(answers) as server, net_to(server.port) as (net, _):
        for heard in (3, 4):
            with pytest.raises(NoAnswerError):
                net.send(ask(server.port))
            assert len(server.heard) == heard
        assert net.send(ask(server.port)).status == 200
        assert net.send(ask(server.port)).status == 200
    assert len(server.heard) == 7


def test_a_port_where_nobody_listens_is_no_answer() -> None:
    with hostile(h.silent) as server:
        port = server.port
    with net_to(port) as (net, _), pytest.raises(NoAnswerError, match=r"no connection to 127\.0\.0\.1"):
        net.send(ask(port))


def test_all_attempts_of_a_request_together_have_a_limit() -> None:
    limits = replace(QUICK, attempts=1000, request_s=0.6, attempt_s=0.2)
    with (
        hostile(h.silent) as server,
        net_to(server.port, limits=limits) as (net, audit),
        pytest.raises(NoAnswerError),
    ):
        net.send(ask(server.port))
    assert 1 <= len(audit.entries) <= 5


def test_bytes_that_may_be_read_are_counted_over_all_answers() -> None:
    with (
        hostile(whole("200 OK", b"x" * 60)) as server,
        net_to(server.port, budget=Budget(bytes_read=100)) as (net, audit),
    ):
        net.send(ask(server.port))
        for _ in range(2):
            with pytest.raises(BudgetError, match="100 bytes"):
                net.send(ask(server.port))
    assert len(server.heard) == 2
    assert "100 bytes" in audit.entries[1].error


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(requests=1), "the 1 request that the scope allows is used up"),
        (Budget(requests=2), "the 2 requests that the scope allows are used up"),
        (Budget(bytes_read=1), "the 1 byte that the scope allows is used up"),
        (Budget(seconds=1), "the 1 second that the scope allows is used up"),
        (Budget(seconds=1.5), "the 1.5 seconds that the scope allows are used up"),
    ],
)
def test_what_is_used_up_is_said_in_words_that_fit_the_number(budget: Budget, words: str) -> None:
    spending = Spending(budget, "lab.toml")
    with pytest.raises(BudgetError, match=re.escape(words)):  # noqa: PT012 - the last of them raises
        for now_s in range(5):
            spending.request(float(now_s))
            spending.read(1 if budget.bytes_read else 0)


def test_a_run_ends_when_its_time_is_up() -> None:
    with hostile(h.silent) as server, net_to(server.port, budget=Budget(seconds=0.2)) as (net, _):
        for _ in range(2):
            with pytest.raises(BudgetError, match=r"0\.2 seconds"):
                net.send(ask(server.port))
    assert len(server.heard) == 1


def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login made-up password made-up\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with hostile(whole("200 OK")) as proxy, hostile(whole("200 OK")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with net_to(server.port) as (net, _):
            net.send(ask(server.port))
    assert proxy.connections == 0
    assert "authorization" not in server.heard[0].headers


def test_cookies_are_not_kept() -> None:
    with (
        hostile(whole("200 OK", b"", "Set-Cookie: track=1; Path=/")) as server,
        net_to(server.port) as (net, _),
    ):
        net.send(ask(server.port))
        net.send(ask(server.port))
    assert "cookie" not in server.heard[1].headers


def test_a_request_for_another_port_of_the_endpoint_is_refused() -> None:
    with (
        hostile(whole("200 OK")) as other,
        hostile(whole("200 OK")) as server,
        net_to(server.port) as (net, _),
    ):
        request = Request(provider="azure", name="acct", url=f"http://127.0.0.1:{other.port}/acct/c")
        with pytest.raises(OutOfScopeError, match="not the endpoint"):
            net.send(request)
    assert other.connections == 0
