"""Laws of the pickle machine: any bytes end, real unpicklers see no more than we do, chunks change nothing."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.inspectors.models.pickle import PLUGIN
from tidegate.inspectors.pickles.actions import Actions
from tidegate.inspectors.pickles.judge import judge_pickles, judge_stream
from tidegate.inspectors.pickles.limits import Limits
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.machine import Machine
from tidegate.inspectors.pickles.notes import Notes
from tidegate.inspectors.pickles.plain import end_of_plain
from tidegate.inspectors.pickles.window import Window
from tidegate.inspectors.readable import Memory
from tidegate.inspectors.verdict import verdict

CHILD = Path(__file__).with_name("unpickler_child.py")

NAMES = st.sampled_from([b"os\nsystem\n", b"collections\nOrderedDict\n", b"shop\nBasket\n", b"a.b\nc.d\n"])
SHORT = st.binary(max_size=5)
FRAGMENTS = st.one_of(
    st.sampled_from([bytes([code]) for code in b"()N]}lt.ed0a12sRbouQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x98"]),
    st.integers(0, 5).map(lambda n: b"\x80" + bytes([n])),
    st.integers(0, 40).map(lambda n: b"\x95" + n.to_bytes(8, "little")),
    st.integers(0, 9).map(lambda n: b"K" + bytes([n])),
    st.integers(0, 9).map(lambda n: b"q" + bytes([n])),
    st.integers(0, 9).map(lambda n: b"h" + bytes([n])),
    st.integers(0, 9).map(lambda n: b"p%d\n" % n),
    st.integers(0, 9).map(lambda n: b"g%d\n" % n),
    st.sampled_from([b"I0x10\n", b"I01\n", b"I1\x00\n", b"I010\n", b"I7\n", b"L0b11L\n", b"L5L\n", b"F1.5\n", b"F1_0.0\n", b"I1_0\n"]),
    st.sampled_from([b"S'os'\n", b'S"a\\x41"\n', b"Vsystem\n", b"V\\u0041\n", b"S'\xe9'\n", b"P7\n", b"J\xff\xff\xff\xff"]),
    SHORT.map(lambda raw: b"C" + bytes([len(raw)]) + raw),
    st.sampled_from([b"os", b"system", b"shop", b"x.y"]).map(lambda raw: b"\x8c" + bytes([len(raw)]) + raw),
    SHORT.map(lambda raw: b"X" + len(raw).to_bytes(4, "little") + raw),
    SHORT.map(lambda raw: b"\x8a" + bytes([len(raw)]) + raw),
    NAMES.map(lambda raw: b"c" + raw),
    NAMES.map(lambda raw: b"i" + raw),
)  # fmt: skip
PROGRAMS = st.lists(FRAGMENTS, max_size=24).map(lambda parts: b"".join(parts) + b".")
SENSIBLE = st.recursive(
    st.one_of(
        st.integers(0, 255).map(lambda n: b"K" + bytes([n])),
        st.sampled_from(
            [
                b"N",
                b"\x88",
                b"]",
                b"}",
                b")",
                b"I0x10\n",
                b"I1\x00\n",
                b"L0b11L\n",
                b"I01\n",
                b"S'os'\n",
                b"Vsystem\n",
            ]
        ),
        st.sampled_from([b"os", b"system", b"x" * 60]).map(
            lambda raw: b"\x8c" + bytes([len(raw)]) + raw + b"\x94"
        ),
        NAMES.map(lambda raw: b"c" + raw),
        st.just(b"\x8c\x02os\x8c\x06system\x93"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda parts: b"(" + b"".join(parts) + b"t"),
        st.lists(inner, max_size=4).map(lambda parts: b"](" + b"".join(parts) + b"e"),
        st.lists(inner, max_size=3).map(lambda parts: b"cshop\nBasket\n(" + b"".join(parts) + b"tR"),
        st.lists(inner, max_size=3).map(lambda parts: b"(" + b"".join(parts) + b"ishop\nf\n"),
        st.lists(inner, max_size=3).map(lambda parts: b"(cshop\nBasket\n" + b"".join(parts) + b"o"),
        inner.map(lambda part: b"cshop\nBasket\n)\x81" + part + b"b"),
        inner.map(lambda part: part + b"0" + part),
        inner.map(lambda part: part + b"Q"),
    ),
    max_leaves=12,
).map(lambda body: b"\x80\x04" + body + b".")
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70) | st.binary(max_size=70),
    lambda inner: st.lists(inner, max_size=6) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=9), inner, max_size=6),
    max_leaves=40,
)  # fmt: skip


def machine_of(raw: bytes) -> Machine:
    """Run the machine alone: no fast path, no further streams."""
    window = Window(Memory(raw), len(raw))
    notes, limits = Notes("pickle"), Limits()
    actions = Actions(Loader.C, notes, frozenset(), limits, window.bytes)
    machine = Machine(window, 0, Loader.C, notes, actions, limits)
    machine.run()
    for other in machine.others:
        other.run()
    return machine


@pytest.fixture(scope="module")
def unpicklers() -> Iterator[Any]:
    with subprocess.Popen(
        [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def ask(raw: bytes) -> dict[str, Any]:
            child.stdin.write(raw.hex() + "\n")
            child.stdin.flush()
            answer: dict[str, Any] = json.loads(child.stdout.readline())
            return answer

        yield ask
        child.stdin.close()
        child.wait()


def agrees(raw: bytes, unpicklers: Any) -> None:
    """Hold a stream to the law: every name that a real unpickler asks for, we have seen."""
    answer = unpicklers(raw)
    machine = machine_of(raw)
    seen = set(machine.actions.globals)
    for reader in ("c", "python"):
        asked = {tuple(name) for name in answer[reader]["names"]}
        assert asked <= seen
    if answer["c"]["accepted"]:
        assert machine.end is not None or any(other.end is not None for other in machine.others)


@given(raw=SENSIBLE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_names_that_unpicklers_ask_for_are_seen_in_streams_that_make_sense(
    raw: bytes, unpicklers: Any
) -> None:
    agrees(raw, unpicklers)
    if unpicklers(raw)["c"]["accepted"]:
        assert machine_of(raw).failed_at is None


@given(raw=PROGRAMS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500)
def test_names_that_unpicklers_ask_for_are_seen_in_any_order_of_opcodes(raw: bytes, unpicklers: Any) -> None:
    agrees(raw, unpicklers)


@given(value=PLAIN, protocol=st.integers(0, 5))
def test_plain_values_import_nothing_that_is_not_listed(value: object, protocol: int) -> None:
    raw = pickle.dumps(value, protocol)
    judgement = judge_pickles(Memory(raw))
    assert verdict(judgement) == "clean"
    assert judgement.observations == []
    assert judge_stream(Memory(raw), 0, len(raw)).end == len(raw)
    assert PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "x")


@given(raw=st.binary(max_size=200) | PROGRAMS | SENSIBLE)
def test_any_bytes_end_in_a_judgement(raw: bytes) -> None:
    for loader in Loader:
        assert judge_pickles(Memory(raw), loader=loader).kind == "pickle"
    PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "model.pkl")


@given(raw=PROGRAMS | SENSIBLE, cut=st.integers(0, 60))
def test_a_cut_stream_is_never_judged_better_than_damaged(raw: bytes, cut: int) -> None:
    end = judge_stream(Memory(raw), 0, len(raw)).end
    if end is not None and 0 < cut < end:
        assert verdict(judge_pickles(Memory(raw[: end - cut]))) in ("damaged", "dangerous")


@given(raw=PROGRAMS | SENSIBLE | PLAIN.map(pickle.dumps), first=st.integers(1, 40))
def test_the_size_of_chunks_changes_nothing(raw: bytes, first: int) -> None:
    def notes_of(first_bytes: int) -> tuple[Any, Any]:
        window = Window(Memory(raw), len(raw), first_bytes=first_bytes)
        notes, limits = Notes("pickle"), Limits()
        actions = Actions(Loader.C, notes, frozenset(), limits, window.bytes)
        machine = Machine(window, 0, Loader.C, notes, actions, limits)
        machine.run()
        return machine.end, notes.judgement

    assert notes_of(first) == notes_of(1 << 16)
    assert end_of_plain(Window(Memory(raw), len(raw), first_bytes=first), 0) == end_of_plain(
        Window(Memory(raw), len(raw)), 0
    )


@given(raw=PROGRAMS)
def test_what_the_fast_pass_calls_plain_asks_for_no_name(raw: bytes) -> None:
    if end_of_plain(Window(Memory(raw), len(raw)), 0) is not None:
        assert not machine_of(raw).actions.globals
