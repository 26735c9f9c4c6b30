"""Small valid files of each format, written by hand, and how one is judged in a test."""

from __future__ import annotations

import json
import struct
from typing import Any

from tidegate.inspectors.readable import Counted, Memory, Readable
from tidegate.inspectors.seam import Context, Judgement, ModelFormat
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict


def claimed(plugin: ModelFormat, raw: bytes, name: str = "model.bin") -> bool:
    return plugin.claims(raw[:4096], raw[-4096:], len(raw), name)


def judged(
    plugin: ModelFormat,
    raw: bytes | Readable,
    name: str = "model.bin",
    beside: dict[str, bytes] | None = None,
) -> Judgement:
    data = Memory(raw) if isinstance(raw, bytes) else raw
    files = beside or {}
    return plugin.judge(
        data, name, Context(0, siblings=lambda name: Memory(files[name]) if name in files else None)
    )


def word(
    plugin: ModelFormat,
    raw: bytes | Readable,
    name: str = "model.bin",
    beside: dict[str, bytes] | None = None,
) -> Verdict:
    return verdict(judged(plugin, raw, name, beside))


def said(
    plugin: ModelFormat,
    raw: bytes | Readable,
    name: str = "model.bin",
    beside: dict[str, bytes] | None = None,
) -> str:
    return "\n".join(each.summary for each in judged(plugin, raw, name, beside).observations)


def kinds(plugin: ModelFormat, raw: bytes | Readable, name: str = "model.bin") -> set[str]:
    return {each.kind for each in judged(plugin, raw, name).observations}


class Sparse:
    """A file that is mostly zeros: what is written at some places, and how long it is."""

    def __init__(self, size_bytes: int, parts: dict[int, bytes]) -> None:
        self.size_bytes = size_bytes
        self._parts = parts

    def read(self, offset: int, count: int) -> bytes:
        count = max(0, min(count, self.size_bytes - offset))
        made = bytearray(count)
        for at, part in self._parts.items():
            begin, end = max(offset, at), min(offset + count, at + len(part))
            if begin < end:
                made[begin - offset : end - offset] = part[begin - at : end - at]
        return bytes(made)


def counted(size_bytes: int, parts: dict[int, bytes]) -> Counted:
    return Counted(Sparse(size_bytes, parts))


def varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def message(*fields: tuple[int, Any]) -> bytes:
    """A protocol buffer: numbers become varints, text and bytes become what has a length."""
    made = b""
    for number, value in fields:
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            raw = value.encode() if isinstance(value, str) else value
            made += varint(number << 3 | 2) + varint(len(raw)) + raw
    return made


def safetensors(header: dict[str, Any] | bytes, data: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def gguf_text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf(
    keys: dict[str, str | int | list[str]],
    tensors: list[tuple[str, list[int], int, int]] = [],  # noqa: B006
    data: bytes = b"",
) -> bytes:
    """tensors: name, shape, type, offset."""
    made = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    for key, value in keys.items():
        made += gguf_text(key)
        if isinstance(value, str):
            made += struct.pack("<I", 8) + gguf_text(value)
        elif isinstance(value, int):
            made += struct.pack("<II", 4, value)
        else:
            made += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(gguf_text, value))
    for name, shape, kind, offset in tensors:
        made += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    if not tensors:
        return made
    return made + bytes(-len(made) % 32) + data
