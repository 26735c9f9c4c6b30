from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from netting import QUICK, ask, net_to

from services.hostile import Heard, hostile, in_turn, whole
from tidegate.errors import BudgetError, NoAnswerError, OutOfScopeError
from tidegate.model.secret import Secret
from tidegate.net.limits import Budget
from tidegate.net.message import Request


def test_an_answer_comes_back_as_it_was_sent() -> None:
    with (
        hostile(whole("206 Partial Content", b"hello", "X-Ms-Error-Code: None")) as server,
        net_to(server.port) as (net, _),
    ):
        answer = net.send(ask(server.port))
    assert (answer.status, answer.body, answer.truncated) == (206, b"hello", False)
    assert answer.header("x-ms-error-code") == "None"


def test_the_secret_part_of_the_query_is_sent_as_it_is_and_nowhere_shown() -> None:
    with hostile(whole("200 OK")) as server, net_to(server.port) as (net, audit):
        answer = net.send(ask(server.port, secret_query=Secret("sv=2020&sig=a%2Bb%3D")))
    assert server.heard[0].line == "GET /acct/c?comp=list&sv=2020&sig=a%2Bb%3D HTTP/1.1"
    assert "sig" not in repr((answer, audit.entries))


def test_a_request_says_who_asks_and_accepts_no_compression() -> None:
    with hostile(whole("200 OK")) as server, net_to(server.port) as (net, audit):
        net.send(ask(server.port, headers={"Range": "bytes=0-0"}))
        expected = f"{net.run}-1"
    headers = server.heard[0].headers
    assert headers["user-agent"].startswith("tidegate/")
    assert "scope=" in headers["user-agent"]
    assert headers["accept-encoding"] == "identity"
    assert headers["range"] == "bytes=0-0"
    assert headers["x-ms-client-request-id"] == expected
    assert (audit.entries[0].run, audit.entries[0].n) == (expected.split("-", maxsplit=1)[0], 1)


def test_a_request_signed_with_an_account_key_gets_no_header_that_its_signature_would_have_to_cover() -> None:
    with hostile(whole("200 OK")) as server, net_to(server.port) as (net, _):
        net.send(ask(server.port, secret_headers={"Authorization": Secret("SharedKey acct:c2ln")}))
    assert server.heard[0].headers["authorization"] == "SharedKey acct:c2ln"
    assert not [name for name in server.heard[0].headers if name.startswith("x-ms-")]


def test_a_body_is_cut_where_the_request_says() -> None:
    with hostile(whole("200 OK", b"abcdef")) as server, net_to(server.port) as (net, _):
        cut = net.send(ask(server.port, max_bytes=5))
        exact = net.send(ask(server.port, max_bytes=6))
    assert (cut.body, cut.truncated) == (b"abcde", True)
    assert (exact.body, exact.truncated) == (b"abcdef", False)


def test_many_threads_ask_at_once() -> None:
    with (
        hostile(whole("200 OK", b"x")) as server,
        net_to(server.port) as (net, audit),
        ThreadPoolExecutor(16) as pool,
    ):
        answers = list(pool.map(lambda n: net.send(ask(server.port, f"/c/{n}")), range(200)))
    assert [answer.url.rsplit("/", 1)[1] for answer in answers] == [str(n) for n in range(200)]
    assert sorted(entry.n for entry in audit.entries) == list(range(1, 201))


def test_a_closed_net_sends_nothing() -> None:
    with hostile(whole("200 OK")) as server:
        with net_to(server.port) as (net, _):
            pass
        with pytest.raises(NoAnswerError, match="closed"):
            net.send(ask(server.port))
        net.close()
    assert server.heard == []


def test_what_the_scope_does_not_name_is_not_asked() -> None:
    with hostile(whole("200 OK")) as server, net_to(server.port) as (net, audit):
        other = Request(provider="azure", name="other", url=f"http://127.0.0.1:{server.port}/other/c")
        with pytest.raises(OutOfScopeError) as refused:
            net.send(other)
    assert 'azure = ["acct", "other"]' in refused.value.hint
    assert (server.connections, audit.entries) == (0, [])


def test_busy_servers_are_asked_again_and_every_attempt_is_counted() -> None:
    answers = in_turn(whole("503 Busy"), whole("429 Slow", b"", "Retry-After: 0"), whole("200 OK", b"x"))
    with hostile(answers) as server, net_to(server.port) as (net, audit):
        assert net.send(ask(server.port)).status == 200
        assert net.requests == 3
    assert [entry.status for entry in audit.entries] == [503, 429, 200]


def test_a_server_that_stays_broken_is_given_up_and_its_answer_returned() -> None:
    with hostile(whole("500 No")) as server, net_to(server.port) as (net, _):
        assert net.send(ask(server.port)).status == 500
    assert len(server.heard) == 3


def test_no_more_requests_are_made_than_the_user_allowed() -> None:
    with hostile(whole("200 OK", b"x")) as server, net_to(server.port, budget=Budget(requests=2)) as (net, _):
        net.send(ask(server.port))
        net.send(ask(server.port))
        with pytest.raises(BudgetError, match="2 requests"):
            net.send(ask(server.port))
    assert len(server.heard) == 2


def test_a_host_that_stands_for_another_is_told_the_others_name() -> None:
    heard: list[Heard] = []
    with hostile(whole("200 OK")) as server:
        with net_to(server.port) as (net, _):
            net.send(ask(server.port, host="acct.blob.core.windows.net"))
        heard = server.heard
    assert heard[0].headers["host"] == "acct.blob.core.windows.net"


def test_no_more_requests_are_under_way_at_once_than_the_limit() -> None:
    under_way: set[int] = set()
    most: list[int] = []

    async def slow(heard: Heard, writer: asyncio.StreamWriter) -> None:
        under_way.add(heard.count)
        most.append(len(under_way))
        await asyncio.sleep(0.02)
        under_way.remove(heard.count)
        await whole("200 OK")(heard, writer)

    with (
        hostile(slow) as server,
        net_to(server.port, limits=replace(QUICK, concurrency=3)) as (net, _),
        ThreadPoolExecutor(12) as pool,
    ):
        list(pool.map(lambda n: net.send(ask(server.port)), range(24)))
    assert max(most) == 3


def test_requests_are_not_made_faster_than_the_user_allowed() -> None:
    with (
        hostile(whole("200 OK")) as server,
        net_to(server.port, budget=Budget(requests_per_second=20)) as (net, _),
        ThreadPoolExecutor(4) as pool,
    ):
        begun_s = time.monotonic()
        list(pool.map(lambda n: net.send(ask(server.port)), range(5)))
        taken_s = time.monotonic() - begun_s
    assert taken_s >= 4 / 20  # However slow the machine is: never less.
