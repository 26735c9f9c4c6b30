from __future__ import annotations

import lzma
import struct
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory

EXT = lzma.decompress((Path(__file__).parent / "images" / "ext4.img.xz").read_bytes())
MIB = 1 << 20
UUID = "abcdef-ghij-klmn-opqr-stuv-wxyz-012345"
GROUP = """# made by hand
contents = "Text Format Volume Group"
vg0 {
id = "x"
extent_size = 2048
status = ["RESIZEABLE", "READ"]
physical_volumes {
pv0 { id = "%s"
pe_start = 2048 }
}
logical_volumes {
root { status = ["READ", "VISIBLE"]
segment_count = 2
segment2 { start_extent = 3
extent_count = 1
type = "striped"
stripes = ["pv0", 1] }
segment1 { start_extent = 0
extent_count = 3
type = "striped"
stripes = ["%s", 4] }
}
pool { status = ["READ", "VISIBLE"]
segment1 { start_extent = 0
extent_count = 1
type = "thin-pool" }
}
hidden { status = ["READ"] }
}
}
"""


def part(first_on: str = "pv0", *, at: int = 512) -> bytes:
    """Return a part of 9 MiB, its volume in two pieces, its text once around the end of its area."""
    disk = bytearray(9 * MIB)
    disk[512:544] = b"LABELONE" + struct.pack("<QII", 1, 0, 32) + b"LVM2 001"
    areas = struct.pack("<4Q", MIB, 0, 0, 0) + struct.pack("<4Q", 4096, 65536, 0, 0)
    disk[544 : 544 + 40 + len(areas)] = UUID.replace("-", "").encode() + struct.pack("<Q", 9 * MIB) + areas
    text = (GROUP % (UUID, first_on)).encode() + b"\0"
    disk[4096:4160] = struct.pack(
        "<I16sIQQQQ", 0, b" LVM2 x[5A%r0N*>", 1, 4096, 65536, at, len(text)
    ) + bytes(8)
    ring = bytearray(65536)
    for number, byte in enumerate(text):
        ring[512 + (at - 512 + number) % (65536 - 512)] = byte
    disk[4608 : 4096 + 65536] = ring[512:]
    disk[5 * MIB : 8 * MIB], disk[2 * MIB : 3 * MIB] = EXT[: 3 * MIB], EXT[3 * MIB :]
    return bytes(disk)


@pytest.mark.parametrize("at", [512, 65536 - 100])
def test_a_volume_of_lvm_in_two_pieces_is_read_whatever_place_its_description_has(at: int) -> None:
    judged = look(Memory(part(at=at)), "server.img")
    said = [(each.member, each.summary) for each in judged.observations]
    assert judged.kind == "workstation_image"
    assert ("root", "ext4 with Windows and the homes of 2 users") in said
    assert any(member == "pool" and "thin-pool, which is not read" in words for member, words in said)


def test_a_volume_that_reaches_onto_another_disk_is_a_gap() -> None:
    judged = look(Memory(part("pv1")), "server.img")
    assert (judged.kind, judged.complete) == ("disk_image", False)
    assert any("lies on another disk" in each.summary for each in judged.observations)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 30))
def test_a_damaged_description_ends_in_an_inspection(seed: int) -> None:
    raw, random = bytearray(part()), Random(seed)
    for _ in range(random.choice((1, 4, 40))):
        at = random.choice((512 + random.randrange(200), 4096 + random.randrange(1400)))
        raw[at] = random.choice((0, 1, 34, 91, 123, 125, 255, random.randrange(256)))
    look(Memory(raw), "x")
