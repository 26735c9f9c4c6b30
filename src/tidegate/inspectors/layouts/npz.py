"""numpy's npz: a zip of arrays. `numpy.load` reads a member only when it is asked for."""

from __future__ import annotations

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.seam import Context, Judgement


class Npz:
    """Says what it is; its arrays are judged one by one as what they are."""

    id = "npz"
    order = 50

    def fits(self, archive: Archive) -> bool:
        """Tell it by its members: all are arrays."""
        return bool(archive.members) and all(member.name.endswith(".npy") for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Leave the members to the format of arrays."""
        del archive, context
        return Laid(Judgement(self.id))


PLUGIN = Npz()
