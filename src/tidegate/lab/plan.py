"""What an account is to hold, in shares: its number of blobs and of bytes is filled in later."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.lab import noise
from tidegate.lab.names import Field, Listed, Number, Pattern
from tidegate.lab.sizes import Given, Sizes
from tidegate.lab.stretch import Kind, Stretch

_ANY_KIND = Kind()

NARROW, USUAL, WIDE = 0.5, 1.2, 2.0
"""Spread of sizes (sigma of the logarithm): frames of one camera, documents, everything in a home folder."""


@dataclass(frozen=True, kw_only=True)
class Many:
    """A share of all blobs, whose names follow one pattern."""

    text: str
    inner: Field
    outer: Field | None = None
    per: int = 0
    """Blobs of a folder; 0: as many as it takes to fill every folder that `outer` has a text for."""
    items: float
    """Share of the blobs; what the shares add up to does not matter."""
    bytes: float
    """Share of the bytes, of the same kind."""
    sigma: float = USUAL
    kind: Kind = _ANY_KIND

    def stretch(self, seed: str, count: int, size_bytes: float) -> Stretch:
        """Return the blobs. Raises `ValueError` when there are not names enough."""
        per = self.per or count
        if self.outer is not None and not self.per:
            per = -(-count // self.outer.room)
        stream = noise.key(seed, self.text)
        names = Pattern(
            text=self.text,
            outer=_spread(self.outer, -(-count // per)) if self.outer else None,
            inner=_spread(self.inner, min(per, count)),
            per=per,
            count=count,
            stream=stream,
        )
        sizes = Sizes(noise.key(seed, self.text, "sizes"), count, size_bytes / count, self.sigma)
        return Stretch(names=names, sizes=sizes, kind=self.kind, stream=stream)


@dataclass(frozen=True, kw_only=True)
class One:
    """A single blob, which there is in every account however small."""

    text: str
    bytes: float = 0
    """Share of the bytes; 0 for a blob whose size is given."""
    size_bytes: int = 0
    kind: Kind = _ANY_KIND

    def stretch(self, seed: str, size_bytes: int) -> Stretch:
        """Return the blob."""
        return Stretch(
            names=Listed((self.text,)),
            sizes=Given((size_bytes,)),
            kind=self.kind,
            stream=noise.key(seed, self.text),
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One container."""

    name: str
    public: str = ""
    """`blob`, `container`, or nothing."""
    parts: tuple[Many | One, ...]


def _spread(field: Field, count: int) -> Field:
    """Let identifiers, whose `gap` is 0, be far apart over all that their width has room for."""
    if isinstance(field, Number) and field.gap == 0:
        room = field.base**field.width - field.first
        return replace(field, gap=max(1, room // max(1, count)))
    return field
