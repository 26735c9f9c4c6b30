import lzma
import struct
from pathlib import Path

import pytest

from tidegate.inspectors.disks.container import open_container
from tidegate.inspectors.disks.containers.ewf import Files, name_of
from tidegate.inspectors.disks.damage import DamageError
from tidegate.inspectors.look import look
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Counted, Memory
from tidegate.model.severity import Severity

IMAGES = Path(__file__).parent / "images"


def image(name: str) -> bytes:
    return lzma.decompress((IMAGES / f"{name}.xz").read_bytes())


def sections(raw: bytes) -> list[tuple[str, int]]:
    found, at = [], 13
    while True:
        kind, following = (
            raw[at : at + 16].split(b"\0")[0].decode(),
            struct.unpack_from("<Q", raw, at + 16)[0],
        )
        found.append((kind, at))
        if following <= at:
            return found
        at = following


@pytest.mark.parametrize("name", ["packed.E01", "plain.E01"])
def test_a_forensic_image_holds_the_disk_it_was_made_of_byte_for_byte(name):
    opened = open_container(Memory(image(name)), b"EVF\x09\x0d\x0a\xff\x00", b"", Meter())
    assert opened.disk.read(0, 1 << 30) == image("ext4.img")
    assert opened.disk.read(70_001, 3) == image("ext4.img")[70_001:70_004]


def test_only_the_chunks_that_are_asked_for_are_read():
    data = Counted(Memory(image("plain.E01")))
    opened = open_container(data, b"EVF\x09\x0d\x0a\xff\x00", b"", Meter())
    opened.disk.read(1024, 64)
    assert data.bytes_read < 100_000


def test_sections_in_a_circle_end_as_a_damaged_image():
    raw = bytearray(image("packed.E01"))
    table = next(at for kind, at in sections(raw) if kind == "table")
    raw[table + 16 : table + 24] = struct.pack("<Q", 13)
    judged = look(Memory(raw), "case.E01")
    assert (judged.kind, judged.complete) == ("disk_image", False)


def test_a_later_part_says_where_its_beginning_is():
    raw = bytearray(image("packed.E01"))
    raw[9:11] = struct.pack("<H", 2)
    judged = look(Memory(raw), "case.E02")
    assert not judged.complete
    assert [each.summary for each in judged.observations] == [
        "file 2 of a forensic image (E01): its first file (case.E01) is not here"
    ]


def test_what_stands_in_the_next_file_is_not_taken_for_zeros():
    raw = bytearray(image("packed.E01"))
    kind, at = sections(raw)[-1]
    assert kind == "done"
    raw[at : at + 16] = b"next".ljust(16, b"\0")
    table = next(place for word, place in sections(image("packed.E01")) if word == "table")
    count = struct.unpack_from("<I", raw, table + 76)[0]
    raw[table + 76 : table + 80] = struct.pack("<I", count // 2)
    opened = open_container(Memory(raw), b"EVF\x09\x0d\x0a\xff\x00", b"", Meter())
    with pytest.raises(DamageError, match="file 2 of the image"):
        opened.disk.read(opened.disk.size_bytes - 4096, 4096)


def test_the_second_version_is_named_and_not_read():
    judged = look(Memory(b"EVF2\x0d\x0a\x81\x00".ljust(4096, b"\0")), "case.Ex01")
    assert (judged.kind, judged.complete) == ("disk_image", False)
    assert any("Ex01" in each.summary for each in judged.observations)


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Cut an image of one file into two: half of the chunks move into a table of their own."""
    parts = dict(sections(raw))
    table, after = parts["table"], parts["table2"]
    count, base = struct.unpack_from("<I4xQ", raw, table + 76)
    entries = list(struct.unpack_from(f"<{count}I", raw, table + 100))
    half = count // 2
    cut = base + (entries[half] & ~(1 << 31))
    end = parts["sectors"] + struct.unpack_from("<Q", raw, parts["sectors"] + 24)[0]

    def section(kind: bytes, at: int, body: bytes, *, last: bool = False) -> bytes:
        size = 76 + len(body)
        return struct.pack("<16sQQ44x", kind, at if last else at + size, size) + body

    def rows(some: list[int], at: int) -> bytes:
        return struct.pack("<I4xQ8x", len(some), at) + struct.pack(f"<{len(some)}I", *some)

    first = bytearray(raw[:cut])
    first[parts["sectors"] + 16 : parts["sectors"] + 32] = struct.pack("<QQ", cut, cut - parts["sectors"])
    first += section(b"table", len(first), rows(entries[:half], base))
    first += section(b"next", len(first), b"", last=True)
    second = bytearray(raw[:9] + struct.pack("<HH", 2, 0))
    chunks = raw[cut:end]
    moved = [entry - (cut - base) + len(second) + 76 for entry in entries[half:]]
    second += section(b"sectors", len(second), chunks)
    second += section(b"table", len(second), rows(moved, 0))
    second += section(b"done", len(second), b"", last=True)
    assert after
    return bytes(first), bytes(second)


def test_an_image_in_two_files_is_read_as_one():
    first, second = split(image("packed.E01"))
    files = {"ws.E01": first, "ws.E02": second}
    judged = look(
        Memory(first), "case/ws.E01", siblings=lambda name: Memory(files[name]) if name in files else None
    )
    assert (judged.kind, judged.complete) == ("workstation_image", True)
    whole = Files(Memory(first), "ws.E01", lambda name: Memory(files[name]))
    opened = open_container(whole, first[:4096], b"", Meter())
    assert opened.disk.read(0, 1 << 30) == image("ext4.img")
    later = look(Memory(second), "case/ws.E02", siblings=lambda name: Memory(files[name]))
    assert (later.complete, later.observations[0].severity) == (True, Severity.INFO)


def test_the_files_of_an_image_have_the_names_that_its_makers_give():
    named = [name_of("a.E01", number) for number in (2, 99, 100, 126, 775, 776)]
    assert named == ["a.E02", "a.E99", "a.EAA", "a.EBA", "a.EZZ", "a.FAA"]
    assert name_of("b.e01", 100) == "b.eaa"
