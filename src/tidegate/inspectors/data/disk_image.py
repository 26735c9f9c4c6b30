"""Disk images: raw, VHD, VHDX, VMDK, qcow2, VDI, E01, DMG; what lies in them is told in `disks/`."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import ENDS_BYTES, judged, nothing, seen
from tidegate.inspectors.disks.container import is_container, is_raw
from tidegate.inspectors.disks.containers.ewf import Files, name_of, number_of
from tidegate.inspectors.disks.partitions import recognised
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_LEAST_BTRFS: Final = 16 << 20


class DiskImage:
    """Told by marks of either end, a table of partitions or a file system; read by a few ranges."""

    id = "disk_image"
    order = 12

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether it is a container or a bare disk."""
        del name
        return is_container(head, tail) or is_raw(head, size_bytes) or _may_be_btrfs(head, size_bytes)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Look at the volumes in it."""
        from tidegate.inspectors.disks.judge import judge_disk  # noqa: PLC0415 - only who meets a disk needs it

        head = data.read(0, ENDS_BYTES)
        if _may_be_btrfs(head, data.size_bytes) and recognised(data) != "btrfs":
            return nothing()
        number = number_of(head)
        if number > 1:
            return _later(name, number, context)
        if number and context.siblings is not None:
            data = Files(data, name.replace("\\", "/").rsplit("/", 1)[-1], context.siblings)
            return judge_disk(data, head, b"", context)
        tail = data.read(max(data.size_bytes - ENDS_BYTES, 0), ENDS_BYTES)
        return judge_disk(data, head, tail, context)


def _may_be_btrfs(head: bytes, size_bytes: int) -> bool:
    """Tell a head of zeros: a volume of btrfs begins with 64 KiB of them."""
    return size_bytes >= _LEAST_BTRFS and not size_bytes % 4096 and not any(head)


def _later(name: str, number: int, context: Context) -> Judgement:
    """Judge a further file of a forensic image: what is in it is told at the first."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    first = name_of(base, 1)
    found = context.siblings is not None and context.siblings(first) is not None
    where = f"it is told at {first}" if found else f"its first file ({first}) is not here"
    words = f"file {number:,} of a forensic image (E01): {where}"
    note = seen("disk_image", words, severity=Severity.INFO if found else None)
    made = judged("disk_image", note)
    made.complete = found
    return made


PLUGIN = DiskImage()
