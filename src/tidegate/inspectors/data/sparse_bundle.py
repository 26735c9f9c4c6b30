"""The description of an Apple sparse bundle: `Info.plist` of what Time Machine writes to a share.

Source: the property list that hdiutil makes; there is no published specification.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import judged, of_a_test, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_TYPE: Final = b"com.apple.diskimage.sparsebundle"
_SIZE: Final = re.compile(rb"<key>size</key>\s*<integer>(\d{1,18})</integer>")


class SparseBundle:
    """Its bands, which hold the disk, lie beside it."""

    id = "sparse_bundle"
    order = 30

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its type in a property list."""
        del tail, name
        return size_bytes < 1 << 16 and _TYPE in head and (b"<plist" in head or head.startswith(b"bplist00"))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say how large the disk may grow."""
        del context
        found = _SIZE.search(data.read(0, 4096))
        words = "the description of an Apple sparse bundle, as Time Machine writes it"
        numbers = {}
        if found:
            numbers["disk_bytes"] = int(found[1])
            words += f": a disk of at most {int(found[1]):,} bytes, in the bands beside it"
        severity = Severity.LOW if of_a_test(name) else None
        note = seen(
            "system_backup", words, inspector=self.id, severity=severity, step=Step.WHOLE, numbers=numbers
        )
        return judged("system_backup", note)


PLUGIN = SparseBundle()
