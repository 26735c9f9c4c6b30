"""NVIDIA NeMo's `.nemo`: a tar of `model_config.yaml` and torch weights.

The configuration's `_target_` names are imported and called by Hydra (CVE-2025-23304).
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.pickles.names import Listed, Sink, standing
from tidegate.inspectors.seam import Context, Judgement

_CONFIG: Final = "model_config.yaml"
_LOADER: Final = "nemo restore_from"
_MOST_BYTES: Final = 16 << 20
_TARGET: Final = re.compile(r"""["']?_target_["']?\s*:\s*["']?([\w.]+)""")
_OWN: Final = re.compile(r"nemo(?:\.[a-z]\w*)+\.[A-Z]\w*\Z")
"""A class of NeMo itself, which is what a configuration names."""


class Nemo:
    """Judges the names that the configuration would have called; weights are judged as what they are."""

    id = "nemo"
    order = 20

    def fits(self, archive: Archive) -> bool:
        """Tell it by its configuration."""
        return any(member.name.removeprefix("./") == _CONFIG for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge the configuration."""
        laid = Laid(Judgement(self.id))
        notes = Notes(self.id, loader=_LOADER)
        notes.can_run()
        for member in archive.members:
            if member.name.removeprefix("./") != _CONFIG:
                continue
            with archive.open(member) as opened:
                if opened.size_bytes > _MOST_BYTES:
                    notes.incomplete(f"its configuration has {opened.size_bytes:,} bytes")
                text = opened.read(0, min(opened.size_bytes, _MOST_BYTES)).decode("utf-8", "replace")
            for target in sorted(set(_TARGET.findall(text))):
                _target(target, notes, context.policy)
            archive.settle(member, model=True)
            laid.taken.add(member)
        absorb(laid.judgement, notes.done())
        return laid


def _target(target: str, notes: Notes, policy: frozenset[str]) -> None:
    module, _, name = target.rpartition(".")
    known = standing(module, name, policy)
    if isinstance(known, Sink):
        notes.sink("call", f"on load, calls {quoted(target)}, which {known.does}")
    elif not isinstance(known, Listed) and not _OWN.match(target):
        notes.unlisted("unlisted_global", f"on load, calls {quoted(target)}, which is on no list")


PLUGIN = Nemo()
