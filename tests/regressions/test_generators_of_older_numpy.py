"""A generator of random numbers as numpy 1.24 to 1.26 write it was called unknown: it names two functions.

Seen on numpy/random/tests/data/generator_pcg64_np126.pkl.gz of numpy itself.
"""

from __future__ import annotations

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict


def generator(maker: bytes) -> bytes:
    return b"\x80\x02cnumpy.random._pickle\n__generator_ctor\n(X\x05\x00\x00\x00PCG64c" + maker + b"\ntR."


def test_the_function_that_numpy_itself_names_is_clean() -> None:
    raw = generator(b"numpy.random._pickle\n__bit_generator_ctor")
    assert look(Memory(raw), "generator.pkl").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "maker",
    [b"os\nsystem", b"numpy.random._pickle\n__randomstate_ctor", b"numpy.random\n__bit_generator_ctor_"],
)
def test_no_other_function_is_taken_in_its_place(maker: bytes) -> None:
    assert look(Memory(generator(maker)), "generator.pkl").verdict not in (Verdict.CLEAN, Verdict.INERT)
