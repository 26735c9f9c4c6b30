"""A small HDF5 writer: a root group with text attributes and empty groups, as h5py writes by default.

Source: HDF5 File Format Specification 1.1: superblock version 0, object headers version 1, symbol tables.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_NOWHERE = 0xFFFFFFFFFFFFFFFF


def hdf5(attributes: Mapping[str, str], groups: Sequence[str] = ()) -> bytes:
    """Return a file. groups: names of empty groups in the root, at most eight."""
    root_at, heap_size = 96, 8 + sum(_padded(len(each) + 1) for each in groups)
    messages = [_attribute(key, value) for key, value in attributes.items()]
    header_size = 16 + 24 + sum(len(each) for each in messages)
    tree_at = root_at + header_size
    tree_size = 24 + (33 + 32) * 8
    heap_at = tree_at + _padded(tree_size)
    names_at = heap_at + 32
    node_at = names_at + _padded(heap_size)
    node_size = 8 + 8 * 40
    group_at = node_at + node_size

    # Groups without members share one tree and one heap, which are empty.
    empty = struct.pack("<4sBBHQQ", b"TREE", 0, 0, 0, _NOWHERE, _NOWHERE) + bytes(tree_size - 24 + 7)
    empty_heap_at = group_at + len(empty) - len(empty) % 8
    empty = empty[: empty_heap_at - group_at]
    empty += struct.pack("<4sB3xQQQ", b"HEAP", 0, 8, 1, empty_heap_at + 32) + bytes(8)
    names, entries, bodies = bytearray(8), bytearray(), bytearray(empty)
    for each in sorted(groups):
        where = group_at + len(bodies)
        entries += struct.pack("<QQII16x", len(names), where, 0, 0)
        names += each.encode() + bytes(_padded(len(each) + 1) - len(each))
        bodies += struct.pack("<BxHII4x", 1, 1, 1, 24) + _message(
            0x11, struct.pack("<QQ", group_at, empty_heap_at)
        )
    symbol = _message(0x11, struct.pack("<QQ", tree_at, heap_at))
    root = struct.pack("<BxHII4x", 1, 1 + len(messages), 1, header_size - 16) + symbol + b"".join(messages)
    used = 1 if groups else 0
    tree = struct.pack("<4sBBHQQ", b"TREE", 0, 0, used, _NOWHERE, _NOWHERE)
    tree += struct.pack("<QQQ", 0, node_at, 8 + _last_name(names, groups) if groups else 0)
    heap = struct.pack("<4sB3xQQQ", b"HEAP", 0, _padded(heap_size), 1, names_at)
    node = struct.pack("<4sBxH", b"SNOD", 1, len(groups)) + bytes(entries)
    parts = [
        (0, _superblock(root_at, group_at + len(bodies), tree_at, heap_at)),
        (root_at, root),
        (tree_at, tree),
        (heap_at, heap),
        (names_at, bytes(names)),
        (node_at, node),
        (group_at, bytes(bodies)),
    ]
    out = bytearray(group_at + len(bodies))
    for at, data in parts:
        out[at : at + len(data)] = data
    return bytes(out)


def _last_name(names: bytearray, groups: Sequence[str]) -> int:
    return names.find(max(groups).encode()) - 8


def _superblock(root_at: int, end: int, tree_at: int, heap_at: int) -> bytes:
    head = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBxBBBxHHI", 0, 0, 0, 0, 8, 8, 4, 16, 0)
    return (
        head
        + struct.pack("<QQQQ", 0, _NOWHERE, end, _NOWHERE)
        + struct.pack("<QQIIQQ", 0, root_at, 1, 0, tree_at, heap_at)
    )


def _attribute(key: str, value: str) -> bytes:
    """Return an attribute message: a scalar text of fixed length, padded with NUL."""
    raw, name = value.encode(), key.encode() + b"\0"
    datatype = struct.pack("<B3BI", 0x13, 0x10 | 1, 0, 0, len(raw))
    dataspace = struct.pack("<BBB5x", 1, 0, 0)
    body = struct.pack("<BxHHH", 1, len(name), len(datatype), len(dataspace))
    body += _pad(name) + _pad(datatype) + _pad(dataspace) + raw
    return _message(0x0C, _pad(body))


def _message(kind: int, body: bytes) -> bytes:
    return struct.pack("<HHB3x", kind, len(body), 0) + body


def _padded(count: int) -> int:
    return count + -count % 8


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)
