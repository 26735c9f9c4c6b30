from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus_contents import messages as made

from tidegate.inspectors.data.leveldb import PLUGIN as LEVELDB
from tidegate.inspectors.data.teams_export import PLUGIN as GRAPH
from tidegate.inspectors.look import look
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Memory, Readable
from tidegate.inspectors.seam import Context
from tidegate.packing.snappy import unpack


def _context(files: dict[str, bytes]) -> Context:
    def beside(name: str) -> Readable | None:
        return Memory(files[name]) if name in files else None

    return Context(depth=0, siblings=beside, meter=Meter())


def test_a_store_of_teams_is_counted_as_one_at_current_without_what_was_deleted() -> None:
    files = made.teams_store(conversations=6, each=5, people=4)
    judged = LEVELDB.judge(Memory(files["CURRENT"]), "x/CURRENT", _context(files))
    note = judged.observations[0]
    assert judged.kind == "teams_messages"
    assert dict(note.numbers) == {"messages": 25, "conversations": 5, "people": 4}
    assert note.summary == "Teams messages: 25 in 5 conversations of 4 people, 2019-03"
    assert "secret words" not in repr(judged)


def test_a_table_beside_current_is_not_counted_again_and_alone_it_is() -> None:
    files = made.teams_store()
    whole = Memory(files["000005.ldb"])
    part = LEVELDB.judge(whole, "x/000005.ldb", _context(files)).observations[0]
    alone = LEVELDB.judge(whole, "000005.ldb", _context({})).observations[0]
    assert "messages" not in part.numbers
    assert alone.numbers["messages"] == 25


def test_a_missing_table_makes_the_number_a_least_one() -> None:
    files = made.teams_store()
    del files["000005.ldb"]
    note = LEVELDB.judge(Memory(files["CURRENT"]), "CURRENT", _context(files)).observations[0]
    assert "at least 5" in note.summary


@pytest.mark.parametrize("name", ["MANIFEST-000001", "000005.ldb", "000004.log"])
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_any_damage_ends_in_a_judgement(name: str, place: int, byte: int) -> None:
    files = made.teams_store(3, 2, 2)
    hurt = bytearray(files[name])
    hurt[place % len(hurt)] = byte
    files[name] = bytes(hurt)
    assert LEVELDB.judge(Memory(files["CURRENT"]), "CURRENT", _context(files)).kind


@given(st.binary(max_size=300))
def test_snappy_of_any_bytes_ends_in_bytes_or_a_value_error(data: bytes) -> None:
    assert unpack(made.packed(data)) == data
    with contextlib.suppress(ValueError):
        assert len(unpack(data, 1 << 20)) <= 1 << 20


def test_a_copy_that_overlaps_itself_repeats() -> None:
    assert unpack(b"\x06\x04ab\x01\x02") == b"ababab"


def test_an_export_of_graph_is_counted_and_its_text_cannot_add_to_it() -> None:
    data = made.graph_export(9000, 41, 35)
    assert GRAPH.claims(data[:4096], data[-4096:], len(data), "a.json")
    note = GRAPH.judge(Memory(data), "a.json", _context({})).observations[0]
    assert note.summary == "Teams messages: 9,000 in 41 conversations of 35 people, 2019-01 to 2023-09"


def test_a_table_of_a_store_is_no_checkpoint_of_tensorflow_though_both_end_alike() -> None:
    table = made.teams_store()["000005.ldb"]
    assert look(Memory(table), "x/000005.ldb").verdict is None
    assert look(Memory(table), "x/model.index").verdict is not None
