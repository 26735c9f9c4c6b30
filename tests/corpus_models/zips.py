"""A zip writer that can lie: every field of a local header and of the directory can be set by itself.

Source of the fields: PKWARE's APPNOTE.TXT, 4.3.7, 4.3.12, 4.3.16.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from corpus_models.assemble import BINPERSID, EMPTY_TUPLE, REDUCE, Code, name, push, stream

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member; what is `None` is told as it is."""

    name: str
    data: bytes
    method: int = STORED
    local_name: str | None = None
    local_flags: int = 0
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    """What both headers say of the unpacked size."""
    align: int = 0
    """Pads the local header so that the data begins at a multiple of this, as torch does with 64."""


def zipped(
    entries: Sequence[Entry],
    *,
    before: bytes = b"",
    behind: bytes = b"",
    comment: bytes = b"",
    shifted: bool = False,
) -> bytes:
    """Return an archive. shifted: offsets count from the archive's own start, not from that of `before`."""
    out, directory = bytearray(before), bytearray()
    base = len(before) if shifted else 0
    for each in entries:
        packed = _packed(each)
        at = len(out) - base
        crc = zlib.crc32(each.data) if each.crc is None else each.crc
        size = len(each.data) if each.size is None else each.size
        local = (each.local_name if each.local_name is not None else each.name).encode()
        extra = _padding(len(out) + 30 + len(local), each.align)
        out += struct.pack(
            "<4sHHHHHIIIHH",
            b"PK\3\4", 20, each.local_flags, each.method, 0, 0x21, crc, len(packed), size, len(local), len(extra),
        )  # fmt: skip
        out += local + extra + packed
        told = each.name.encode()
        directory += struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\1\2", 20, 20, each.flags, each.method, 0, 0x21, crc, len(packed), size,
            len(told), 0, 0, 0, 0, 0, at,
        )  # fmt: skip
        directory += told
    start = len(out) - base
    out += directory
    out += struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), start, len(comment)
    )
    return bytes(out) + comment + behind


def _packed(each: Entry) -> bytes:
    match each.method:
        case 8:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            return deflate.compress(each.data) + deflate.flush()
        case 12:
            return bz2.compress(each.data)
        case 14:
            filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]
            raw = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=filters)
            return b"\x09\x14\x05\x00\x5d\x00\x00\x01\x00" + raw.compress(each.data) + raw.flush()
        case _:
            return each.data


def _padding(position: int, align: int) -> bytes:
    if not align:
        return b""
    missing = -(position + 4) % align
    return struct.pack("<2sH", b"FB", missing) + b"Z" * missing


def torch_zip(
    data_pkl: bytes, *, root: str = "archive", storages: Sequence[bytes] = (b"\0" * 16,), **more: bytes
) -> bytes:
    """Return what `torch.save` writes around this `data.pkl`. more: further members by name, `/` as `__`."""
    return zipped(torch_entries(data_pkl, root=root, storages=storages, **more))


def torch_entries(
    data_pkl: bytes, *, root: str = "archive", storages: Sequence[bytes] = (b"\0" * 16,), **more: bytes
) -> list[Entry]:
    """Return the members of it, in torch's order."""
    files = {
        "data.pkl": data_pkl,
        ".format_version": b"1",
        ".storage_alignment": b"64",
        "byteorder": b"little",
    }
    files |= {f"data/{number}": each for number, each in enumerate(storages)}
    files |= {"version": b"3\n", ".data/serialization_id": b"0" * 40}
    files |= {key.replace("__", "/"): each for key, each in more.items()}
    return [Entry(name=f"{root}/{key}", data=each, align=64) for key, each in files.items()]


def tensor(
    key: str = "0", shape: tuple[int, ...] = (2, 2), kind: str = "FloatStorage", **changed: object
) -> Code:
    """Push a tensor as torch's own pickler writes it: a storage by persistent id, rebuilt.

    changed: `offset`, `stride`, `numel` that do not fit.
    """
    count = 1
    for each in shape:
        count *= each
    stride = tuple(_product(shape[index + 1 :]) for index in range(len(shape)))
    persistent = ("storage", name(f"torch.{kind}"), key, "cpu", changed.get("numel", count))
    storage = Code(push(persistent, old=True) + BINPERSID)
    hooks = Code(name("collections.OrderedDict") + EMPTY_TUPLE + REDUCE)
    arguments = (storage, changed.get("offset", 0), shape, changed.get("stride", stride), False, hooks)
    return Code(name("torch._utils._rebuild_tensor_v2") + push(arguments, old=True) + REDUCE)


def _product(numbers: Sequence[int]) -> int:
    count = 1
    for each in numbers:
        count *= each
    return count


def state_dict(*, layers: int = 1) -> bytes:
    """Return the `data.pkl` of a plain state dict."""
    pairs = {}
    for layer in range(layers):
        pairs[f"layers.{layer}.weight"] = tensor(str(layer))
    return stream(push(pairs, old=True), protocol=2)
