"""PyTorch 0.1: a tar of `storages`, `tensors` and `pickle`, each with pickles and numbers in turn.

Source: PyTorch, `torch/serialization.py`, `legacy_load`. It unpickles all three without any restriction.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

_MEMBERS: Final = frozenset(("sys_info", "pickle", "storages", "tensors"))


class TorchTar:
    """Judges every pickle in the four members."""

    id = "torch_tar"
    order = 10

    def fits(self, archive: Archive) -> bool:
        """Tell it by its members: `pickle` and `storages`."""
        names = {member.name.removeprefix("./") for member in archive.members}
        return archive.kind == "tar" and {"pickle", "storages"} <= names

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge every pickle in it."""
        laid = Laid(Judgement(self.id, executes=Executes.ONLY_IF))
        for member in archive.members:
            if member.name.removeprefix("./") not in _MEMBERS:
                continue
            with archive.open(member) as opened:
                found = judge_pickles(
                    opened,
                    loader=Loader.TORCH,
                    policy=context.policy,
                    member=member.name,
                    inside=context.inside,
                )
            absorb(laid.judgement, found)
            laid.taken.add(member)
        return laid


PLUGIN = TorchTar()
