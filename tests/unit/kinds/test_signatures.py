"""Every row of the table of marks: its examples are it, its counterexamples are not."""

from __future__ import annotations

import pytest

from tidegate.kinds.signatures import Signature, _pieces, signature, signatures
from tidegate.kinds.table import kinds


def found(data: bytes) -> str:
    row = signature(data[:4096], data[-4096:], len(data))
    return row.id if row else ""


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in signatures()])
def test_the_examples_of_a_signature_are_it_and_the_counterexamples_are_not(row: Signature) -> None:
    assert row.examples
    for example in row.examples:
        assert found(example.ljust(row.least_bytes, b"\x00")) == row.id
    for example in row.counterexamples:
        assert found(example) != row.id
    assert row.kind in kinds()
    assert all(-4096 <= piece.at < 4096 - len(piece.data) for mark in row.marks for piece in mark)


def test_no_two_signatures_share_an_id() -> None:
    assert len({row.id for row in signatures()}) == len(signatures()) > 140


def test_a_fixed_vhd_and_a_dynamic_one_are_told_apart() -> None:
    footer = b"conectix\0\0\0\2\0\1\0\0" + bytes(496)
    assert found(bytes(8192) + footer) == "vhd_fixed"
    assert found(footer + bytes(8192) + footer) == "vhd_dynamic"


@pytest.mark.parametrize("text", ["", "@", "@0", "'x'", "@0 'x", "@0 f", "@0 zz"])
def test_a_wrong_mark_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        list(_pieces(text))
