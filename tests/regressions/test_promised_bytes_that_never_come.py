"""A pickle in a zip that states more bytes than it holds was read on for all the time there was.

Behind its last stream padding was looked for up to the stated end, byte by byte that never came: 14 s.
"""

from __future__ import annotations

import io
import pickle
import zipfile

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict


@pytest.mark.parametrize("stated", [65_000, 1 << 24, 0xFFFFFFF0])
def test_a_stream_whose_size_is_stated_too_large_is_judged_to_its_end(stated: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("net.pkl", pickle.dumps({"layers": [1, 2, 3]}))
    raw = bytearray(packed.getvalue())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = stated.to_bytes(4, "little")
    found = look(Memory(bytes(raw)), "model.pt")
    said = [seen.summary for seen in found.observations]
    assert found.verdict not in (Verdict.CLEAN, Verdict.INERT)
    assert any("stated are" in each for each in said)
    assert not any("takes long" in each or "seconds" in each for each in said), said
