import lzma
import struct
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inspectors.disks.damage import DamageError
from tidegate.inspectors.disks.judge import LISTING_BYTES, TRIAGE_BYTES
from tidegate.inspectors.disks.partitions import partitions, recognised, volume
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, Memory
from tidegate.model.observation import Step

IMAGES = Path(__file__).parent / "images"
ALL = sorted(each.name.removesuffix(".xz") for each in IMAGES.glob("*.xz"))
VOLUMES = ["ntfs.img", "ext4.img", "ext2.img", "fat.img", "xfs.img", "btrfs.img"]


@cache
def image(name: str) -> bytes:
    return lzma.decompress((IMAGES / f"{name}.xz").read_bytes())


def summaries(inspection):
    return [each.summary for each in inspection.observations]


@pytest.mark.parametrize("name", ALL)
def test_a_workstation_is_told_whatever_it_is_packed_in(name):
    judged = look(Memory(image(name)), "backups/disk")
    said = summaries(judged)
    assert judged.kind == "workstation_image"
    assert judged.complete, said
    assert any("with Windows and the homes of 2 users" in each for each in said)
    assert any(each.endswith("browser profile") for each in said)
    assert any(each.endswith("system's password store") for each in said)
    assert any("2 commands" in each for each in said)
    assert any("5 " in each and "passwords saved" in each for each in said)
    files = next(each for each in judged.observations if each.kind == "files")
    assert files.numbers["files"] - 307 in range(30)  # what the file system keeps for itself is listed too
    assert all(each.step in (Step.SAMPLE, Step.WHOLE) for each in judged.observations)


def test_a_file_of_xfs_in_more_pieces_than_its_inode_holds_is_read_whole():
    files = volume("XFS", Memory(image("xfs.img")))
    data = files.open(files.find(files.find(files.find(files.root, "Users"), "anna"), "pieces.bin"))
    for number in (0, 1, 99, 199):
        assert data.read(number * 8192, 4096) == bytes((number,)) * 4096
    assert data.read(4096, 4096) == bytes(4096)


def test_subvolumes_of_btrfs_stand_where_they_are_mounted_and_snapshots_are_left_out():
    data = Memory(image("more/subvolumes.btrfs"))
    files = volume("btrfs", data)
    assert sorted(each.path for each in files.listing()) == [
        "etc", "etc/long.txt", "etc/passwd", "home", "home/anna", "home/anna/long.txt",
        "home/bert", "home/bert/.zsh_history", "home/bert/long.txt", "home/snapshot",
    ]  # fmt: skip
    judged = look(data, "backups/server.img")
    assert judged.kind == "workstation_image"
    assert judged.complete, summaries(judged)
    assert any("btrfs with Linux and the homes of 2 users" in each for each in summaries(judged))


@pytest.mark.parametrize("path", ["etc/long.txt", "home/anna/long.txt", "home/bert/long.txt"])
def test_what_btrfs_has_packed_is_read_in_any_part(path):
    files = volume("btrfs", Memory(image("more/subvolumes.btrfs")))
    node = files.root
    for part in path.split("/"):
        node = files.find(node, part)
    text = b"".join(b"line %d of a long text\n" % number for number in range(6000))
    data = files.open(node)
    assert data.read(0, 1 << 20) == text
    assert data.read(131_000, 300) == text[131_000:131_300]


@pytest.mark.parametrize("name", VOLUMES)
def test_a_file_is_found_by_its_path_and_read_whole(name):
    files = volume(recognised(Memory(image(name))), Memory(image(name)))
    folder = files.root
    for part in ("Users", "anna", "Documents"):
        folder = files.find(folder, part)
    names = sorted(each.name for each in files.entries(folder))
    assert names == [f"note-{number:03}.txt" for number in range(300)]
    data = files.open(files.find(folder, "note-217.txt"))
    assert data.read(0, 100) == b"217\n"
    assert files.find(folder, "note-300.txt") is None


def test_members_are_named_by_their_path_in_the_image():
    judged = look(Memory(image("ntfs.img")), "x")
    assert "Users/bert/.zsh_history" in {each.member for each in judged.observations}


def test_reads_stay_within_what_is_promised():
    counted = Counted(Memory(image("ntfs.img")))
    look(counted, "x")
    assert counted.bytes_read < TRIAGE_BYTES + LISTING_BYTES + 3 * 4096
    assert counted.reads < 30


def mbr(*rows: tuple[int, int, int]) -> bytes:
    table = b"".join(struct.pack("<BxxxBxxxII", 0, *row) for row in rows)
    return bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"


