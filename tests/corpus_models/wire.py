"""Small writers for formats that are not pickles: protobuf, HDF5, GGUF, safetensors, msgpack, FlatBuffers."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | str | bytes) -> bytes:
    """Return one field of a protobuf message: a varint, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def safetensors(
    header: Mapping[str, object] | bytes, data: bytes = b"", *, length: int | None = None
) -> bytes:
    """Return a safetensors file; length: what it says of its header, where that is a lie."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def gguf(
    pairs: Mapping[str, object],
    *,
    tensors: int = 0,
    tensor_info: bytes = b"",
    data: bytes = b"",
    version: int = 3,
    count: int | None = None,
) -> bytes:
    """Return a GGUF file. Source: ggml docs/gguf.md."""
    out = bytearray(struct.pack("<4sIQQ", b"GGUF", version, tensors, len(pairs) if count is None else count))
    for key, value in pairs.items():
        out += _gguf_text(key) + _gguf_value(value)
    out += tensor_info
    return bytes(out + bytes(-len(out) % 32) + data)


def gguf_tensor(key: str, shape: Sequence[int], offset: int = 0) -> bytes:
    """Return the description of a float32 tensor."""
    dimensions = b"".join(struct.pack("<Q", each) for each in shape)
    return _gguf_text(key) + struct.pack("<I", len(shape)) + dimensions + struct.pack("<IQ", 0, offset)


def _gguf_text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _gguf_value(value: object) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _gguf_text(value)
        case bytes():
            return value
        case list():
            inner = b"".join(_gguf_value(each)[4:] for each in value)
            kind = _gguf_value(value[0])[:4] if value else struct.pack("<I", 4)
            return struct.pack("<I", 9) + kind + struct.pack("<Q", len(value)) + inner
        case _:
            raise TypeError(type(value).__name__)


def msgpack(value: object) -> bytes:
    """Return constants in msgpack; `(code, bytes)` is an extension."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return b"\xce" + struct.pack(">I", value)
        case str():
            raw = value.encode()
            return b"\xd9" + bytes([len(raw)]) + raw
        case bytes():
            return b"\xc5" + struct.pack(">H", len(value)) + value
        case list():
            return b"\xdc" + struct.pack(">H", len(value)) + b"".join(map(msgpack, value))
        case dict():
            return (
                b"\xde"
                + struct.pack(">H", len(value))
                + b"".join(msgpack(k) + msgpack(v) for k, v in value.items())
            )
        case (int() as code, bytes() as raw):
            return b"\xc8" + struct.pack(">HB", len(raw), code) + raw
        case _:
            raise TypeError(type(value).__name__)


def flatbuffer(identifier: bytes, *, operators: Sequence[str] = ()) -> bytes:
    """Return a TFLite model whose table holds a version and its operator codes (custom names, "" for built in).

    Source: tensorflow/lite/schema/schema.fbs (Model: version 0, operator_codes 1; OperatorCode: custom_code 1).
    """
    codes = bytearray()
    spots = []
    for each in operators:
        raw = each.encode()
        # vtable (4 slots: deprecated_builtin_code, custom_code), table, string.
        spots.append(len(codes) + 8)
        codes += struct.pack("<HHHH", 8, 12, 4 if not raw else 0, 8 if raw else 0)
        codes += struct.pack("<iiI", 8, 0, 4)
        codes += struct.pack("<I", len(raw)) + raw + bytes(4 - len(raw) % 4)
    model_at = 8 + 8  # root offset, identifier, then the vtable
    table = struct.pack("<iII", 8, 3, 4)
    vector_at = model_at + len(table)
    codes_at = vector_at + 4 + 4 * len(spots)
    vector = struct.pack("<I", len(spots))
    for index, spot in enumerate(spots):
        here = vector_at + 4 + 4 * index
        vector += struct.pack("<I", codes_at + spot - here)
    vtable = struct.pack("<HHHH", 8, 12, 4, 8)
    return struct.pack("<I4s", model_at, identifier) + vtable + table + vector + bytes(codes)
