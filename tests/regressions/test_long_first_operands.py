"""A payload stood behind a first line of more than 4,096 bytes, and the file was taken for a text.

Found by hand, 2026-11-26. CPython's unpicklers read a line or a string of any length.
"""

from __future__ import annotations

import pickle

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, Memory
from tidegate.model.observation import Verdict

PAYLOAD = b"cposix\nsystem\n(S'echo x'\ntR."
HARMLESS = b"cposix\ngetcwd\n)R."
FIRST = {
    "INT of zeros": b"I" + b"0" * 6000 + b"\n0",
    "INT of very many zeros": b"I" + b"0" * 70_000 + b"\n0",
    "INT behind spaces": b"I" + b" " * 6000 + b"1\n0",
    "INT in base 16": b"I0x" + b"0" * 6000 + b"1\n0",
    "LONG": b"L" + b"0" * 4200 + b"L\n0",
    "FLOAT": b"F" + b"0" * 6000 + b"1.0\n0",
    "UNICODE": b"V" + b"a" * 10_000 + b"\n0",
    "UNICODE that is long": b"V" + b"a" * 100_000 + b"\n0",
    "STRING": b"S'" + b"a" * 10_000 + b"'\n0",
    "BINUNICODE": b"X" + (5000).to_bytes(4, "little") + b"a" * 5000 + b"0",
    "BINBYTES": b"B" + (99_000).to_bytes(4, "little") + b"\xff" * 99_000 + b"0",
    "after a name": b"cposix\ngetcwd\n0V" + b"a" * 5000 + b"\n0",
    "in a list": b"(lp0\nV" + b"a" * 5000 + b"\na0",
}


@pytest.mark.parametrize("name", ["model.pkl", "notes.txt"])
@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
def test_a_payload_behind_a_long_first_operand_is_found(first: bytes, name: str) -> None:
    pickle.loads(first + HARMLESS)  # what stands in its place is loaded, up to its end
    assert look(Memory(first + PAYLOAD), name).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_long_text_as_pickle_writes_it_is_a_clean_pickle(protocol: int) -> None:
    for value in (["a" * 5000, "b"], "a" * 5000, {"k": "v" * 9000}):
        assert look(Memory(pickle.dumps(value, protocol)), "v.dat").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "text",
    [
        b"V" + b"kFNTQUFBQUFBQUFB" * 1000 + b"\n",
        b"P" + b"aragraphs of one long line. " * 400 + b"\nNext.\n",
        b"Intro " * 2000,
        b"ID,Name," + b"c," * 5000 + b"\n1,2\n",
        b"Some words. " * 900 + b"\n",
        b"X" + b"yz " * 3000,
        b"(" + b"a" * 9000 + b")",
    ],
)
def test_a_text_of_one_long_line_is_none(text: bytes) -> None:
    assert look(Memory(text), "notes.txt").verdict is None


def test_a_long_text_is_searched_for_the_end_of_its_line_up_to_a_bound() -> None:
    class Letters:
        size_bytes = 1 << 40

        def read(self, offset: int, count: int) -> bytes:
            return (b"V" if not offset else b"") + b"a" * (count - (not offset))

    data = Counted(Letters())
    assert look(data, "letters.txt").verdict is None
    assert data.bytes_read < 70 << 20
