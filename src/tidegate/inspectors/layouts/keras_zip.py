"""Keras 3's `.keras`: a zip of `config.json`, `metadata.json` and the weights."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._keras_config import judge_config
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

_CONFIG: Final = "config.json"
_BESIDE: Final = frozenset(("metadata.json", "model.weights.h5", "model.weights.npz"))
_MOST_BYTES: Final = 64 << 20


class KerasZip:
    """Judges the configuration; weights are judged as what they are."""

    id = "keras_zip"
    order = 20

    def fits(self, archive: Archive) -> bool:
        """Tell it by the configuration with metadata or weights beside it."""
        names = {member.name for member in archive.members}
        return _CONFIG in names and bool(names & _BESIDE)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge every `config.json`: of two, one reader takes the last."""
        laid = Laid(Judgement(self.id, executes=Executes.ONLY_IF))
        notes = Notes(self.id)
        for member in archive.members:
            if member.name != _CONFIG:
                continue
            with archive.open(member) as opened:
                if opened.size_bytes > _MOST_BYTES:
                    notes.incomplete(f"its configuration has {opened.size_bytes:,} bytes")
                    continue
                found = judge_config(
                    opened.read(0, opened.size_bytes), member=member.name, policy=context.policy
                )
            absorb(laid.judgement, found)
            archive.settle(member, model=True)
            laid.taken.add(member)
        absorb(laid.judgement, notes.done())
        return laid


PLUGIN = KerasZip()
