"""Where the next stream begins: behind a STOP, behind padding, or somewhere in junk."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.pickles.limits import Limits
from tidegate.inspectors.pickles.notes import Notes
from tidegate.inspectors.pickles.opcodes import ARGS, Arg
from tidegate.inspectors.pickles.window import Window
from tidegate.model.severity import Severity

_START: Final = re.compile(
    rb"\x80[\x00-\x05](?=[\x95()NIJKM}\]\x8cXcU\x88\x89\x8a\x8f\x97CBGFSVLiTp])"
    rb"|[ci][A-Za-z_][\w.]{0,99}\n[A-Za-z_][\w.]{0,99}\n(?=[(c\]})qpSVI\x80RUXtNKMJ0-2])"
)
"""PROTO before an opcode that streams begin with; or GLOBAL and INST with names, which need no PROTO."""
_STEP_BYTES = 1 << 16
_OVERLAP_BYTES = 256


def next_stream(window: Window, reached: int, end: int | None, notes: Notes, limits: Limits) -> int | None:
    """Return where a further stream begins after the one that was read up to `reached`, or `None`.

    end: offset after its STOP; `None`: it broke, and what follows is looked for from there.
    """
    if end is None:
        return _search(window, reached, notes, limits)
    if end >= window.stop:
        return None
    following = _after_padding(window, end, limits)
    if following > end:
        notes.add("padding", Severity.LOW, f"{following - end:,} NUL bytes follow a stream", offset=end)
    if following >= window.stop:
        return None
    head = window.bytes(following, 256)
    if not head:
        notes.broken("trailing", "fewer bytes follow the last stream than were promised", offset=following)
        return None
    if ARGS[head[0]] != Arg.UNKNOWN and (head[0] == 0x80 or _looks_like_text(head)):
        if following > end:
            notes.tampering("junk", "a further stream stands behind padding", offset=following)
        return following
    if window.stop - following <= 2 and head in (b"\n", b"\r\n"):
        notes.add("trailing", Severity.INFO, "a line end follows the last stream", offset=following)
        return None
    found = _search(window, following, notes, limits)
    if found is None:
        notes.broken(
            "trailing", f"{window.stop - following:,} bytes follow that are no pickle", offset=following
        )
    else:
        notes.tampering("junk", "a further stream stands behind bytes that are no pickle", offset=found)
    return found


def _looks_like_text(head: bytes) -> bool:
    """Tell whether a stream without PROTO may begin here."""
    return head[:1] in b"(]}cNIJKMSVLFGUX)i\x88\x89\x8a\x8c\x8f\x95C"


def _after_padding(window: Window, at: int, limits: Limits) -> int:
    while at < window.stop and limits.searches_bytes > 0:
        part = window.bytes(at, _STEP_BYTES)
        limits.searches_bytes -= len(part)
        rest = part.lstrip(b"\0")
        at += len(part) - len(rest)
        if rest or not part:  # nothing more comes, though its size says so
            break
    return at


def _search(window: Window, at: int, notes: Notes, limits: Limits) -> int | None:
    """Look for the beginning of a stream from `at` on, as far as the limits go."""
    while at < window.stop:
        if limits.searches_bytes <= 0:
            notes.judgement.complete = False
            return None
        part = window.bytes(at, _STEP_BYTES)
        found = _START.search(part)
        if found:
            return at + found.start()
        limits.searches_bytes -= len(part)
        if not part or at + len(part) >= window.stop:
            return None
        at += max(1, len(part) - _OVERLAP_BYTES)
    return None
