"""Opening containers inside of containers, down to the documents."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple, cast

from tidegate.model.document import Tally
from tidegate.sources.unpack.kinds import HEAD_BYTES, is_program, sniff, sniff_end
from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError, Limits
from tidegate.sources.unpack.reader import Reader

Opener = Callable[[Reader, str, Budget], Iterator[tuple[str, Reader]]]
"""`(content, inner path, budget)` -> members. Each member is read before the next is asked for.

`BrokenError` says that nothing more can be read; lesser damage is a gap of the budget.
"""

OPENERS: Final = {
    "zip": "ziparchive.open_zip",
    "tar": "image.open_image",
    "gz": "streams.open_gz",
    "bz2": "streams.open_bz2",
    "xz": "streams.open_xz",
    "zst": "streams.open_zst",
    "lzma": "streams.open_lzma",
    "7z": "sevenzip.open_7z",
    "ar": "arfile.open_ar",
    "pdf": "pdf.open_pdf",
    "sqlite": "sqlite.open_sqlite",
    "appended": "ziparchive.open_zip",
    "mail": "mail.open_mail",
    "mbox": "mail.open_mbox",
    "git-pack": "gitpack.open_pack",
    "git-bundle": "gitpack.open_bundle",
    "git-object": "gitobject.open_object",
}
"""kind -> module of this package and its `Opener`. Loaded when the first of a kind is met: a hook on three
files meets none, and should not wait for them."""
_UNREAD: Final = {
    "rar": "rar archives are not opened: there is no free reader",
    "rpm": "packages of RPM are not opened",
    "cab": "cabinets are not opened",
    "compress": "files of compress (.Z) are not opened",
}
STREAMS: Final = frozenset(("gz", "bz2", "xz", "zst", "lzma"))
FORWARD: Final = STREAMS | {"tar", "ar", "git-object", "mail", "mbox"}
"""These are read forward, at any size; the others must lie in memory."""
ALSO_RAW: Final = frozenset(("pdf", "sqlite", "appended", "mail", "mbox"))
"""Their own bytes are a document too: they may hold what no member shows."""
_PASSING: Final = FORWARD - ALSO_RAW
"""Read once: these need not be held."""
_RUNS_BYTES: Final = 64 << 20
"""Office documents up to this size are also read as text."""
_HOLD: Final = 8 << 20
"""Members up to this size are held in memory."""
_SHORT: Final = 1 << 20
"""Members up to this size are held to see how they end; programs up to `Limits.member_bytes`."""


class Leaf(NamedTuple):
    """A document inside of a container."""

    path: str
    """Inside of the outermost container; `!/` goes into a nested one."""
    content: Reader


def unpack(
    kind: str, data: bytes | memoryview, path: str, tally: Tally, limits: Limits | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield `(inner path, content)` of every document in a container, nested ones opened too.

    Whatever is wrong with it is a gap in `tally`, and never an exception; `path` is its subject.
    """
    limits = limits or Limits()
    for path_inside, content in leaves(kind, Reader(data), len(data), path, tally, limits=limits):
        whole = bytes(content.take(limits.member_bytes))
        if content.peek(1):
            subject = f"{path}!/{path_inside}"
            tally.gap("source", subject, f"only the first {len(whole):,} bytes were read")
        yield path_inside, whole


def leaves(
    kind: str, source: Reader, size: int, path: str, tally: Tally, *, limits: Limits | None = None
) -> Iterator[Leaf]:
    """Yield the documents as readers, for those who read what is large in windows.

    Each is read before the next is asked for. `size`: of the container, by which its growth is judged.
    What is not in `FORWARD` must lie in memory (`Reader(data)`).
    """
    budget = Budget(path, size, tally, limits or Limits())
    with suppress(ExhaustedError):
        yield from _open(kind, source, "", (source.lying(),), budget)
    budget.finish()


def opener_of(kind: str) -> Opener | None:
    """Return what opens a kind, or `None`."""
    where = OPENERS.get(kind)
    if where is None:
        return None
    module, _, name = where.partition(".")
    return cast("Opener", getattr(importlib.import_module(f"{__package__}.{module}"), name))


def _open(
    kind: str, source: Reader, inner: str, chain: tuple[memoryview, ...], budget: Budget
) -> Iterator[Leaf]:
    """`chain`: the containers around, outermost first, as far as they lie in memory."""
    opener = opener_of(kind)
    if opener is None:
        budget.gap(inner, _UNREAD.get(kind, f"{kind} is not opened"))
        return
    prefix = f"{inner}!/" if inner else ""
    try:
        for name, member in opener(source, inner, budget):
            found = _kind_of(member, budget)
            if found is None:
                yield from _leaf(member, prefix + name, runs=kind == "zip" and name.endswith(".xml"))
            elif found == "tar" and kind in STREAMS:
                member.hold(_HOLD)  # What is held can be run over twice.
                # One name for both: `a.tar.gz!/x`, not `a.tar.gz!/a.tar!/x`.
                yield from _open("tar", member, inner, chain, budget)
            else:
                yield from _nested(found, member, prefix + name, chain, budget)
            budget.clock()
    except BrokenError as error:
        budget.gap(inner, str(error))


def _kind_of(member: Reader, budget: Budget) -> str | None:
    """Return which container a member is. What ends in a zip is seen where it lies in memory, or can."""
    head = member.peek(HEAD_BYTES)
    found = sniff(head, len(head))
    if found is not None:
        return found
    limit = budget.limits.member_bytes if is_program(head) else max(_SHORT, len(member.lying()))
    whole = member.hold(limit)
    return None if whole is None else sniff_end(head, len(whole), lambda count: whole[-count:])


def _nested(
    kind: str, member: Reader, inner: str, chain: tuple[memoryview, ...], budget: Budget
) -> Iterator[Leaf]:
    uncovered = budget.uncovered
    if len(chain) >= budget.limits.depth:
        budget.gap(inner, f"not opened: nested deeper than {budget.limits.depth}")
        budget.uncovered = uncovered
        yield from _leaf(member, inner)
        return
    whole = member.hold(_HOLD if kind in _PASSING else budget.limits.member_bytes)
    if whole is None and kind not in _PASSING:
        budget.gap(inner, f"not opened: larger than {budget.limits.member_bytes:,} bytes")
        budget.uncovered = uncovered
        yield from _leaf(member, inner)
    elif whole is None:
        yield from _open(kind, member, inner, (*chain, memoryview(b"")), budget)
    elif not any(len(whole) == len(outer) and whole == outer for outer in chain):
        # Not a quine, which holds itself and is being read already.
        yield from _open(kind, Reader(whole), inner, (*chain, whole), budget)
        if budget.uncovered > uncovered or kind in ALSO_RAW:
            budget.uncovered = uncovered
            yield from _leaf(Reader(whole), inner)


def _leaf(member: Reader, inner: str, *, runs: bool = False) -> Iterator[Leaf]:
    if not member.peek(1):
        return
    if not runs:
        yield Leaf(inner, member)
        return
    from tidegate.sources.unpack.office import has_runs, joined  # noqa: PLC0415

    whole = member.hold(_RUNS_BYTES) if has_runs(inner.rpartition("!/")[2]) else None
    yield Leaf(inner, member)
    if whole is not None and (text := joined(whole)):
        yield Leaf(inner + "#text", Reader(text))
