"""Rectangles with given areas that fill a rectangle, each as square as can be.

Source of the method: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rect:
    """A place in a picture, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def inside(self, top: float, rim: float) -> Rect:
        """Return what is left within a heading of `top` and a rim on the other sides."""
        width, height = max(0.0, self.width - 2 * rim), max(0.0, self.height - top - rim)
        return Rect(self.x + rim, self.y + top, width, height)


def squarify(weights: Sequence[float], place: Rect) -> list[Rect]:
    """Return a rectangle for each weight, in their order. Weights are positive, largest first."""
    total = sum(weights)
    scale = place.area / total if total else 0.0
    areas = [weight * scale for weight in weights]
    rects: list[Rect] = []
    start = 0
    while start < len(areas):
        side = min(place.width, place.height)
        stop, row = start + 1, areas[start]
        while stop < len(areas):
            longer = row + areas[stop]
            if _worst(areas[start], areas[stop], longer, side) > _worst(
                areas[start], areas[stop - 1], row, side
            ):
                break
            stop, row = stop + 1, longer
        placed, place = _row(areas[start:stop], row, place)
        rects += placed
        start = stop
    return rects


def _worst(largest: float, smallest: float, row: float, side: float) -> float:
    """Return how far from square the worst rectangle of a row is: 1 is a square."""
    if not side or not row or not smallest:
        return float("inf")
    thick = row / side
    return max(largest / thick**2, thick**2 / smallest)


def _row(areas: Sequence[float], row: float, place: Rect) -> tuple[list[Rect], Rect]:
    """Lay a row along the shorter side; return it, and what is left of the place."""
    rects = []
    if place.width >= place.height:
        thick = min(row / place.height, place.width) if place.height else 0.0
        y = place.y
        for area in areas:
            height = area / thick if thick else 0.0
            rects.append(Rect(place.x, y, thick, height))
            y += height
        return rects, Rect(place.x + thick, place.y, place.width - thick, place.height)
    thick = min(row / place.width, place.height) if place.width else 0.0
    x = place.x
    for area in areas:
        width = area / thick if thick else 0.0
        rects.append(Rect(x, place.y, width, thick))
        x += width
    return rects, Rect(place.x, place.y + thick, place.width, place.height - thick)
