"""qcow2, of QEMU: versions 2 and 3, compressed clusters; internal snapshots are passed over.

Source: qemu.org, docs/interop/qcow2.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tidegate.inspectors.disks.containers.mapped import ZERO, MappedDisk, Table, Where, inflate_raw
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import DamageError, LockedError, big, exact
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable

_OFFSET: Final = 0x00FFFFFFFFFFFE00


def opens(head: bytes, tail: bytes) -> bool:
    """Tell it by its first bytes."""
    del tail
    return head.startswith(b"QFI\xfb")


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the virtual disk. Raises `DamageError`, `LockedError`."""
    head = exact(data, 0, 104)
    version, bits, size = big(head, 4, 4), big(head, 20, 4), big(head, 24, 8)
    if version not in (2, 3) or not 9 <= bits <= 21:
        raise DamageError(f"a qcow of version {version} with clusters of 2^{bits} bytes")
    if big(head, 32, 4):
        raise LockedError("qcow2 encryption")
    features = big(head, 72, 8) if version == 3 else 0
    if features & ~0b1011:
        raise DamageError("a qcow2 with extended tables, an outside data file or features we do not know")
    if features & 0b1000:
        raise DamageError("a qcow2 compressed by another method than deflate")
    cluster, per_table = 1 << bits, 1 << (bits - 3)
    top = Table(data, big(head, 40, 8), min(big(head, 36, 4), 1 << 22), 8, "big")
    tables: OrderedDict[int, Table] = OrderedDict()

    def where(number: int) -> Where:
        offset = top[number // per_table] & _OFFSET
        if not offset:
            return ZERO
        if offset not in tables:
            tables[offset] = Table(data, offset, per_table, 8, "big")
            if len(tables) > 64:
                tables.popitem(last=False)
        entry = tables[offset][number % per_table]
        if entry >> 62 & 1:
            split = 62 - (bits - 8)
            at = entry & ((1 << split) - 1)
            sectors = (entry >> split & ((1 << (bits - 8)) - 1)) + 1
            return Where(at, sectors * 512 - at % 512)
        return ZERO if entry & 1 or not entry & _OFFSET else Where(entry & _OFFSET)

    disk = MappedDisk(data, min(size, top.count * per_table * cluster), cluster, where, meter, inflate_raw)
    return Opened("qcow2", disk, parent_missing=bool(big(head, 8, 8)))
