"""1Password's export (1PUX): a zip with every login of a person in plain text.

Source: support.1password.com/1pux-format.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_PIECE_BYTES: Final = 1 << 20
_MOST_BYTES: Final = 32 << 20
_OVERLAP_BYTES: Final = 256
_PASSWORD: Final = re.compile(rb'"designation"\s{0,4}:\s{0,4}"password"|"concealed"\s{0,4}:\s{0,4}"')
_ITEM: Final = re.compile(rb'"categoryUuid"\s{0,4}:')


class OnePasswordExport:
    """Counts items and passwords; no value is kept."""

    id = "onepassword_export"
    order = 60

    def fits(self, archive: Archive) -> bool:
        """Tell it by its two files."""
        return {"export.data", "export.attributes"} <= {each.name for each in archive.members}

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Count, in pieces."""
        ours = {each for each in archive.members if each.name in ("export.data", "export.attributes")}
        data = next(each for each in archive.members if each.name == "export.data")
        items = passwords = at = 0
        stop = min(data.size_bytes, _MOST_BYTES)
        with archive.open(data) as opened:
            rest = b""
            while at < stop:
                context.meter.check()
                piece = opened.read(at, min(_PIECE_BYTES, stop - at))
                if not piece:
                    break
                at += len(piece)
                text = rest + piece
                end = 0
                for found in _PASSWORD.finditer(text):
                    passwords, end = passwords + 1, found.end()
                for found in _ITEM.finditer(text):
                    items, end = items + 1, max(end, found.end())
                rest = text[max(end, len(text) - _OVERLAP_BYTES) :]
        whole = at == data.size_bytes
        least = "" if whole else "at least "
        words = f"export of 1Password in plain text: {least}{items:,} items, {passwords:,} passwords"
        note = Observation(
            inspector=self.id,
            kind="password_export",
            severity=kind("password_export").severity,
            summary=words,
            step=Step.WHOLE if whole else Step.SAMPLE,
            numbers={"items": items, "rows": passwords},
        )
        return Laid(Judgement("password_export", model=False, observations=[note]), taken=ours)


PLUGIN = OnePasswordExport()
