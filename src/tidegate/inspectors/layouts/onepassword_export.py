"""1Password's export (1PUX): a zip with every login of a person in plain text.

Source: support.1password.com/1pux-format.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.data._text import found_in
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_MOST_BYTES: Final = 32 << 20
_OVERLAP_BYTES: Final = 256
_SEEN: Final = re.compile(
    rb'"designation"\s{0,4}:\s{0,4}"password"|"concealed"\s{0,4}:\s{0,4}"|(?P<item>"categoryUuid"\s{0,4}:)'
)


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
        items = passwords = 0
        with archive.open(data) as opened:
            seen = found_in(
                opened, _SEEN, context.meter.check, most_bytes=_MOST_BYTES, overlap=_OVERLAP_BYTES
            )
            for found in seen:
                if found["item"]:
                    items += 1
                else:
                    passwords += 1
        whole = data.size_bytes <= _MOST_BYTES
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
