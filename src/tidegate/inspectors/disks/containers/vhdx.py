"""VHDX, of Hyper-V. Source: learn.microsoft.com/openspecs/windows_protocols/ms-vhdx."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.disks.containers.mapped import ZERO, MappedDisk, Table, Where
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import DamageError, exact, little, power
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable

_BAT: Final = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")
_METADATA: Final = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
_FILE: Final = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
_SIZE: Final = bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8")
_SECTOR: Final = bytes.fromhex("1dbf41816fa90947ba47f233a8faab5f")


def opens(head: bytes, tail: bytes) -> bool:
    """Tell it by its first bytes."""
    del tail
    return head.startswith(b"vhdxfile")


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the virtual disk. A log that was not replayed is passed over. Raises `DamageError`."""
    regions = exact(data, 192 << 10, 4096)
    if not regions.startswith(b"regi"):
        raise DamageError("a VHDX without its table of regions")
    found = {}
    for at in range(16, min(16 + 32 * little(regions, 8, 4), 4096 - 31), 32):
        found[regions[at : at + 16]] = (little(regions, at + 16, 8), little(regions, at + 24, 4))
    if _BAT not in found or _METADATA not in found:
        raise DamageError("a VHDX without its table of blocks or its metadata")
    start = found[_METADATA][0]
    table = exact(data, start, 4096)
    items = {}
    for at in range(32, min(32 + 32 * little(table, 10, 2), 4096 - 31), 32):
        items[table[at : at + 16]] = start + little(table, at + 16, 4)
    if not {_FILE, _SIZE, _SECTOR} <= items.keys():
        raise DamageError("a VHDX that does not say its size")
    file = exact(data, items[_FILE], 8)
    block = power(little(file, 0, 4), 1 << 20, 256 << 20, "blocks")
    size = little(exact(data, items[_SIZE], 8), 0, 8)
    sector = power(little(exact(data, items[_SECTOR], 4), 0, 4), 512, 4096, "sectors")
    ratio = max(1, (sector << 23) // block)
    offset, length = found[_BAT]
    bat = Table(data, offset, min(length // 8, 1 << 24), 8, "little")

    def where(number: int) -> Where:
        entry = bat[number + number // ratio]
        return Where(entry >> 20 << 20) if entry & 7 in (6, 7) else ZERO

    disk = MappedDisk(data, min(size, bat.count * block), block, where, meter)
    parent = bool(little(file, 4, 4) & 2)
    return Opened("differencing VHDX" if parent else "VHDX", disk, parent_missing=parent)
