"""A writer of small ext4 file systems and fixed VHDs, enough for a made-up workstation: no root, no tools.

One group of blocks, so at most 128 MiB; every file is one stretch. Equal files give equal bytes.
Sources: docs.kernel.org/filesystems/ext4, "Data Structures and Algorithms"; Microsoft's "Virtual Hard Disk
Image Format Specification", "Hard Disk Footer Format".
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

BLOCK = 4096
_INODES, _INODE = 512, 256
_TABLE = 4
_DATA = _TABLE + _INODES * _INODE // BLOCK
_ROOT, _LOST, _FOLDER, _FILE = 2, 11, 2, 1
_WHEN = 1_664_582_400  # 2022-10-01


def image(files: Mapping[str, bytes], size_bytes: int) -> bytes:
    """Return a file system of this size (a multiple of 4,096): path -> bytes, folders are made.

    Raises `ValueError` when the files do not fit.
    """
    blocks = size_bytes // BLOCK
    folders: dict[str, list[tuple[str, int, int]]] = {"": [], "lost+found": []}
    numbers = {"": _ROOT, "lost+found": _LOST}
    above_files = {path[:at] for path in files for at, sign in enumerate(path) if sign == "/"}
    for folder in sorted(above_files):
        numbers[folder] = _LOST + len(folders) - 1
        folders[folder] = []
    next_number = _LOST + len(folders) - 1
    numbers |= {path: number for number, path in enumerate(sorted(files), next_number)}
    if next_number + len(files) > _INODES or blocks > 8 * BLOCK:
        raise ValueError("too many files, or too large, for one group")
    for path, number in numbers.items():
        if path:
            above, _, name = path.rpartition("/")
            folders[above].append((name, number, _FOLDER if path in folders else _FILE))
    out = bytearray(blocks * BLOCK)
    at = _DATA
    for path, number in numbers.items():
        parent = numbers[path.rpartition("/")[0]] if path else _ROOT
        data = _entries(folders[path], number, parent) if path in folders else files[path]
        count = -(-len(data) // BLOCK)
        if at + count > blocks:
            raise ValueError("the files do not fit")
        out[at * BLOCK : at * BLOCK + len(data)] = data
        below = sum(kind == _FOLDER for _, _, kind in folders.get(path, ()))
        place = _TABLE * BLOCK + (number - 1) * _INODE
        out[place : place + _INODE] = _inode(len(data), at, count, 2 + below if path in folders else 0)
        at += count
    used = next_number + len(files) - 1
    _bits(out, 2, at, blocks)
    _bits(out, 3, used, _INODES)
    free = (blocks - at, _INODES - used)
    out[BLOCK : BLOCK + 18] = struct.pack("<IIIHHH", 2, 3, _TABLE, *free, len(folders))
    out[1024:2048] = _superblock(blocks, *free)
    return bytes(out)


def fixed_vhd(disk: bytes) -> bytes:
    """Return the disk with the footer of a fixed VHD."""
    sectors = len(disk) // 512
    shape = struct.pack(">HBB", min(sectors // (16 * 63), 65535), 16, 63)
    start = struct.pack(">8sIIQI4sI4s", b"conectix", 2, 0x10000, 2**64 - 1, 0, b"tide", 0x10000, b"Wi2k")
    footer = start + struct.pack(">QQ4sI", len(disk), len(disk), shape, 2)
    rest = b"made up for a lab".ljust(17, b"\0")[:16] + b"\0"
    checksum = ~sum(footer + rest) & 0xFFFFFFFF
    return disk + (footer + struct.pack(">I", checksum) + rest).ljust(512, b"\0")


def _entries(members: list[tuple[str, int, int]], own: int, above: int) -> bytes:
    """Return a folder: blocks of entries, the last of each reaching to the block's end."""
    blocks: list[bytearray] = [bytearray()]
    last = 0
    for name, number, kind in [(".", own, _FOLDER), ("..", above, _FOLDER), *members]:
        raw = name.encode()
        length = 8 + (len(raw) + 3) // 4 * 4
        if len(blocks[-1]) + length > BLOCK:
            struct.pack_into("<H", blocks[-1], last + 4, BLOCK - last)
            blocks[-1] = blocks[-1].ljust(BLOCK, b"\0")
            blocks.append(bytearray())
        last = len(blocks[-1])
        blocks[-1] += struct.pack("<IHBB", number, length, len(raw), kind) + raw.ljust(length - 8, b"\0")
    struct.pack_into("<H", blocks[-1], last + 4, BLOCK - last)
    return b"".join(bytes(each.ljust(BLOCK, b"\0")) for each in blocks)


def _inode(size: int, start: int, count: int, links: int) -> bytes:
    """links: of a folder; 0 for a file."""
    mode = 0o040755 if links else 0o100600
    extents = struct.pack("<HHHHI", 0xF30A, bool(count), 4, 0, 0)
    if count:
        extents += struct.pack("<IHHI", 0, count, 0, start)
    head = struct.pack("<HHIIIIIHHII", mode, 0, size, *[_WHEN] * 3, 0, 0, links or 1, count * 8, 0x80000)
    return ((head + bytes(4) + extents.ljust(60, b"\0")).ljust(128, b"\0") + b"\x20\0").ljust(_INODE, b"\0")


def _bits(out: bytearray, block: int, used: int, there_are: int) -> None:
    """Mark what is used from the front, and all bits behind the end."""
    bits = (1 << used) - 1 | (1 << 8 * BLOCK) - (1 << there_are)
    out[block * BLOCK : (block + 1) * BLOCK] = bits.to_bytes(BLOCK, "little")


def _superblock(blocks: int, free_blocks: int, free_inodes: int) -> bytes:
    made = bytearray(1024)
    counts = (_INODES, blocks, 0, free_blocks, free_inodes, 0, 2, 2, 8 * BLOCK, 8 * BLOCK, _INODES)
    struct.pack_into("<11I", made, 0, *counts)
    struct.pack_into("<IIHHHHHH", made, 44, _WHEN, _WHEN, 0, 0xFFFF, 0xEF53, 1, 1, 0)
    struct.pack_into("<IIIIHH", made, 64, _WHEN, 0, 0, 1, 0, 0)
    struct.pack_into("<IHHIII", made, 84, 11, _INODE, 0, 0, 0x42, 3)
    made[104:120] = b"made up for labs"
    return bytes(made)
