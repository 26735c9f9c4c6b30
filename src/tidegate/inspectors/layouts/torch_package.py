"""`torch.package`: a zip of pickles and of the Python source that they need, imported from the archive.

Source: PyTorch, `torch/package/package_importer.py`.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.layouts._pickles import judge_member
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

_MARK: Final = ".data/extern_modules"


class TorchPackage:
    """Judges the pickles; its source is code by design, and is not judged."""

    id = "torch_package"
    order = 5

    def fits(self, archive: Archive) -> bool:
        """Tell it by its list of modules that are imported from outside."""
        return any(f"/{member.name}".endswith(f"/{_MARK}") for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge every pickle in it, and count the source files."""
        laid = Laid(Judgement(self.id))
        notes = Notes(self.id, loader="torch.package.PackageImporter")
        notes.can_run()
        for member in archive.members:
            if member.name.endswith(".storage") or "/.data/" in f"/{member.name}":
                laid.passive.add(member)
            elif member.name.endswith(".pkl"):
                judge_member(member, archive, laid, context)
                archive.settle(member, model=True)
        count = sum(member.name.endswith(".py") for member in archive.members)
        if count:
            notes.unlisted("python_code", f"brings {count:,} Python files, which loading it imports")
            notes.can_run(Executes.YES)
        absorb(laid.judgement, notes.done())
        return laid


PLUGIN = TorchPackage()