def test_partitions_of_an_mbr_are_looked_into_and_named():
    inner = image("fat.img")
    disk = mbr((0x0C, 8, len(inner) // 512)) + bytes(7 * 512) + inner
    judged = look(Memory(disk), "disk.raw")
    assert judged.kind == "workstation_image"
    assert {each.member.split("/")[0] for each in judged.observations if each.member} == {"partition 1"}


def test_partitions_of_a_gpt_are_found():
    inner = image("fat.img")
    head = bytearray(b"EFI PART".ljust(512, b"\0"))
    head[72:88] = struct.pack("<QII", 2, 4, 128)
    row = b"\x01" * 32 + struct.pack("<QQ", 8, 7 + len(inner) // 512) + bytes(80)
    disk = mbr((0xEE, 1, 9999)) + bytes(head) + row.ljust(6 * 512, b"\0") + inner
    assert [each.number for each in partitions(Memory(disk))] == [1]
    assert look(Memory(disk), "disk.raw").kind == "workstation_image"


def test_a_circle_of_extended_partitions_ends():
    first = mbr((5, 1, 100))
    second = mbr((7, 1, 1), (5, 0, 100))
    disk = first + second + bytes(100 * 512)
    assert len(list(partitions(Memory(disk)))) == 1


@pytest.mark.parametrize(
    "start", [b"\xeb\x58\x90-FVE-FS-", b"LUKS\xba\xbe\x00\x02"], ids=["BitLocker", "LUKS"]
)
def test_an_encrypted_volume_is_said_to_be_one(start):
    judged = look(Memory(start.ljust(1 << 20, b"\0")), "disk")
    assert judged.kind == "encrypted_volume"
    assert any("contents unknown" in each for each in summaries(judged))


def test_a_difference_without_its_parent_is_not_taken_for_a_disk():
    raw = bytearray(image("dynamic.vhd"))
    for at in (0, len(raw) - 512):
        raw[at + 60 : at + 64] = struct.pack(">I", 4)
    judged = look(Memory(raw), "child.avhd")
    assert not judged.complete
    assert any("the image it differs from is not here" in each for each in summaries(judged))


def test_a_file_system_that_is_not_read_is_a_gap():
    disk = bytearray(1 << 20)
    disk[446:462] = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 64, 1900)
    disk[510:512] = b"\x55\xaa"
    disk[64 * 512 + 32769 : 64 * 512 + 32774] = b"CD001"
    judged = look(Memory(bytes(disk)), "disk")
    assert (judged.kind, judged.complete) == ("disk_image", False)
    assert "ISO 9660 is not read yet" in summaries(judged)


def test_a_folder_that_holds_itself_is_walked_once():
    raw = bytearray(image("fat.img"))
    files = volume("FAT", Memory(raw))
    users = files.find(files.root, "Users")
    at = raw.index(b"ANNA       \x10")
    raw[at + 26 : at + 28] = struct.pack("<H", users.where[0])
    listed = list(volume("FAT", Memory(raw)).listing())
    assert 0 < len(listed) < 20


def test_a_chain_of_clusters_that_runs_in_a_circle_is_damage():
    raw = bytearray(image("fat.img"))
    files = volume("FAT", Memory(raw))
    folder = files.find(files.find(files.root, "Users"), "anna")
    cluster = folder.where[0]
    fat, bits = files._fat, files._bits
    assert bits == 12
    at = fat + cluster * 3 // 2
    old = int.from_bytes(raw[at : at + 2], "little")
    new = (old & 0xF) | cluster << 4 if cluster & 1 else (old & 0xF000) | cluster
    raw[at : at + 2] = new.to_bytes(2, "little")
    with pytest.raises(DamageError, match="circle"):
        list(volume("FAT", Memory(raw))._runs((cluster, -1), 1 << 30))


class Mutated:
    """The image with bytes changed in what is read, the same at each reading."""

    def __init__(self, data: bytes, seed: int) -> None:
        self._data, self._seed, self.size_bytes = data, seed, len(data)

    def read(self, offset: int, count: int) -> bytes:
        got = bytearray(self._data[offset : offset + count])
        for page in range(offset // 512, (offset + len(got) + 511) // 512):
            random = Random(self._seed << 32 | page)
            for _ in range(random.choice((0, 0, 0, 1, 4))):
                at = page * 512 + random.randrange(512) - offset
                if 0 <= at < len(got):
                    got[at] = random.choice((0, 1, 255, random.randrange(256)))
        return bytes(got)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 30))
def test_a_damaged_image_ends_in_an_inspection(name, seed):
    look(Mutated(image(name), seed), "disk")


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(cut=st.integers(0, 1 << 16))
def test_a_cut_image_ends_in_an_inspection(name, cut):
    whole = image(name)
    look(Memory(whole[: len(whole) * cut >> 16]), "disk")
