"""Disk images: raw, VHD, VHDX, VMDK, qcow2, VDI, E01; with NTFS, ext, FAT or exFAT inside."""

from __future__ import annotations

from tidegate.inspectors.data._notes import ENDS_BYTES
from tidegate.inspectors.disks.container import is_container, is_raw
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class DiskImage:
    """Told by marks of either end, a table of partitions or a file system; read by a few ranges."""

    id = "disk_image"
    order = 12

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether it is a container or a bare disk."""
        del name
        return is_container(head, tail) or is_raw(head, size_bytes)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Look at the volumes in it."""
        from tidegate.inspectors.disks.judge import judge_disk  # noqa: PLC0415 - only who meets a disk needs it

        del name
        head = data.read(0, ENDS_BYTES)
        tail = data.read(max(data.size_bytes - ENDS_BYTES, 0), ENDS_BYTES)
        return judge_disk(data, head, tail, context)


PLUGIN = DiskImage()
