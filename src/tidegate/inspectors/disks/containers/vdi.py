"""VDI, of VirtualBox. Source: its header as QEMU describes it."""

from __future__ import annotations

from tidegate.inspectors.disks.containers.mapped import ZERO, MappedDisk, Table, Where
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import DamageError, exact, little, power
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable


def opens(head: bytes, tail: bytes) -> bool:
    """Tell it by its mark at byte 64."""
    del tail
    return head[64:68] == b"\x7f\x10\xda\xbe"


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the virtual disk. Raises `DamageError`."""
    head = exact(data, 0, 512)
    block = power(little(head, 376, 4), 4096, 256 << 20, "blocks")
    size, count = little(head, 368, 8), little(head, 384, 4)
    start = little(head, 344, 4)
    table = Table(data, little(head, 340, 4), min(count, 1 << 26), 4, "little")
    if little(head, 76, 4) not in (1, 2, 4):
        raise DamageError(f"a VDI of type {little(head, 76, 4)}")

    def where(number: int) -> Where:
        at = table[number]
        return ZERO if at >= 0xFFFFFFFE else Where(start + at * block)

    form = "differencing VDI" if little(head, 76, 4) == 4 else "VDI"
    disk = MappedDisk(data, min(size, table.count * block), block, where, meter)
    return Opened(form, disk, parent_missing=form.startswith("diff"))
