"""ExecuTorch programs: what they call by name, whom they hand parts to, and where their bytes lie."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import flatbuffers
import pytest
from formats import claimed, said, word

from tidegate.inspectors.models import executorch
from tidegate.model.observation import Verdict

PTE = executorch.PLUGIN


def _table(builder: flatbuffers.Builder, fields: int, slots: dict[int, int]) -> int:
    builder.StartObject(fields)
    for slot, value in slots.items():
        builder.PrependUOffsetTRelativeSlot(slot, value, 0)
    return int(builder.EndObject())


def _vector(builder: flatbuffers.Builder, tables: Sequence[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for each in reversed(tables):
        builder.PrependUOffsetTRelative(each)
    return int(builder.EndVector())


def program(
    operators: Sequence[str] = (), backends: Sequence[str] = (), segment: tuple[int, int] = (0, 0)
) -> bytes:
    """A program written by the real library of FlatBuffers, with the longer header behind its mark."""
    builder = flatbuffers.Builder(256)
    names = [builder.CreateString(each) for each in (*operators, *backends)]
    made = [_table(builder, 3, {0: each}) for each in names]
    calls = _vector(builder, made[: len(operators)])
    parts = _vector(builder, made[len(operators) :])
    plan = _table(builder, 9, {6: calls, 7: parts})
    plans = _vector(builder, [plan])
    builder.StartObject(2)
    builder.PrependUint64Slot(0, segment[0], 0)
    builder.PrependUint64Slot(1, segment[1], 0)
    segments = _vector(builder, [int(builder.EndObject())])
    root = _table(builder, 8, {1: plans, 4: segments})
    builder.Finish(root)
    body = bytes(builder.Output())
    # The header stands between the place of the root and the rest.
    size = 8 + 32
    place = struct.unpack_from("<I", body)[0] + size - 4
    head = struct.pack(
        "<I4s4sIQQQ", place, b"ET12", b"eh00", 32, size + len(body) - 4, size + len(body) - 4, 64
    )
    return head + body[4:] + bytes(64)


def test_a_program_of_torchs_operators_is_inert() -> None:
    raw = program(
        ("aten::convolution", "aten::add", "quantized_decomposed::quantize_per_tensor"),
        ("XnnpackBackend",),
        (0, 64),
    )
    assert claimed(PTE, raw, "model.bin")
    assert word(PTE, raw) is Verdict.INERT, said(PTE, raw)
    assert "handed to 'XnnpackBackend'" in said(PTE, raw)


@pytest.mark.parametrize(
    ("operators", "backends", "verdict"),
    [
        (("mylib::run",), (), Verdict.UNKNOWN),
        (("add",), (), Verdict.UNKNOWN),
        (("aten::add",), ("EvilBackend",), Verdict.UNKNOWN),
        (("aten::add",), ("CudaBackend",), Verdict.DANGEROUS),
    ],
)
def test_what_is_not_of_torch_is_unknown_and_native_code_dangerous(
    operators: tuple[str, ...], backends: tuple[str, ...], verdict: Verdict
) -> None:
    assert word(PTE, program(operators, backends)) is verdict


def test_segments_beyond_the_file_and_cut_files_are_damage() -> None:
    assert word(PTE, program(("aten::add",), segment=(0, 65))) is Verdict.DAMAGED
    raw = program(("aten::add",))
    assert word(PTE, raw[:60]) is Verdict.DAMAGED
    assert not claimed(PTE, raw[:4] + b"TFL3" + raw[8:])
    assert not claimed(PTE, b"\0\0\0\0ET12" + bytes(90), "x.bin")
