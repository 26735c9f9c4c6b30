"""git's deltas: how to make one object of another. Nothing is believed that was only declared.

Source: git-scm.com/docs/gitformat-pack, "Deltified representation".
"""

from __future__ import annotations

from dulwich._pack import apply_delta as _apply
from dulwich.errors import ApplyDeltaError


class BrokenError(ValueError):
    """These bytes are no object; the message says why, in words fit for a gap."""


def delta_sizes(delta: bytes | bytearray) -> tuple[int, int]:
    """Return the sizes of the base and of the result that a delta declares. Raises `BrokenError`."""
    base, at = _size(delta, 0)
    return base, _size(delta, at)[0]


def apply_delta(base: bytes, delta: bytes | bytearray) -> bytes:
    """Return `base` changed by `delta`, whose declared sizes the caller has judged. Raises `BrokenError`."""
    try:
        return b"".join(_apply(base, bytes(delta)))
    except (ApplyDeltaError, MemoryError) as error:
        raise BrokenError("its delta does not fit its base") from error


def inserted(delta: bytes | bytearray) -> bytes:
    """Return what a delta brings along itself, for want of its base: each run of it as a line.

    A damaged delta gives what stands before the damage. Raises `BrokenError` when it has no sizes.
    """
    at = _size(delta, _size(delta, 0)[1])[1]
    found = bytearray()
    while at < len(delta):
        order = delta[at]
        at += 1
        if order & 0x80:
            at += (order & 0x7F).bit_count()
            if found and found[-1] != 0x0A:
                found.append(0x0A)
        elif not order:
            break
        else:
            # A long run is cut into pieces of 127 bytes.
            found += delta[at : at + order]
            at += order
    return bytes(found)


def _size(delta: bytes | bytearray, at: int) -> tuple[int, int]:
    """Read a number; return it and where it ends."""
    size = shift = 0
    while True:
        if at >= len(delta) or shift > 56:
            raise BrokenError("its delta is damaged")
        byte = delta[at]
        at += 1
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            return size, at
        shift += 7
