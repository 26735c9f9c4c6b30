"""Other containers: tar, legacy torch files, LZ4 frames, joblib and numpy files. All by hand."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Mapping

from corpus_models.assemble import BINPERSID, BUILD, NEWOBJ, POP, STOP, Code, name, proto, push, stream

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""torch/serialization.py, MAGIC_NUMBER."""


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    """Return a tar archive; mode `w:gz`, `w:xz`, `w:bz2` packs it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for key, data in files.items():
            member = tarfile.TarInfo(key)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def torch_legacy(
    object_pickle: bytes,
    *,
    keys_pickle: bytes | None = None,
    magic: bytes | None = None,
    storages: tuple[bytes, ...] = (),
) -> bytes:
    """Return the five pickles and the storages of a file from before torch 1.6."""
    ids = [str(number) for number in range(len(storages))]
    system = {
        "protocol_version": 1001,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    pickles = [
        magic if magic is not None else stream(push(LEGACY_MAGIC), protocol=2),
        stream(push(1001), protocol=2),
        stream(push(system, old=True), protocol=2),
        object_pickle,
        keys_pickle if keys_pickle is not None else stream(push(ids, old=True), protocol=2),
    ]
    return b"".join(pickles) + b"".join(struct.pack("<Q", len(each) // 4) + each for each in storages)


def legacy_tensor(key: str = "0", shape: tuple[int, ...] = (2, 2), kind: str = "FloatStorage") -> Code:
    """Push a tensor as legacy files hold it: the persistent id has a sixth part, the view."""
    count = shape[0] * shape[1]
    storage = Code(push(("storage", name(f"torch.{kind}"), key, "cpu", count, None), old=True) + BINPERSID)
    hooks = Code(name("collections.OrderedDict") + b")R")
    return Code(
        name("torch._utils._rebuild_tensor_v2")
        + push((storage, 0, shape, (shape[1], 1), False, hooks))
        + b"R"
    )


def npy(array_bytes: bytes, *, descr: str = "'<f8'", shape: str = "(3,)", version: int = 1) -> bytes:
    """Return a numpy file. Source: numpy/lib/format.py."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    prefix = 10 if version == 1 else 12
    padded = text + " " * (-(prefix + len(text) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(padded))
    return b"\x93NUMPY" + bytes((version, 0)) + length + padded.encode("latin-1") + array_bytes


def joblib_array(raw: bytes, shape: tuple[int, ...], *, dtype: str = "f8") -> Code:
    """Push an array as joblib writes it: a wrapper whose BUILD is followed by padding and raw bytes."""
    state = {
        "subclass": name("numpy.ndarray"),
        "shape": shape,
        "order": "C",
        "dtype": _dtype(dtype),
        "allow_mmap": True,
        "numpy_array_alignment_bytes": 16,
    }
    wrapper = Code(name("joblib.numpy_pickle.NumpyArrayWrapper") + b")" + NEWOBJ)
    return Code(wrapper + push(state) + BUILD + raw)


def padding(position: int) -> bytes:
    """Return joblib's alignment byte and the padding for raw bytes that follow `position`."""
    missing = 16 - (position + 1) % 16
    return bytes([missing]) + b"\xff" * missing


def joblib_file(*behind: bytes, raw: bytes = b"\0" * 24) -> bytes:
    """Return a joblib file: a list of one array, then whatever is put behind it before STOP."""
    head = proto(3) + b"]"
    wrapper = joblib_array(b"", (len(raw) // 8,))
    begun = head + wrapper
    return begun + padding(len(begun)) + raw + b"a" + b"".join(behind) + STOP


def _dtype(code: str) -> Code:
    made = Code(name("numpy.dtype") + push((code, False, True)) + b"R")
    order = "|" if code.startswith("O") else "<"
    return Code(made + push((3, order, None, None, None, -1, -1, 63 if order == "|" else 0)) + BUILD)


def lz4_frame(data: bytes) -> bytes:
    """Return an LZ4 frame of blocks that are not compressed. Source: lz4_Frame_format.md."""
    descriptor = bytes((0x60, 0x70))
    out = bytearray(struct.pack("<I", 0x184D2204) + descriptor)
    out.append(_xxh32(descriptor) >> 8 & 0xFF)
    for start in range(0, len(data), 1 << 22):
        block = data[start : start + (1 << 22)]
        out += struct.pack("<I", len(block) | 0x80000000) + block
    return bytes(out + bytes(4))


_P1, _P2, _P3, _P4, _P5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393


def _xxh32(data: bytes) -> int:
    """Return xxHash-32, seed 0, of fewer than four bytes: a frame descriptor has two."""
    value = _P5 + len(data)
    for byte in data:
        value = value + byte * _P5 & 0xFFFFFFFF
        value = (value << 11 | value >> 21) * _P1 & 0xFFFFFFFF
    value = (value ^ value >> 15) * _P2 & 0xFFFFFFFF
    value = (value ^ value >> 13) * _P3 & 0xFFFFFFFF
    return value ^ value >> 16


def object_pickle(code: bytes) -> bytes:
    """Return a pickle of protocol 3 that runs `code`, throws its result away and gives None."""
    return stream(code, POP, b"N", protocol=3)
