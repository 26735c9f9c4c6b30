"""Files that HFS+ and APFS have compressed are read; what is not read says by what it was packed."""

from __future__ import annotations

import struct
import zlib
from random import Random

import pytest
from made_apfs import Container
from made_hfsplus import HfsPlus

from tidegate.inspectors.disks.damage import DamageError
from tidegate.inspectors.disks.decmpfs import open_packed
from tidegate.inspectors.disks.partitions import volumes
from tidegate.inspectors.readable import Memory

TEXT = b"".join(b"line %d of a long text\n" % number for number in range(9000))
NOISE = Random(7).randbytes(70_000)


def attribute(form: int, size: int, inside: bytes = b"") -> bytes:
    return b"fpmc" + struct.pack("<IQ", form, size) + inside


def fork(data: bytes) -> bytes:
    """A resource fork: its header, then blocks, those of noise as they are."""
    blocks = []
    for at in range(0, len(data), 65536):
        part = data[at : at + 65536]
        packed = zlib.compress(part)
        blocks.append(packed if len(packed) < len(part) else b"\xff" + part)
    rows, at = b"", 4 + 8 * len(blocks)
    for each in blocks:
        rows += struct.pack("<II", at, len(each))
        at += len(each)
    body = struct.pack("<I", len(blocks)) + rows + b"".join(blocks)
    return (
        struct.pack(">IIII", 256, 260 + len(body), len(body), 50).ljust(256, b"\0")
        + struct.pack(">I", len(body))
        + body
    )


def lzvn(data: bytes) -> bytes:
    """Literals, and of what repeats its own first half matches; a stream ends with the opcode 6 and zeros."""
    half = len(data) // 2
    if half > 80 and data[:half] == data[half : 2 * half]:
        out, left = literals(data[:half]), half - 10
        out += bytes([0x3F]) + struct.pack("<H", half)  # ten bytes from that far back
        while left > 16:
            count = min(left, 271)
            out += bytes([0xF0, count - 16])
            left -= count
        out += bytes([0xF0 | left]) if left else b""
        return out + literals(data[2 * half :]) + b"\x06" + bytes(7)
    return literals(data) + b"\x06" + bytes(7)


def literals(data: bytes) -> bytes:
    out = b""
    for at in range(0, len(data), 271):
        part = data[at : at + 271]
        out += (bytes([0xE0, len(part) - 16]) if len(part) >= 16 else bytes([0xE0 | len(part)])) + part
    return out


def raw_lzfse(data: bytes) -> bytes:
    return b"bvx-" + struct.pack("<I", len(data)) + data + b"bvx$"


def listed(data: bytes, pack) -> bytes:
    """A fork of the later form: offsets of blocks, the last that of their end."""
    blocks = [pack(data[at : at + 65536]) for at in range(0, len(data), 65536)]
    ends, at = [], 4 * (len(blocks) + 1)
    for each in [b"", *blocks]:
        at += len(each)
        ends.append(at)
    return struct.pack(f"<{len(ends)}I", *ends) + b"".join(blocks)


TWICE = (TEXT[:32_768] * 2) + TEXT
FILES = {
    "short, LZVN": (b"a few words\n", attribute(7, 12, lzvn(b"a few words\n")), b""),
    "plain, LZVN": (b"as they are", attribute(7, 11, b"\x06as they are"), b""),
    "long, LZVN": (TWICE, attribute(8, len(TWICE)), listed(TWICE, lzvn)),
    "short, LZFSE": (b"a few words\n", attribute(11, 12, raw_lzfse(b"a few words\n")), b""),
    "long, LZFSE": (TEXT, attribute(12, len(TEXT)), listed(TEXT, raw_lzfse)),
    "short.txt": (b"a few words\n", attribute(3, 12, zlib.compress(b"a few words\n")), b""),
    "plain.txt": (b"as they are", attribute(3, 11, b"\xffas they are"), b""),
    "long.txt": (TEXT, attribute(4, len(TEXT)), fork(TEXT)),
    "noise.bin": (NOISE, attribute(4, len(NOISE)), fork(NOISE)),
}


def on_hfs() -> bytes:
    made = HfsPlus()
    for name, (_, how, packed) in FILES.items():
        made.file(f"Users/anna/{name}", packed=how, fork=packed)
    return made.written()


def on_apfs() -> bytes:
    container = Container()
    files = {f"Users/anna/{name}": b"" for name in FILES}
    packed = {f"Users/anna/{name}": (how, of) for name, (_, how, of) in FILES.items()}
    return container.written([container.volume("Macintosh HD", files, packed=packed)])


@pytest.mark.parametrize("form", ["HFS+", "APFS"])
@pytest.mark.parametrize("name", FILES)
def test_what_a_mac_has_compressed_is_read_in_any_part(form, name):
    (volume,), _ = volumes(form, Memory(on_hfs() if form == "HFS+" else on_apfs()))
    node = volume.root
    for part in ("Users", "anna", name):
        node = volume.find(node, part)
    data = volume.open(node)
    assert data.read(0, 1 << 20) == FILES[name][0]
    assert data.read(65_000, 1000) == FILES[name][0][65_000:66_000]


@pytest.mark.parametrize(("form", "word"), [(14, "LZBITMAP"), (99, "form 99")])
def test_what_is_not_read_says_by_what_it_was_packed(form, word):
    with pytest.raises(DamageError, match=word):
        open_packed(attribute(form, 10), lambda: Memory(b""))


@pytest.mark.parametrize("cut", [0, 3, 17, 255, 260, 270, 300])
def test_a_fork_that_is_cut_off_is_damage(cut):
    with pytest.raises(DamageError):
        open_packed(attribute(4, len(TEXT)), lambda: Memory(fork(TEXT)[:cut])).read(0, 1 << 20)
