"""An Apple sparse bundle, as Time Machine writes it to a share: its description, and the disk in its bands.

Source: the property list that hdiutil makes; there is no published specification.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import ENDS_BYTES, judged, of_a_test, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity
from tidegate.records import replace

_TYPE: Final = b"com.apple.diskimage.sparsebundle"
_A_BAND: Final = re.compile(r"\.(?:sparse|backup)bundle/bands/([0-9a-f]{1,12})\Z")
_BAND: Final = re.compile(rb"<key>band-size</key>\s*<integer>(\d{1,12})</integer>")
_LEAST_BAND, _MOST_BAND, _MOST_DISK = 4096, 1 << 32, 1 << 50
_SIZE: Final = re.compile(rb"<key>size</key>\s*<integer>(\d{1,18})</integer>")


class SparseBundle:
    """Its bands, which hold the disk, lie beside it."""

    id = "sparse_bundle"
    order = 11

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its type in a property list."""
        del tail
        if _A_BAND.search(name):
            return True
        return size_bytes < 1 << 16 and _TYPE in head and (b"<plist" in head or head.startswith(b"bplist00"))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say how large the disk may grow, and look into it where its bands are at hand."""
        part = _A_BAND.search(name)
        if part:
            # Ten thousand of them are one disk: it is told once, where its description stands.
            words = f"band {int(part[1], 16):,} of an Apple sparse bundle: its disk is told at Info.plist"
            return judged("backup", seen("backup", words, inspector=self.id, severity=Severity.INFO))
        text = data.read(0, 4096)
        found, band = _SIZE.search(text), _BAND.search(text)
        words = "the description of an Apple sparse bundle, as Time Machine writes it"
        numbers = {}
        if found:
            numbers["disk_bytes"] = int(found[1])
            words += f": a disk of at most {int(found[1]):,} bytes, in the bands beside it"
        severity = Severity.LOW if of_a_test(name) else None
        note = seen(
            "system_backup", words, inspector=self.id, severity=severity, step=Step.WHOLE, numbers=numbers
        )
        if not found or not band or context.siblings is None:
            return judged("system_backup", note)
        return _inside(note, int(found[1]), int(band[1]), context)


def _inside(note: Observation, size_bytes: int, band_bytes: int, context: Context) -> Judgement:
    beside = context.siblings
    if beside is None or not _LEAST_BAND <= band_bytes <= _MOST_BAND or not 0 < size_bytes <= _MOST_DISK:
        return judged("system_backup", note)
    token = beside("token")
    if token is not None and token.read(0, 8) == b"encrcdsa":
        words = "encrypted (FileVault): unreadable without its password or recovery key; contents unknown"
        return judged("encrypted_volume", note, seen("encrypted_volume", words, inspector="sparse_bundle"))
    if beside("bands/0") is None:
        return judged("system_backup", note)
    from tidegate.inspectors.disks.containers.bands import Bands  # noqa: PLC0415 - as for any disk
    from tidegate.inspectors.disks.judge import judge_disk  # noqa: PLC0415

    disk = Bands(size_bytes, band_bytes, beside)
    made = judge_disk(disk, disk.read(0, ENDS_BYTES), b"", context)
    made.kind = "system_backup" if made.kind == "disk_image" else made.kind
    # What is in it says more; on its own the description would stand for it.
    made.observations.append(replace(note, kind="container", severity=Severity.INFO))
    return made


PLUGIN = SparseBundle()
