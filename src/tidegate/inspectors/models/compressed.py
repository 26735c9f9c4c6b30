"""One compressed file: gzip, bzip2, xz, zstd, LZ4; and what joblib writes: zlib, LZMA, its old `ZF`."""

from __future__ import annotations

from tidegate.inspectors.containers.inflated import Inflated
from tidegate.inspectors.containers.streams import Compression, Streams, compression
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER
from tidegate.records import replace

_JOBLIB = "joblib.load"
_OF_JOBLIB = frozenset(("gzip", "bzip2", "xz", "lz4", "zlib", "zlib_file", "lzma"))
_ARCHIVES = frozenset(("zip", "tar", "7z"))
_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zstd", ".lz4", ".z", ".lzma")


class Compressed:
    """There is no way into the middle of it: it is unpacked from the front, within the budget."""

    id = "compressed"
    order = 50
    holds_items = True
    instead_of = frozenset(("pickle",))
    """What begins like a pickle of protocol 0 by chance is still read through a decompressor."""

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its first bytes; where those say little, by unpacking some."""
        del size_bytes, name
        # A disk image of Apple may begin with a compressed block; what it is stands at its end.
        return compression(head) is not None and not tail[-512:].startswith(b"koly")

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge what is in it."""
        kind = compression(data.read(0, 4096))
        if kind is None or context.inside is None:
            return Judgement(self.id, model=False)
        streams = Streams(data, kind, context.meter)
        with Inflated(streams.pieces(), context.meter) as inflated:
            unfinished = inflated.finish()
            found = context.inside(inflated, _inner(name), context.siblings)
            return _judgement(kind, found, inflated, unfinished, data.size_bytes - streams.end)


def _judgement(
    kind: Compression, found: Judgement | None, inflated: Inflated, unfinished: str, left: int
) -> Judgement:
    notes = Notes(kind.id)
    if unfinished:
        notes.incomplete(f"not judged whole: {unfinished}")
    if inflated.damage:
        notes.broken(f"as {kind.id}, {inflated.damage} after {inflated.unpacked_bytes:,} bytes")
    elif not unfinished and left and found is not None:
        notes.odd("trailing_bytes", f"{left:,} bytes stand behind the compressed stream")
    judged = notes.done()
    judged.model = bool(unfinished)
    if found is None:
        judged.broken = False
        return judged
    if not found.model and found.kind not in _ARCHIVES:
        judged.broken = False
        judged.observations += found.observations
        judged.kind = found.kind if found.kind != OTHER else judged.kind
        return judged
    if found.kind == "pickle" and kind.id in _OF_JOBLIB:
        # Who unpickles a compressed file without unpacking it first is joblib.
        found.kind = "joblib"
        found.observations = [
            each if each.loader else replace(each, loader=_JOBLIB) for each in found.observations
        ]
    absorb(judged, found)
    judged.kind = found.kind
    return judged


def _inner(name: str) -> str:
    """Return the name without the ending of the compression."""
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name[:-4] + ".tar" if name.lower().endswith(".tgz") else name


PLUGIN = Compressed()
