from __future__ import annotations

import base64
import bz2
import lzma
import struct
import zlib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_hfsplus import HfsPlus

from tidegate.inspectors.disks.volumes.hfsplus import open_volume
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, FileBytes, Memory
from tidegate.model.severity import Severity

HISTORY = b": 1700000000:0;ls\n: 1700000001:0;ssh host\n"
LONG = bytes(range(256)) * 512
SIZE_KEY = b"<plist><key>diskimage-bundle-type</key><string>com.apple.diskimage.sparsebundle</string>"


def mac(root: str = "") -> HfsPlus:
    made = HfsPlus()
    made.file(f"{root}Users/anna/.zsh_history", HISTORY)
    made.file(f"{root}Users/anna/Bücher/e\u0301te\u0301.txt", b"x")
    made.file(f"{root}Users/boris/long.bin", LONG, pieces=20)
    for number in range(120):
        made.file(f"{root}Users/boris/Documents/note-{number:03}.txt", b"x")
    made.folder(f"{root}System/Library")
    return made


IMAGE = mac().written()


def said(data: bytes, name: str = "backup/mac.img") -> list[str]:
    judged = look(Memory(data), name)
    assert judged.complete, judged.observations
    return [each.summary for each in judged.observations]


def test_the_homes_of_a_mac_on_hfsplus_are_told_and_their_histories_read() -> None:
    words = said(IMAGE)
    assert "HFS+ with macOS and the homes of 2 users" in words
    assert any("2 commands" in each for each in words)
    assert any(each.startswith("123 files in 7 folders") for each in words), words


def test_a_file_in_more_pieces_than_its_record_holds_is_read_whole() -> None:
    volume = open_volume(Memory(IMAGE))
    folder = volume.root
    for part in ("users", "BORIS"):
        folder = volume.find(folder, part)
    assert volume.open(volume.find(folder, "long.bin")).read(0, 1 << 20) == LONG
    assert len(list(volume.entries(volume.find(folder, "Documents")))) == 120
    assert volume.find(folder, "none") is None
    home = volume.find(volume.find(volume.root, "Users"), "anna")
    assert [each.name for each in volume.entries(volume.find(home, "Bücher"))] == ["été.txt"]


def test_what_time_machine_linked_from_an_older_copy_is_found_in_the_latest() -> None:
    made = mac("Backups.backupdb/Mac of Anna/2016-01-01-120000/Macintosh HD/")
    latest = "Backups.backupdb/Mac of Anna/2017-03-01-120000/Macintosh HD/"
    made.file(".HFS+ Private Directory Data\r/dir_77/carla/.zsh_history", HISTORY)
    made.file(f"{latest}Users", link=b"fdrpMACS", to=77)
    made.file("\0\0\0\0HFS+ Private Data/iNode55", LONG)
    made.file(f"{latest}linked.bin", link=b"hlnkhfs+", to=55)
    image = made.written()
    words = said(image)
    assert "HFS+ with no operating system that we know and the home of 1 user" in words
    assert any("2 commands" in each for each in words)
    volume = open_volume(Memory(image))
    folder = volume.root
    for part in latest.strip("/").split("/"):
        folder = volume.find(folder, part)
    assert volume.open(volume.find(folder, "linked.bin")).read(0, 1 << 20) == LONG


