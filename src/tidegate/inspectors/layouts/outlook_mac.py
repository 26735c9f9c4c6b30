"""What Outlook for Mac exports (OLM): a zip of mails as XML, with address books and calendars.

Seen on: an archive of its own. Nothing of the mails is read but their number.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_MAIL: Final = re.compile(r"(?:\A|/)com\.microsoft\.__Messages/(?:.*/)?message_\d+\.xml\Z")
_FOLDERS: Final = re.compile(r"(?:\A|/)com\.microsoft\.__(?:Messages|Attachments)(?:/|\Z)")


class OutlookForMac:
    """Counts mails by their names."""

    id = "outlook_mac"
    order = 62
    holds_items = True

    def fits(self, archive: Archive) -> bool:
        """Tell it by the folders that no other program names so."""
        return any(_FOLDERS.search(each.name) for each in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Count; what is attached is looked at like any member."""
        del context
        mails = {each for each in archive.members if _MAIL.search(each.name)}
        words = f"what Outlook for Mac exports: {len(mails):,} {'mail' if len(mails) == 1 else 'mails'}"
        note = Observation(
            inspector=self.id,
            kind="mail_archive",
            severity=kind("mail_archive").severity,
            summary=words,
            step=Step.NAME,
            numbers={"items": len(mails)},
        )
        return Laid(Judgement("mail_archive", model=False, observations=[note]), taken=mails)


PLUGIN = OutlookForMac()
