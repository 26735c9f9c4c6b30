"""A grant as an answer of the service leaves it: where something was shown, paper gives way."""

from __future__ import annotations

from tidegate.model.grant import Grant, Permission, Validity
from tidegate.model.reach import Reach, State
from tidegate.records import replace

_ONE_METHOD = frozenset({"presigned_url", "signed_url"})
"""Kinds whose signature covers the method of the request, so that one that reads writes nothing."""


def as_shown(grant: Grant, reach: Reach | None) -> Grant:
    """Return the grant with what the answer has settled; the same one when nothing was shown to work.

    What the text does not tell (`Permission.UNKNOWN`) goes when the provider leaves nothing of it to try. A
    right that was refused stays: an object in an archive is refused to who may read it, too.
    """
    if reach is None or reach.state is not State.OPEN:
        return grant
    left = {*reach.proved, *reach.untried}
    if grant.kind in _ONE_METHOD:
        rights = tuple(each for each in Permission if each in left)
        grant = replace(grant, permissions=rights, matrix=dict.fromkeys(grant.matrix, rights))
    elif Permission.UNKNOWN not in left:
        matrix = {service: _known(rights) for service, rights in grant.matrix.items()}
        grant = replace(grant, permissions=_known(grant.permissions), matrix=matrix)
    if grant.validity in (Validity.EXPIRED, Validity.NOT_YET_VALID):
        # The service goes by other dates than its text: judged as if it never ended.
        return replace(grant, validity=Validity.UNKNOWN, expires_at=None)
    return grant


def _known(rights: tuple[Permission, ...]) -> tuple[Permission, ...]:
    return tuple(each for each in rights if each is not Permission.UNKNOWN)
