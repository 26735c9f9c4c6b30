"""Tensors within their storages, and classes that may be named but not called."""

from __future__ import annotations

import struct

import pytest
from seen import judged, sentences, word

from tidegate.inspectors.pickles.loader import Loader
from tidegate.model.observation import Verdict


def number(value: int) -> bytes:
    """LONG1."""
    return b"\x8a\x08" + struct.pack("<q", value)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(
    offset: int,
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    *,
    held: int = 12,
    kind: str = "FloatStorage",
    device: str = "cpu",
) -> bytes:
    """A stream that is one tensor, as `torch.save` writes it."""
    storage = b"(X\x07\0\0\0storagectorch\n" + kind.encode() + b"\nX\x01\0\0\x000"
    storage += b"X" + struct.pack("<I", len(device)) + device.encode() + number(held) + b"tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = b"(" + storage + number(offset) + numbers(sizes) + numbers(strides) + b"\x89" + hooks + b"t"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R."


@pytest.mark.parametrize(
    ("offset", "sizes", "strides"),
    [(0, (3, 4), (4, 1)), (11, (), ()), (8, (4,), (1,)), (0, (5, 12), (0, 1)), (99, (0, 4), (4, 1))],
)
def test_a_tensor_within_its_storage_is_clean(
    offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    assert word(tensor(offset, sizes, strides), Loader.TORCH) is Verdict.CLEAN


@pytest.mark.parametrize(
    ("offset", "sizes", "strides"),
    [
        (0, (3, 4), (1 << 40, 1)),
        (1 << 50, (1,), (1,)),
        (9, (4,), (1,)),
        (-1, (1,), (1,)),
        (0, (4,), (-1,)),
        (12, (), ()),
        (0, (3, 4), (1,)),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_damaged(
    offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    raw = tensor(offset, sizes, strides)
    assert word(raw, Loader.TORCH) is Verdict.DAMAGED
    assert "holds a tensor that reaches beyond its storage" in [
        each.summary for each in judged(raw, Loader.TORCH).observations
    ]


def test_storages_that_hold_nothing_or_several_numbers_in_one_are_not_measured() -> None:
    assert word(tensor(0, (99,), (1,), device="meta"), Loader.TORCH) is Verdict.CLEAN
    assert word(tensor(0, (24,), (1,), kind="QUInt4x2Storage"), Loader.TORCH) is Verdict.CLEAN


def test_a_mapped_array_may_be_named_and_not_made() -> None:
    named = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nmemmap\nK\x00\x85U\x01b\x87R."
    assert word(named) is Verdict.CLEAN
    for made in (b"\x85R.", b"\x85\x81."):
        raw = b"\x80\x02cnumpy\nmemmap\nX\x08\0\0\0/tmp/out" + made
        assert word(raw) is Verdict.DANGEROUS
        assert any("it reads, writes or removes files" in each for each in sentences(raw))


def test_functions_of_torch_that_are_taken_from_its_class_are_listed() -> None:
    def partial(function: str) -> bytes:
        name = b"X" + struct.pack("<I", len(function)) + function.encode()
        taken = b"cbuiltins\ngetattr\nctorch._C\n_VariableFunctionsClass\n" + name + b"\x86R"
        return b"\x80\x04cfunctools\npartial\n" + taken + b"\x85R."

    assert word(partial("add")) is Verdict.CLEAN
    assert word(partial("from_file")) is not Verdict.CLEAN
