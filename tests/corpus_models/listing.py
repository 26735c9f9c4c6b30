"""Lists of opcodes, as `benchmarks/accuracy/record.py` writes them of real models, back into bytes."""

from __future__ import annotations

import ast
import pickletools
import re
from pathlib import Path

from corpus_models.packed import torch_legacy
from corpus_models.zips import Entry, torch_entries, zipped

RECORDED = Path(__file__).parent / "recorded"
_CODES = {each.name: each.code.encode("latin-1") for each in pickletools.opcodes}
_LINE = re.compile(r"((?:[A-Z0-9_]+ ?)+?)(?: (b(?:'.*'|\".*\"))(?: (\d+))?)?")


def assemble(text: str) -> bytes:
    """Return the pickle that the list describes; what was blanked comes back as zeros, or as `x` in texts."""
    out = bytearray()
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"not a line of opcodes: {line!r}")
        names = match[1].split()
        out += b"".join(_CODES[each] for each in names)
        if match[2]:
            out += ast.literal_eval(match[2])
        if match[3]:
            out += (b"x" if "UNICODE" in names[-1] or "STRING" in names[-1] else b"\0") * int(match[3])
    return bytes(out)


def model(name: str) -> bytes:
    """Return a recorded model as a file: a pickle, or what torch writes around it."""
    first, _, text = (RECORDED / f"{name}.txt").read_text(encoding="ascii").partition("\n")
    kind, *storages = first.split(" ") if " " in first else [first]
    data = assemble(text)
    if kind == "pickle":
        return data
    if kind == "torch_legacy":
        parts = [each.split(":") for each in storages]
        keys = b"]" + b"".join(
            b"X" + len(key).to_bytes(4, "little") + key.encode() + b"a" for key, _, _ in parts
        )
        behind = [
            int(count).to_bytes(8, "little") + bytes(int(count) * int(item)) for _, count, item in parts
        ]
        return torch_legacy(data, keys_pickle=b"\x80\x02" + keys + b".") + b"".join(behind)
    entries = torch_entries(data, storages=())
    sizes = dict(each.split(":") for each in storages if each)
    entries += [
        Entry(name=f"archive/data/{key}", data=bytes(int(size)), align=64) for key, size in sizes.items()
    ]
    return zipped(entries)
