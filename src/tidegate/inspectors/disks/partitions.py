"""Where the volumes of a disk begin: MBR with extended partitions, GPT, Apple's map, or no table at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tidegate.inspectors.disks.damage import DamageError, big, little
from tidegate.inspectors.disks.volumes import apfs, hfsplus
from tidegate.inspectors.disks.volumes.btrfs import Btrfs
from tidegate.inspectors.disks.volumes.ext import Ext
from tidegate.inspectors.disks.volumes.fat import Fat
from tidegate.inspectors.disks.volumes.ntfs import Ntfs
from tidegate.inspectors.disks.volumes.volume import Volume
from tidegate.inspectors.disks.volumes.xfs import Xfs
from tidegate.inspectors.readable import Part, Readable

_MOST: Final = 128
_LOCKED: Final = (
    (3, b"-FVE-FS-", "BitLocker"),
    (0, b"LUKS\xba\xbe", "LUKS"),
    (0, b"encrcdsa", "FileVault"),
    (88, b"CS\x01\0", "CoreStorage, of FileVault"),
)
_HFS: Final = ((1024, b"H+\0\x04", "HFS+"), (1024, b"HX\0\x05", "HFS+"), (1148, b"H+", "HFS+"))
"""The last: wrapped in a volume of the old HFS."""
_XFS: Final = (0, b"XFSB", "XFS")
_BTRFS: Final = (65600, b"_BHRfS_M", "btrfs")
_UNREAD: Final = (
    (536, b"LVM2 001", "LVM"),
    (32769, b"CD001", "ISO 9660"),
)


class Stretch(NamedTuple):
    """One partition."""

    number: int
    """From 1; 0: the whole disk is the volume."""
    data: Readable


def partitions(disk: Readable) -> Iterator[Stretch]:
    """Yield the partitions; a disk that begins with a file system is one. Cycles end it."""
    head = disk.read(0, 1024)
    if recognised(disk):
        yield Stretch(0, disk)
        return
    gpt = _gpt(disk) or (_apm(disk) if head[512:514] == b"PM" else [])
    spans = gpt or (_mbr(disk) if head[510:512] == b"\x55\xaa" else [])
    for number, (start, length) in enumerate(spans[:_MOST], 1):
        if 0 < start < disk.size_bytes and length > 0:
            yield Stretch(number, Part(disk, start, length))


def recognised(data: Readable) -> str:
    """Return what begins here: the name of a file system or of an encryption; empty: nothing we know."""
    head = data.read(0, 2048)
    if head[32:36] == b"NXSB":
        return "APFS"
    if head[3:11] == b"NTFS    ":
        return "NTFS"
    if head[3:11] == b"EXFAT   ":
        return "exFAT"
    for at, mark, name in (*_LOCKED, *_HFS[: 3 if head[1024:1026] == b"BD" else 2], _XFS, _BTRFS, *_UNREAD):
        if (head if at < 2000 else data.read(at, len(mark)).rjust(at + len(mark), b"\0"))[at:].startswith(
            mark
        ):
            return name
    if head[1080:1082] == b"\x53\xef" and little(head, 1048, 4) <= 6:
        return "ext"
    fat = head[510:512] == b"\x55\xaa" and head[0] in (0xEB, 0xE9) and head[16] in (1, 2) and head[13]
    return "FAT" if fat and little(head, 11, 2) in (512, 1024, 2048, 4096) else ""


def locked(form: str) -> bool:
    """Tell whether that is an encryption."""
    return any(form == name for _, _, name in _LOCKED)


def volumes(form: str, data: Readable) -> tuple[list[Volume], list[str]]:
    """Open what is in a file system of that name, and say which volumes of it are encrypted.

    Raises `DamageError`.
    """
    if form == "APFS":
        opened = apfs.open_container(data)
        return list(opened.volumes), opened.locked
    return [volume(form, data)], []


def volume(form: str, data: Readable) -> Volume:
    """Open a file system of that name that is one volume. Raises `DamageError`."""
    if form == "NTFS":
        return Ntfs(data)
    if form == "ext":
        return Ext(data)
    if form == "XFS":
        return Xfs(data)
    if form == "btrfs":
        return Btrfs(data)
    if form == "HFS+":
        return hfsplus.open_volume(data)
    if form in ("FAT", "exFAT"):
        return Fat(data)
    raise DamageError(f"{form} is not read yet")


def _mbr(disk: Readable) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    extended = 0
    for kind, start, length in _slots(disk.read(0, 512)):
        if kind in (5, 15, 133) and not extended:
            extended = start
        elif kind and kind != 0xEE:
            spans.append((start * 512, length * 512))
    at, seen = extended, set[int]()
    while at and at not in seen and len(spans) < _MOST:
        seen.add(at)
        slots = _slots(disk.read(at * 512, 512))
        if len(slots) < 2:
            break
        if slots[0][0]:
            spans.append(((at + slots[0][1]) * 512, slots[0][2] * 512))
        at = extended + slots[1][1] if slots[1][0] in (5, 15, 133) else 0
    return spans


def _slots(sector: bytes) -> list[tuple[int, int, int]]:
    if sector[510:512] != b"\x55\xaa":
        return []
    return [
        (sector[at + 4], little(sector, at + 8, 4), little(sector, at + 12, 4)) for at in range(446, 510, 16)
    ]


def _apm(disk: Readable) -> list[tuple[int, int]]:
    count = min(big(disk.read(512, 8), 4, 4), _MOST)
    rows = [disk.read(512 * number, 136) for number in range(1, count + 1)]
    return [
        (big(row, 8, 4) * 512, big(row, 12, 4) * 512)
        for row in rows
        if row.startswith(b"PM") and not row[48:80].startswith((b"Apple_partition_map", b"Apple_Free"))
    ]


def _gpt(disk: Readable) -> list[tuple[int, int]]:
    for sector in (512, 4096):
        head = disk.read(sector, 92)
        if head[:8] != b"EFI PART":
            continue
        at, count, width = little(head, 72, 8) * sector, little(head, 80, 4), little(head, 84, 4)
        if not 128 <= width <= 4096 or not at:
            continue
        table = disk.read(at, min(count, _MOST) * width)
        rows = [table[row : row + width] for row in range(0, len(table) - width + 1, width)]
        return [
            (little(row, 32, 8) * sector, (little(row, 40, 8) - little(row, 32, 8) + 1) * sector)
            for row in rows
            if any(row[:16])
        ]
    return []
