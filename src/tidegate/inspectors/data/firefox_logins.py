"""Firefox's and Thunderbird's `logins.json`: passwords under the key of `key4.db` beside it."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import judged, plural, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step

_MOST_BYTES: Final = 16 << 20
_FIELD: Final = re.compile(rb'"encryptedPassword"\s{0,8}:\s{0,8}"[A-Za-z0-9+/=]{8}')


class FirefoxLogins:
    """Counts logins."""

    id = "firefox_logins"
    order = 33

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its fields."""
        del tail, size_bytes, name
        return (
            head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
            and b'"logins"' in head
            and b'"encryptedPassword"' in head
            and (b'"nextId"' in head or b'"formSubmitURL"' in head)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count what is saved."""
        del name
        text = data.read(0, min(data.size_bytes, _MOST_BYTES))
        whole = len(text) == data.size_bytes
        count = len(_FIELD.findall(text))
        words = f"passwords saved in Firefox: {'' if whole else 'at least '}{plural(count, 'login')}"
        beside = context.siblings
        if beside is not None and (beside("key4.db") is not None or beside("key3.db") is not None):
            words += ", with the key to them beside"
        step = Step.WHOLE if whole else Step.SAMPLE
        note = seen("browser_profile", words, inspector=self.id, step=step, numbers={"logins": count})
        return judged("browser_profile", note)


PLUGIN = FirefoxLogins()
