"""LZFSE, LZVN and ADC give back what was packed, and end on any bytes."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.packing.lzfse import unpack_adc, unpack_lzfse, unpack_lzvn

TEXT = b"".join(b"line %d of a long text\n" % number for number in range(400))
# TEXT, as Apple's own encoder packs it: one block with its tables.
PACKED = base64.b64decode(
    "YnZ4MhIlAACMAVAJAJEBAOWDrz72rgFwlgAAAD8EsArzPVAQAAAEAQQAgQ9hwEsiAIACAAA3gIgAHwIwmQAAAAAALAAAFgAAAAAA"
    "hwAAAMDBT/PtfDtPwB/wB/wBr8ATAAAAAAAAAAAAABQ4aCks1gI4ARYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAGAyQ246cLqgKGBgYGBgYGBgYGBgYGBgYGBgY9quqqgAAAAAAAAAAAAAAAAAAAAAAAOBftVoKq6rqiqqqqqqqqqqqqqqqUkoJ"
    "IjPqCPjOv+2dpimldK211lprrffec8455957zznnnHvvPeccx3EwDMOuf9WqgNUCgPPtMERlqLsXB71/+j7DpXfLZ5xM9s5oZAAA"
    "AAAAAAAAAAAAAPB/v/u//7u/37vf37/fz9/f79/v7u/v7+/n9+/3J8v7fAwUzd8Bq/wdvMjfwWv8HbzofoUfhxT4OmB9v4OX9zv4"
    "/3e/f7+/v7+/u7/fud/fvd/P3d/v3u/u7u/v7ud37/d3d/e79/e78/u7+/ud+/3dO1nvPgVA5LMGrj1r8NKzBq88a/DCswYvWl92"
    "xiFVJw1YdNbg/93////8/v7+jqwf64vVw3Kw+leOV70r56pv5bXqWTms+qvcqm4KTlDlpvqk/qg5qPyp7pQ31WXKl+pKeVI9Un5U"
    "Z5QvqhPlQ3WhXFAdUP5T98n31Hnynbo6eU4dJ7+ps8lr6mjymXqZPKYOk3+pc8lb6iy5lbpKnlKHkj+pm+Ql9ST5SJ1IHlIHkn/U"
    "PfKOuhz5Rl0jn1HHyC/qLHIVdYp8EwWoEgGuiAIviIDXQ4GXQ8CrocCLgtdCQoq609/P75+uM9zc2uzN7G3WbGZmbnZmNjZzNjcz"
    "M5s1O5sZm5V4LbLH7mZjZlXml+ybmdmMWZUZkT0rsVQNPZ9n81yekWfjWTxzeN8u3aouCQyxYnZ4JA=="
)


def test_what_apples_encoder_packed_is_unpacked() -> None:
    assert unpack_lzfse(PACKED, 1 << 20) == TEXT
    assert unpack_lzfse(PACKED, 100) == TEXT[:100]


@pytest.mark.parametrize("opcodes", [b"\xe3abc\x30\x03\x06", b"\xe3abc\x37\x03\x00\x06"])
def test_each_distance_of_lzvn_repeats_what_stands_there(opcodes: bytes) -> None:
    assert unpack_lzvn(opcodes, 99) == b"abc" * 4


@pytest.mark.parametrize("opcodes", [b"\xe3abc\xf9\x06", b"\xc0\x03", b"\x70", b"\x1e", b"\xe9a"])
def test_lzvn_that_refers_to_nothing_or_ends_early_is_damage(opcodes: bytes) -> None:
    with pytest.raises(ValueError, match=r"not there|ends early|no opcode"):
        unpack_lzvn(opcodes, 99)


def test_adc_repeats_near_and_far() -> None:
    assert unpack_adc(b"\x82abc\x00\x02", 99) == b"abcabc"
    assert unpack_adc(b"\x82abc\x42\x00\x02", 99) == b"abcabcabc"
    with pytest.raises(ValueError, match="not there"):
        unpack_adc(b"\x80a\x00\x07", 99)


@given(at=st.integers(0, len(PACKED) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(PACKED)))
def test_what_was_changed_or_cut_off_ends_in_bytes_or_a_value_error(at: int, byte: int, cut: int) -> None:
    for raw in (PACKED[:at] + bytes([byte]) + PACKED[at + 1 :], PACKED[:cut]):
        with suppress(ValueError):
            assert len(unpack_lzfse(raw, 20_000)) <= 20_000


@given(raw=st.binary(max_size=300))
def test_any_bytes_end_in_bytes_or_a_value_error(raw: bytes) -> None:
    for undo in (unpack_lzvn, unpack_adc, lambda data, most: unpack_lzfse(b"bvx2" + data, most)):
        with suppress(ValueError):
            assert len(undo(raw, 5000)) <= 5000
