"""One message as Outlook saves it (`.msg`): that it is one, its recipients and attachments in number.

Source: [MS-CFB], sections 2.2 to 2.6; [MS-OXMSG], section 2.2. The directory alone is read.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, plural, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step

_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_SECTORS: Final = 256
"""Of the directory: 1,024 entries of short sectors, 8,192 of long ones."""
_ENTRY_BYTES: Final = 128
_IN_HEADER: Final = 109
"""Sectors of the table that the header names; a message with a longer one is read as far as that goes."""


class OutlookMessage:
    """Told by the names of its storages."""

    id = "outlook_message"
    order = 38
    of_archives = True
    """One with a zip attached reads as a zip too."""

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a compound file by magic."""
        del tail, size_bytes, name
        return head.startswith(_MAGIC)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count attachments and recipients; what is no message is another's."""
        del name
        names, whole = _names(data, context)
        if "__properties_version1.0" not in names or "__nameid_version1.0" not in names:
            return nothing()
        attached = sum(each.startswith("__attach_version1.0_") for each in names)
        people = sum(each.startswith("__recip_version1.0_") for each in names)
        numbers = {"messages": 1}
        words = "a mail saved by Outlook"
        if people:
            numbers["recipients"] = people
            words += f" to {plural(people, 'recipient')}"
        if attached:
            numbers["attachments"] = attached
            words += f", with {'' if whole else 'at least '}{plural(attached, 'attachment')}"
        return judged("mail", seen("mail", words, inspector=self.id, step=Step.SAMPLE, numbers=numbers))


def _names(data: Readable, context: Context) -> tuple[list[str], bool]:
    """Return the names in the directory, and whether all of it was read."""
    head = data.read(0, 512)
    shift = int.from_bytes(head[30:32], "little")
    if len(head) < 512 or shift not in (9, 12):
        return [], False
    size = 1 << shift
    table = [int.from_bytes(head[76 + 4 * n : 80 + 4 * n], "little") for n in range(_IN_HEADER)]
    sector = int.from_bytes(head[48:52], "little")
    names: list[str] = []
    seen_sectors: set[int] = set()
    while sector < 0xFFFFFFFA:
        if sector in seen_sectors or len(seen_sectors) >= _MOST_SECTORS:
            return names, False
        context.meter.check()
        seen_sectors.add(sector)
        page = data.read((sector + 1) * size, size)
        for at in range(0, len(page) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            length = int.from_bytes(page[at + 64 : at + 66], "little")
            if 2 < length <= 64 and page[at + 66] in (1, 2, 5):
                names.append(page[at : at + length - 2].decode("utf-16-le", "replace"))
        place, within = divmod(sector, size // 4)
        if place >= _IN_HEADER or table[place] >= 0xFFFFFFFA:
            return names, False
        following = data.read((table[place] + 1) * size + 4 * within, 4)
        if len(following) < 4:
            return names, False
        sector = int.from_bytes(following, "little")
    return names, True


PLUGIN = OutlookMessage()
