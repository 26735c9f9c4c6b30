"""Which container a file is."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.disks.containers import ewf, qcow2, udif, vdi, vhd, vhdx, vmdk
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.partitions import recognised
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Memory, Readable

_FORMS: Final = (qcow2, vhdx, vmdk, vdi, ewf, vhd, udif)


def is_container(head: bytes, tail: bytes) -> bool:
    """Tell a container by the first and last 4,096 bytes."""
    return any(each.opens(head, tail) for each in _FORMS)


def is_raw(head: bytes, size_bytes: int) -> bool:
    """Tell a disk or volume without a container: by a file system or a table of partitions at its start."""
    if size_bytes < 65536 or size_bytes % 512:
        return False
    if recognised(Memory(head)):
        return True
    if head[512:520] == b"EFI PART" or (head[:2] == b"ER" and head[512:514] == b"PM"):
        return True
    slots = [head[at : at + 16] for at in range(446, 510, 16)]
    used = [each for each in slots if any(each)]
    # What is used says where it lies, and is active or not: other sectors with that mark have no such rows.
    return (
        head[510:512] == b"\x55\xaa"
        and bool(used)
        and all(each[0] in (0, 0x80) and each[4] and any(each[8:12]) and any(each[12:16]) for each in used)
    )


def open_container(data: Readable, head: bytes, tail: bytes, meter: Meter) -> Opened:
    """Return the virtual disk. Raises `DamageError`, `LockedError`."""
    for each in _FORMS:
        if each.opens(head, tail):
            opened: Opened = each.open_disk(data, meter)
            return opened
    return Opened("raw disk", data)
