"""PyTorch 0.1: a tar of `storages`, `tensors` and `pickle`, each with pickles and numbers in turn.

Source: PyTorch, `torch/serialization.py`, `legacy_load`. It unpickles all three without any restriction.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.layouts._pickles import judge_member
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
            if member.name.removeprefix("./") in _MEMBERS:
                judge_member(member, archive, laid, context)
        return laid


PLUGIN = TorchTar()
