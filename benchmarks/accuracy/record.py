"""Write down the pickles of real models as lists of opcodes, so that the tests need none of the libraries.

    python benchmarks/accuracy/record.py FOLDER_OF_REAL_MODELS tests/corpus_models/recorded

Numbers and long texts are replaced by as many zeros, pickles within pickles are kept: what counts is which
names are called with what.
Runs with any Python: the models are read as bytes and never loaded. `corpus_models.listing` reads the lists.
"""

from __future__ import annotations

import io
import pickletools
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

LONGEST_KEPT = 100
"""Longer literals are blanked: nothing decides by them but their length. Names and parameters are shorter."""
LONGEST_LISTING = 24_000
"""Larger lists are left out: the benchmark has the models themselves."""
_COUNTS = {
    "uint1": 1,
    "bytes1": 1,
    "string1": 1,
    "unicodestring1": 1,
    "bytes4": 4,
    "string4": 4,
    "unicodestring4": 4,
}
_COUNTS |= {"bytes8": 8, "unicodestring8": 8, "bytearray8": 8}


def listing(data: bytes) -> str:
    """Return the opcodes of one pickle: names without operands share a line with the next that has one."""
    places = [(opcode, at) for opcode, _, at in pickletools.genops(data)]
    ends = [at for _, at in places[1:]] + [places[-1][1] + 1]
    lines, names = [], []
    for (opcode, at), end in zip(places, ends, strict=True):
        names.append(opcode.name)
        operand = data[at + 1 : end]
        if operand:
            lines.append(" ".join(names) + " " + _operand(opcode.arg.name, operand))
            names = []
    return "\n".join([*lines, " ".join(names)]).strip() + "\n"


def _operand(kind: str, operand: bytes) -> str:
    count = _COUNTS.get(kind)
    # A pickle within, or the code that scipy's distributions run: its words decide.
    nested = count is not None and operand[count:].startswith((b"\x80", b"\ndef _parse_args("))
    if count is None or nested or len(operand) - count <= LONGEST_KEPT:
        return repr(operand)
    return f"{operand[:count]!r} {len(operand) - count}"


def recorded(path: Path) -> Iterator[str]:
    """Yield the lines of one model's file: what it is, sizes of its storages, its pickle."""
    data = path.read_bytes()
    if path.suffix == ".ckpt":
        stream, parts = io.BytesIO(data), []
        for _ in range(5):
            begun = stream.tell()
            for _each in pickletools.genops(stream):
                pass
            parts.append(data[begun : stream.tell()])
        keys = [arg for _, arg, _ in pickletools.genops(parts[4]) if isinstance(arg, str)]
        sizes = storages(data, stream.tell(), len(keys))
        yield f"torch_legacy {' '.join(map(':'.join, zip(keys, sizes, strict=True)))}\n"
        yield listing(parts[3])
        return
    if data[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (name,) = (each for each in archive.namelist() if each.endswith("/data.pkl"))
            root = name.removesuffix("data.pkl")
            sizes = [
                f"{i.filename.removeprefix(root)[5:]}:{i.file_size}"
                for i in archive.infolist()
                if i.filename.startswith(f"{root}data/")
            ]
            yield f"torch_zip {' '.join(sizes)}\n"
            yield listing(archive.read(name))
        return
    yield "pickle\n"
    yield listing(data)


def storages(data: bytes, at: int, left: int) -> list[str] | None:
    """Return count and bytes an item of the storages from `at` on, such that they end with the file."""
    if not left:
        return [] if at == len(data) else None
    count = int.from_bytes(data[at : at + 8], "little")
    for item in (4, 8, 2, 1):
        stop = at + 8 + count * item
        further = storages(data, stop, left - 1) if stop <= len(data) else None
        if further is not None:
            return [f"{count}:{item}", *further]
    return None


def main() -> int:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    kept = 0
    for path in sorted(source.iterdir()):
        wanted = path.suffix == ".pkl" or (path.name.startswith("torch-") and path.suffix in (".pt", ".ckpt"))
        if not wanted:
            continue
        text = "".join(recorded(path))
        if len(text) <= LONGEST_LISTING:
            (target / f"{path.name}.txt").write_text(text, encoding="ascii")
            kept += 1
    print(f"{kept} lists: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
