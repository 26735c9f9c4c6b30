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
    try:
        # Nearly all are of two or three bytes; there are two in every delta.
        at = 2 if delta[1] < 0x80 else 3
        if delta[0] >= 0x80 > delta[at - 1] and delta[at] >= 0x80:
            low, middle = delta[at], delta[at + 1]
            base = delta[0] & 0x7F | (delta[1] & 0x7F) << 7 | (delta[2] << 14 if at == 3 else 0)
            if middle < 0x80:
                return base, low & 0x7F | middle << 7
            if delta[at + 2] < 0x80:
                return base, low & 0x7F | (middle & 0x7F) << 7 | delta[at + 2] << 14
    except IndexError:
        pass
    base, size, shift = -1, 0, 0
    for byte in delta:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if base >= 0:
                return base, size
            base, size, shift = size, 0, 0
        elif shift > 56:
            break
    raise BrokenError("its delta is damaged")


def apply_delta(base: bytes, delta: bytes | bytearray) -> bytes:
    """Return `base` changed by `delta`, whose declared sizes the caller has judged. Raises `BrokenError`."""
    try:
        return b"".join(_apply(base, bytes(delta)))
    except (ApplyDeltaError, MemoryError) as error:
        raise BrokenError("its delta does not fit its base") from error


def changed(delta: bytes, size: int, around: int) -> list[tuple[int, int]]:
    """Return the stretches (from, to) of a result outside of which it is like its base, in ascending order.

    Each seam has `around` bytes of the result on both sides, and what is inserted is in between; so is the
    result's end. `delta` must have been applied before, and made `size` bytes: here it is not doubted. Of one
    with many instructions the later ones are not read: what they make counts as changed.
    """
    at = 0
    for _ in range(2):  # behind the two sizes
        while delta[at] >= 0x80:
            at += 1
        at += 1
    stop, steps, least = len(delta), _STEPS, 2 * around + _GAP_BYTES
    low = to = 0
    stretches = []
    if at < stop and delta[at] & 0x8F == 0x80:
        # It copies from the base's beginning: no seam there.
        order = delta[at]
        at += steps[order]
        to = _copied(delta, at, order & 0x70)
        low = max(to - around, 0)
    for _ in range(_FEW + (size >> 12)):
        if at >= stop:
            break
        order = delta[at]
        at += steps[order]
        if order < 0x80:
            to += order
            continue
        given = order & 0x70
        if given == 0x30:
            length = delta[at - 2] | delta[at - 1] << 8
        elif given == 0x10:
            length = delta[at - 1]
        else:
            length = _copied(delta, at, given)
        if length >= least:
            stretches.append((low, to + around))
            low = to + length - around
        to += length
    stretches.append((low, size))
    return stretches


_FEW = 16
"""So many instructions, and one more for each 4 KiB of the result, are read. In git/git 64 are all there are
in 81 of 100 deltas; the longest have nearly all there are, and to read one costs as much as to look through
300 bytes of what they make."""
_GAP_BYTES = 512
"""To leave out less costs more than to look through it."""
_STEPS = bytes(order + 1 if order < 0x80 else 1 + (order & 0x7F).bit_count() for order in range(256))
"""How long the instruction is that begins with this byte."""


def _copied(delta: bytes, end: int, given: int) -> int:
    """Return how much the instruction copies that ends at `end`; `given`: which bytes of that it has."""
    length = 0
    for bit in (0x40, 0x20, 0x10):
        length <<= 8
        if given & bit:
            end -= 1
            length |= delta[end]
    return length or 0x10000


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