@pytest.mark.parametrize("form", ["zlib", "bzip2", "lzma", "LZFSE", "ADC", "none"])
def test_a_dmg_is_the_disk_that_is_packed_in_it(form: str) -> None:
    number, pack = {
        "zlib": (0x80000005, zlib.compress),
        "bzip2": (0x80000006, bz2.compress),
        "lzma": (0x80000008, lzma.compress),
        "LZFSE": (0x80000007, lambda data: b"bvx-" + struct.pack("<I", len(data)) + data + b"bvx$"),
        "ADC": (
            0x80000004,
            lambda data: b"".join(b"\xff" + data[n : n + 128] for n in range(0, len(data), 128)),
        ),
        "none": (0x80000009, lambda data: data),
    }[form]
    step, packed, chunks = 128 << 10, b"", b""
    for at in range(0, len(IMAGE), step):
        piece = IMAGE[at : at + step]
        raw = pack(piece)
        chunks += struct.pack(">IIQQQQ", number, 0, at // 512, len(piece) // 512, len(packed), len(raw))
        packed += raw
    chunks += struct.pack(">IIQQQQ", 0xFFFFFFFF, 0, len(IMAGE) // 512, 0, len(packed), 0)
    table = b"mish" + struct.pack(">IQQQII", 1, 0, len(IMAGE) // 512, 0, 0, 0)
    table = table.ljust(200, b"\0") + struct.pack(">I", len(chunks) // 40) + chunks
    plist = b"<plist><key>blkx</key>\n<array><dict><key>Data</key><data>\n%s</data></dict></array></plist>"
    plist %= base64.encodebytes(table)
    trailer = bytearray(b"koly\0\0\0\4\0\0\2\0".ljust(512, b"\0"))
    struct.pack_into(">QQ", trailer, 24, 0, len(packed))
    struct.pack_into(">QQ", trailer, 216, len(packed), len(plist))
    judged = look(Memory(packed + plist + bytes(trailer)), "mac.dmg")
    words = [each.summary for each in judged.observations]
    if form == "none":
        assert any("form 0x80000009, which is not unpacked" in each for each in words), words
        assert not judged.complete
    else:
        assert "HFS+ with macOS and the homes of 2 users" in words


def test_the_disk_of_a_sparse_bundle_is_read_from_its_bands(tmp_path: Path) -> None:
    band = 64 << 10
    (tmp_path / "bands").mkdir()
    for at in range(0, len(IMAGE), band):
        (tmp_path / "bands" / f"{at // band:x}").write_bytes(IMAGE[at : at + band])
    size = len(IMAGE) + 10 * band
    plist = SIZE_KEY + b"<key>band-size</key><integer>%d</integer><key>size</key><integer>%d</integer>" % (
        band,
        size,
    )

    def beside(name: str) -> FileBytes | None:
        return FileBytes(tmp_path / name) if (tmp_path / name).is_file() else None

    data = Counted(Memory(plist))
    judged = look(data, "a.sparsebundle/Info.plist", siblings=beside)
    words = [each.summary for each in judged.observations]
    assert judged.kind == "workstation_image"
    assert "HFS+ with macOS and the homes of 2 users" in words
    assert look(Memory(plist), "a.sparsebundle/Info.plist").kind == "system_backup"
    band_zero = look(FileBytes(tmp_path / "bands" / "0"), "a.sparsebundle/bands/0")
    assert (band_zero.kind, band_zero.severity) == ("backup", Severity.INFO)
    (tmp_path / "token").write_bytes(b"encrcdsa" + bytes(500))
    assert look(Memory(plist), "a.sparsebundle/Info.plist", siblings=beside).kind == "encrypted_volume"


@pytest.mark.parametrize(
    ("head", "by"),
    [
        (b"\xeb\x58\x90-FVE-FS-", "BitLocker"),
        (b"LUKS\xba\xbe\x00\x02", "LUKS"),
        (bytes(88) + b"CS\x01\0\0\0", "CoreStorage, of FileVault"),
    ],
)
def test_an_encrypted_volume_is_named_with_what_that_means(head: bytes, by: str) -> None:
    judged = look(Memory(head.ljust(1 << 17, b"\0")), "disk.img")
    assert judged.kind == "encrypted_volume"
    assert f"encrypted ({by}): unreadable without its password" in judged.observations[0].summary


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 30))
def test_a_damaged_volume_of_hfsplus_ends_in_an_inspection(seed: int) -> None:
    raw, random = bytearray(IMAGE), Random(seed)
    tail = len(raw) - 40 * 4096
    for _ in range(random.choice((1, 4, 40))):
        at = random.choice((1024 + random.randrange(512), tail + random.randrange(40 * 4096)))
        raw[at] = random.choice((0, 1, 255, random.randrange(256)))
    look(Memory(raw), "x")
