"""A safetensors file runs nothing; its header may still lie."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from formats import claimed, counted, judged, kinds, safetensors, word
from safetensors.numpy import save_file

from tidegate.inspectors.models.safetensors import PLUGIN
from tidegate.inspectors.readable import FileBytes
from tidegate.inspectors.seam import Context
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict

ONE = {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}


def entry(begin: int, end: int, dtype: str = "U8") -> dict[str, object]:
    return {"dtype": dtype, "shape": [end - begin], "data_offsets": [begin, end]}


def test_a_file_of_the_real_library_is_inert(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file(
        {"w": np.zeros((3, 4), np.float16), "b": np.ones(7), "e": np.zeros((0, 2))}, path, {"format": "pt"}
    )
    assert claimed(PLUGIN, path.read_bytes())
    with FileBytes(path) as data:
        assert verdict(PLUGIN.judge(data, "m", Context(0))) is Verdict.INERT


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"a": entry(0, 8), "b": entry(4, 12)}, 12),
        ({"a": entry(0, 8), "b": entry(9, 12)}, 12),
        ({"a": entry(0, 8)}, 12),
        ({"a": entry(0, 8)}, 7),
        ({"a": entry(0, 8, "F32")}, 8),
        ({"a": entry(0, 8, "PICKLE")}, 8),
        ({"a": {"dtype": "U8", "shape": [-1], "data_offsets": [0, 8]}}, 8),
        ({"a": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}}, 1),
        ({"a": {"dtype": "U8", "shape": [2**64, 2**64], "data_offsets": [0, 1]}}, 1),
        ({"a": {"dtype": "U8", "shape": [8], "data_offsets": [8, 0]}}, 8),
        ({"a": 3}, 0),
        ({"__metadata__": {"a": 1}}, 0),
    ],
)
def test_a_header_that_does_not_fit_its_bytes_is_damaged(header: dict[str, object], data: int) -> None:
    assert word(PLUGIN, safetensors(header, bytes(data))) is Verdict.DAMAGED


def test_a_name_that_stands_twice_is_tampering() -> None:
    raw = b'{"a":' + json.dumps(ONE["a"]).encode() + b',"a":' + json.dumps(ONE["a"]).encode() + b"}"
    assert "duplicate_key" in kinds(PLUGIN, safetensors(raw, bytes(16)))


@pytest.mark.parametrize("length", [2**63, 100_000_001, 500])
def test_a_header_of_any_announced_length_is_judged_by_what_is_there(length: int) -> None:
    raw = struct.pack("<Q", length) + b"{}" + bytes(100)
    assert word(PLUGIN, raw, "m.safetensors") is Verdict.DAMAGED


def test_a_header_nested_a_hundred_thousand_deep_is_damaged() -> None:
    assert word(PLUGIN, safetensors(b'{"a":' + b"[" * 100_000)) is Verdict.DAMAGED


def test_a_zip_at_the_end_makes_it_two_files() -> None:
    end = b"PK\x05\x06" + bytes(18)
    raw = safetensors({"a": entry(0, 100)}, bytes(78) + end)
    assert "polyglot" in kinds(PLUGIN, raw)
    assert word(PLUGIN, raw) is Verdict.DAMAGED


def test_a_thousandth_of_a_large_file_is_read() -> None:
    size = 5 * 1024**3
    header = json.dumps({"a": entry(0, size - 8 - 4096)}).encode().ljust(4096)
    data = counted(size, {0: struct.pack("<Q", 4096) + header})
    assert verdict(judged(PLUGIN, data)) is Verdict.INERT
    assert data.bytes_read <= 140_000
