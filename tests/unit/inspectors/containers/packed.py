"""Archives as loaders and attackers make them. The payload names a function and is never loaded."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.inspectors.look import look
from tidegate.inspectors.meter import Budget
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Inspection

PAYLOAD = b"cos\nsystem\n(S'echo x'\ntR."
"""Would print, if anybody loaded it."""
PLAIN = pickle.dumps({"weights": [1, 2, 3]}, 2)


def seen(raw: bytes, name: str = "model.bin", budget: Budget | None = None) -> Inspection:
    return look(Memory(raw), name, budget=budget)


def kinds(found: Inspection) -> set[str]:
    return {each.kind for each in found.observations}


def zipped(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def torch_zip(
    data_pkl: bytes, name: str = "archive/data.pkl", extra: Iterable[tuple[str, bytes]] = ()
) -> bytes:
    return zipped([(name, data_pkl), ("archive/byteorder", b"little"), ("archive/version", b"3\n"), *extra])


def tarred(members: Iterable[tuple[str, bytes]], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@dataclass
class Written:
    """One member of a zip that is written by hand: each header may say something else."""

    name: bytes
    data: bytes
    local_name: bytes | None = None
    flags: int = 0
    local_flags: int | None = None
    method: int = 0
    local_method: int | None = None
    crc: int | None = None
    size: int | None = None
    listed: bool = True
    count: int = 1
    """Entries in the directory."""
    extra: bytes = b""


def by_hand(members: Iterable[Written], *, count: int | None = None, prefix: bytes = b"") -> bytes:
    """Return a zip whose offsets count from its first byte, `prefix` included."""
    out, central, entries = bytearray(prefix), bytearray(), 0
    for each in members:
        packed = each.data
        if each.method == 8:
            squeeze = zlib.compressobj(wbits=-15)
            packed = squeeze.compress(each.data) + squeeze.flush()
        crc = zlib.crc32(each.data) if each.crc is None else each.crc
        size = len(each.data) if each.size is None else each.size
        offset = len(out)
        local_name = each.name if each.local_name is None else each.local_name
        local_flags = each.flags if each.local_flags is None else each.local_flags
        local_method = each.method if each.local_method is None else each.local_method
        out += struct.pack(
            "<4sHHHHHIIIHH",
            b"PK\x03\x04",
            20,
            local_flags,
            local_method,
            0,
            33,
            crc,
            len(packed),
            size,
            len(local_name),
            0,
        )
        out += local_name + packed
        for _ in range(each.count if each.listed else 0):
            entries += 1
            central += struct.pack(
                "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, each.flags, each.method, 0, 33, crc, len(packed), size,
                len(each.name), len(each.extra), 0, 0, 0, 0, offset,
            )  # fmt: skip
            central += each.name + each.extra
    start = len(out)
    out += central
    total = entries if count is None else count
    return bytes(out + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, total, total, len(central), start, 0))
