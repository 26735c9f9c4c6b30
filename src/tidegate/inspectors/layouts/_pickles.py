"""Pickles that are members of an archive that PyTorch loads."""

from __future__ import annotations

from tidegate.inspectors.containers.archive import Archive, Laid, Member
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.seam import Context


def judge_member(member: Member, archive: Archive, laid: Laid, context: Context) -> None:
    """Judge every pickle in a member, and take it."""
    with archive.open(member) as opened:
        found = judge_pickles(
            opened, loader=Loader.TORCH, policy=context.policy, member=member.name, inside=context.inside
        )
    absorb(laid.judgement, found)
    laid.taken.add(member)
