"""Names of items, and of what lies in them, without the signatures that somebody has made a part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.records import replace

if TYPE_CHECKING:
    from tidegate.engine.mask import Mask
    from tidegate.model.contents import Contents, Noted
    from tidegate.model.observation import Inspection, Observation


def item(mask: Mask, seen: Inspection) -> Inspection:
    """Return the item with its outside texts masked; most have none that could hold a signature."""
    odd = any("=" in each.member or "=" in each.summary for each in seen.observations)
    if not odd and "=" not in seen.path:
        return seen
    noted = tuple(_observation(mask, each) for each in seen.observations)
    return replace(seen, path=mask.text(seen.path), observations=noted)


def contents(mask: Mask, found: Contents) -> Contents:
    """Return what lies there with the names of items that stand for the rest masked."""
    if not any("=" in each.path or "=" in each.summary for each in found.noted):
        return found
    return replace(found, noted=tuple(_noted(mask, each) for each in found.noted))


def _observation(mask: Mask, seen: Observation) -> Observation:
    return replace(seen, member=mask.text(seen.member), summary=mask.text(seen.summary))


def _noted(mask: Mask, noted: Noted) -> Noted:
    return replace(noted, path=mask.text(noted.path), summary=mask.text(noted.summary))
