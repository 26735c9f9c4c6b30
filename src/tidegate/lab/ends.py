"""First and last bytes that fit a made-up blob's name: what its kind shows to who reads but its ends.

Keys and passwords are none: their bodies say so, and nothing else is in them.
"""

from __future__ import annotations

import struct
from typing import Final

_KEY: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----\nTm90IGEga2V5OiBtYWRlIHVwIGJ5IHRoZSBsYWI=\n"
_KEY_END: Final = b"-----END OPENSSH PRIVATE KEY-----\n"
_HEADS: Final = (
    ((".vhdx",), b"vhdxfile"),
    ((".pst",), b"!BDN" + bytes(4) + b"SM\x17\x00"),
    ((".kdbx",), bytes.fromhex("03d9a29a67fb4bb5")),
    (("/id_rsa", "/id_ed25519"), _KEY),
    ((".jpg", ".JPEG"), b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"),
    ((".png",), b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    ((".pdf",), b"%PDF-1.7\n"),
    ((".flac",), b"fLaC\x00\x00\x00\x22"),
    ((".mp4",), b"\x00\x00\x00\x18ftypmp42"),
    ((".gz",), b"\x1f\x8b\x08\x00"),
    ((".parquet",), b"PAR1"),
    (("credentials.db",), b"SQLite format 3\x00"),
)
_TAILS: Final = (
    ((".vhd",), b"conectix" + struct.pack(">II", 2, 0x10000) + bytes(496)),
    (("/id_rsa", "/id_ed25519"), _KEY_END),
    ((".parquet",), b"PAR1"),
)


def fitted(data: bytes, start: int, size_bytes: int, name: str) -> bytes:
    """Return bytes of a blob, from `start` on, with its head and tail laid over them."""
    for endings, head in _HEADS:
        if name.endswith(endings):
            data = _laid(data, start, head[:size_bytes], 0)
    for endings, tail in _TAILS:
        if name.endswith(endings) and size_bytes >= len(tail):
            data = _laid(data, start, tail, size_bytes - len(tail))
    return data


def _laid(data: bytes, start: int, over: bytes, at: int) -> bytes:
    begin, end = max(start, at), min(start + len(data), at + len(over))
    if begin >= end:
        return data
    return data[: begin - start] + over[begin - at : end - at] + data[end - start :]
