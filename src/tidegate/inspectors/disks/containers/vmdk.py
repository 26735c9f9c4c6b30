"""VMDK, of VMware: sparse and streamOptimized extents. Source: VMware, Virtual Disk Format 5.0."""

from __future__ import annotations

from collections import OrderedDict

from tidegate.inspectors.disks.containers.mapped import ZERO, MappedDisk, Table, Where
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import DamageError, exact, little, power
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable


def opens(head: bytes, tail: bytes) -> bool:
    """Tell an extent by its first bytes, and the text that lists extents by its first line."""
    del tail
    return head.startswith((b"KDMV", b"# Disk DescriptorFile"))


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the virtual disk. Raises `DamageError`; the descriptor alone has none."""
    head = exact(data, 0, 512)
    if not head.startswith(b"KDMV"):
        raise DamageError("the description of a VMDK; the disk itself is in the files it names")
    flags = little(head, 8, 4)
    if flags >> 16 & 1 and little(head, 56, 8) == 0xFFFFFFFFFFFFFFFF:
        footer = data.read(data.size_bytes - 1024, 512)
        if not footer.startswith(b"KDMV"):
            raise DamageError("a streamed VMDK without its end")
        head = footer
    grain = power(little(head, 20, 8) * 512, 4096, 64 << 20, "grains")
    per_table = little(head, 44, 4)
    if not 1 <= per_table <= 1 << 16:
        raise DamageError(f"a VMDK with {per_table:,} grains a table")
    size = min(little(head, 12, 8) * 512, 1 << 50)
    top = Table(data, little(head, 56, 8) * 512, min(-(-size // (grain * per_table)), 1 << 22), 4, "little")
    tables: OrderedDict[int, Table] = OrderedDict()
    packed = bool(flags >> 16 & 1)

    def where(number: int) -> Where:
        sector = top[number // per_table]
        if not sector:
            return ZERO
        if sector not in tables:
            tables[sector] = Table(data, sector * 512, per_table, 4, "little")
            if len(tables) > 256:
                tables.popitem(last=False)
        at = tables[sector][number % per_table] * 512
        if at <= 512:
            return ZERO
        if not packed:
            return Where(at)
        length = little(data.read(at + 8, 4), 0, 4)
        if not 0 < length <= 2 * grain:
            raise DamageError(f"a compressed grain of {length:,} bytes")
        return Where(at + 12, length)

    disk = MappedDisk(data, size, grain, where, meter)
    text = data.read(512, 4096)
    parent = b"parentCID=" in text and b"parentCID=ffffffff" not in text
    return Opened("streamed VMDK" if packed else "VMDK", disk, parent_missing=parent)
