"""Bombs end early, in memory that does not grow with what they ask for."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from seen import call, judged, name, sentences, stream, text

from tidegate.inspectors.pickles.judge import judge_pickles, judge_stream
from tidegate.inspectors.pickles.limits import Limits
from tidegate.inspectors.readable import Counted, FileBytes, Memory
from tidegate.model.observation import Evidence

COUNTER = name("collections", "Counter")
BOMBS = {
    "DUP and TUPLE, 2^5000 leaves": stream(COUNTER, b"0N" + b"2\x86" * 5000),
    "a memo index of 2^31": stream(COUNTER, b"r\xff\xff\xff\x7f"),
    "marks": stream(COUNTER, b"(" * 1_100_000),
    "LONG4 of 2 GB": stream(COUNTER, b"\x8b\xff\xff\xff\x7f"),
    "BINBYTES8 of 2^63": stream(COUNTER, b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f"),
    "a digit string of 1 MB": stream(COUNTER, b"I" + b"1" * 1_000_000 + b"\n"),
    "a name of 1 MB": b"c" + b"a" * 1_000_000 + b"\nb\n.",
    "calls on calls": stream(name("shop", "f"), b")R" * 20_000),
    "25,000 names": stream(COUNTER, b"".join(b"0" + name("shop", f"f{n}") for n in range(25_000))),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_in_bounded_memory(bomb: str) -> None:
    tracemalloc.start()
    judgement = judged(BOMBS[bomb])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000_000
    assert len(judgement.observations) < 200


@pytest.mark.parametrize("before", [b"", COUNTER + b"0"])
def test_a_bomb_of_doubled_values_is_told(before: bytes) -> None:
    assert any(
        "takes a value twice by DUP" in each for each in sentences(stream(before, b"N" + b"2\x86" * 60))
    )
    assert sentences(stream(b"N" + b"2\x86" * 10)) == []


def test_a_memo_bomb_is_told() -> None:
    assert any("asks for a memo of" in each for each in sentences(BOMBS["a memo index of 2^31"]))


def test_a_lambda_of_calls_within_calls_ends() -> None:
    inner = name("os", "getpid")
    for _ in range(200):
        inner = call(name("functools", "partial"), name("builtins", "map"), inner)
    assert judged(stream(call(inner, b"]K\x01a"))).evidence is not Evidence.NONE


def test_long_literals_are_jumped_over_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "arrays.pkl"
    with path.open("wb") as file:
        file.write(b"\x80\x04](")
        for _ in range(8):
            file.write(b"B" + (50 << 20).to_bytes(4, "little"))
            file.seek(50 << 20, 1)
        file.write(b"e" + call(name("os", "system"), text("x")) + b"a.")
    with FileBytes(path) as data:
        counted = Counted(data)
        judgement = judge_pickles(counted)
    assert judgement.evidence is Evidence.PAYLOAD
    assert counted.bytes_read < 400_000


def test_a_plain_stream_is_read_in_constant_memory() -> None:
    raw = b"\x80\x04]" + (b"(" + b"K\x01M\x02\x03\x86" * 1000 + b"e") * 1500 + b"."
    tracemalloc.start()
    result = judge_stream(Memory(raw), 0, len(raw))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.end == len(raw)
    assert peak < 8_000_000


def test_what_goes_beyond_the_limits_is_said_to_be_incomplete() -> None:
    raw = stream(COUNTER, b"(" * 1_100_000)
    judgement = judged(raw)
    assert not judgement.complete
    assert judgement.broken


def test_what_is_charged_within_a_run_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidegate.inspectors.pickles.judge.Limits", lambda: Limits(opcodes=20_000))
    for run in (b"\x80\x02)" + b"2\x86" * 5_000 + b".", b"\x80\x02)" + b"\x86R" * 3_000 + b"."):
        judged = judge_pickles(Memory(run))
        assert not judged.complete
        assert any("more opcodes" in each.summary for each in judged.observations)
