"""What is taken for a pickle, by its content."""

from __future__ import annotations

import collections
import datetime as dt
import json
import pickle

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.models.pickle import PLUGIN
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict

VALUES = [
    None,
    1,
    "text",
    [1, 2],
    {"a": (1, 2)},
    {1, 2},
    b"bytes",
    2.5,
    collections.OrderedDict(a=1),
    dt.date(2026, 1, 2),
]
TEXTS = [
    b"", b"\n", b"Hello, world.\n", b'{"a": [1, 2]}', b"[1, 2, 3]", b"(see below)\nNo.\n", b"cat\nmat\n",
    b"-----BEGIN CERTIFICATE-----\nMIIB\n", b"import os\nprint(1)\n", b"name,value\na,1\n", b"N/A\n", b"I am a text.\n",
    b"# Title\n\nSome words.\n", b"<html></html>", b"%PDF-1.7\n", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x89PNG\r\n\x1a\n",
    b"\x7fELF\x02\x01\x01", b"(lambda: 0)()", b"L\n", b"Vienna\nGraz\n", b"Sofia\n", b"]\n", b"}", b")", b"0\n1\n2\n", b"2026-01-01\n",
    b"GET / HTTP/1.1\r\n", b"ssh-rsa AAAA\n", b"S'unfinished\n", b"c\n\n.", b"\x80\x81\x82\x83", b"\x80\x09N.", json.dumps("x").encode(),
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_what_pickle_writes_is_a_pickle(value: object, protocol: int) -> None:
    raw = pickle.dumps(value, protocol)
    assert PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "anything.dat")


@pytest.mark.parametrize("raw", TEXTS)
def test_texts_and_other_files_are_no_pickles(raw: bytes) -> None:
    assert not PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "anything.txt")


@pytest.mark.parametrize(
    "raw",
    [
        b"cos\nsystem\n(S'echo x'\ntR.", b"(S'echo x'\nios\nsystem\n.", b"(cos\nsystem\nS'echo x'\no.",
        b"cos\nsystem\n(S'echo x'\ntR", b"I0x10\n0cos\nsystem\n(S'x'\ntR.", b"(lp0\nI1\na.", b"\x80\x02cos\nsystem\n",
        b"cos\r\nsystem\r\n(S'echo x'\r\ntR.", b"\x80\x06\x95\x20\0\0\0\0\0\0\0cos\nsystem\n(S'echo x'\ntR.",
    ],
)  # fmt: skip
def test_streams_assembled_by_hand_are_pickles_without_proto_or_stop(raw: bytes) -> None:
    assert PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "notes.txt")


def test_a_pickle_behind_a_foreign_head_counts_where_the_name_says_pickle() -> None:
    raw = b"\x7fELF" + b"\0" * 60 + pickle.dumps({"a": 1})
    assert PLUGIN.claims(raw[:4096], raw, len(raw), "model.pkl")
    assert not PLUGIN.claims(raw[:4096], raw, len(raw), "program")


def test_a_long_stream_of_protocol_0_is_known_by_its_head() -> None:
    raw = pickle.dumps(list(range(5000)), 0)
    assert PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "x")


CONTAINERS = [
    b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"\x04\x22M\x18", b"\x89HDF\r\n\x1a\n",
    b"model.pkl".ljust(257, b"\0") + b"ustar\0",
]  # fmt: skip


@pytest.mark.parametrize("name", ["model.bin", "model.pkl", "model.ckpt"])
@pytest.mark.parametrize("begin", CONTAINERS, ids=repr)
def test_what_holds_a_pickle_is_none_whatever_its_name(begin: bytes, name: str) -> None:
    raw = begin.ljust(512, b"\0") + pickle.dumps({"a": collections.OrderedDict(a=1)}, 2)
    assert not PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), name)


CALL = b"cos\nsystem\n(X\x06\x00\x00\x00echo xtR."
"""Would print, if anybody loaded it."""
BEGINNINGS = {
    "a frame": b"\x95" + bytes(8),
    "a frame of a byte": b"\x95\x01" + bytes(7),
    "a value that is left": b"}",
    "a mark and a value": b"(]",
    "a text": b"\x8c\x01x",
    "a number": b"K\x01",
    "two protocols": b"N\x80\x02N",
}


@pytest.mark.parametrize("begin", BEGINNINGS)
@pytest.mark.parametrize("proto", [b"\x80\x02", b"\x80\x04"])
def test_a_protocol_may_stand_behind_other_opcodes(begin: str, proto: bytes) -> None:
    raw = BEGINNINGS[begin] + proto + CALL
    for name in ("model.pkl", "anything.dat"):
        found = look(Memory(raw), name)
        assert (found.kind, found.verdict) == ("pickle", Verdict.DANGEROUS), name


@pytest.mark.parametrize("broken", [b"\n", b"o.", b"\xff\xfe", b"0000", b"S\x91\n", b"I-\n"], ids=repr)
def test_what_ran_before_the_break_of_a_stream_of_old_is_told(broken: bytes) -> None:
    found = look(Memory(CALL[:-1] + broken), "model.pkl")
    assert found.verdict in (Verdict.DANGEROUS, Verdict.DAMAGED)
    assert any("os.system" in each.summary for each in found.observations)


@pytest.mark.parametrize("text", [b"(cat\ndog\nNo more\n", b"cat\ndog\n)\n", b"cat\ndog\nNRo\n"], ids=repr)
def test_a_text_that_calls_nothing_by_chance_is_no_pickle(text: bytes) -> None:
    assert look(Memory(text), "poem").verdict is None
