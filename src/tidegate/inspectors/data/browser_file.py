"""What browsers and their add-ons keep in files that are no database: cookies, histories, tabs, bookmarks.

Sources: curl's "Netscape cookie file format"; exports of Playwright and Cookie-Editor; property lists of
Safari; Mozilla's `mozLz4`; Internet Explorer's cache as libmsiecf describes it; Chromium's `Bookmarks`.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, lower_for_a_test, nothing, plural, seen, step_of
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_MOST_BYTES: Final = 4 << 20
_JAR: Final = re.compile(
    rb"(?m)^(?:#HttpOnly_)?\.?[\w-]+(?:\.[\w-]+)*\t(?:TRUE|FALSE)\t/[^\t\r\n]{0,400}\t(?:TRUE|FALSE)\t\d{1,20}(?:\.\d+)?\t[^\t\r\n]{1,400}\t"
)
"""Domain, whether it holds below it, path, only encrypted, when it ends, name; then the value."""
_COOKIE: Final = re.compile(rb'"(?:httpOnly|HttpOnly|isHttpOnly)"\s{0,9}:\s{0,9}(?:true|false)')
_OF_COOKIE: Final = (b'"domain"', b'"value"', b'"path"', b'"name"')
_MARKS: Final = (
    (b"WebHistoryDates", "pages visited with Safari", None),
    (b"DownloadHistory", "what was downloaded with Safari", None),
    (b"WebBookmarkType", "bookmarks of Safari", Severity.LOW),
    (b"SessionVersion", "tabs open in Safari", None),
)
"""A name in a property list, binary or not, and what it is."""
_LISTS: Final = (b"bplist00", b"<?xml", b"<!DOCTYPE plist", b"<plist")
_FIRST: Final = (
    (b"Client UrlCache MMF Ver ", "pages visited with Internet Explorer", None),
    (b"mozLz40\0", "tabs, cookies of open sessions or bookmarks of Firefox", None),
    (b"cook\0\0", "cookies of Safari", None),
)
_BOOKMARKS: Final = re.compile(rb'"roots"\s{0,9}:\s{0,9}\{\s{0,9}"bookmark_bar"')


class BrowserFile:
    """Counts cookies; of the rest, what it is."""

    id = "browser_file"
    order = 32

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its first bytes, by a line of a jar, or by what every cookie says of itself."""
        del tail, size_bytes
        return bool(_told(head, name)[0])

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what, and how many cookies."""
        del context
        raw = data.read(0, min(data.size_bytes, _MOST_BYTES))
        words, severity = _told(raw[:4096], name)
        if not words:
            return nothing()
        numbers = None
        if words.startswith("cookies, "):
            count = len(_JAR.findall(raw)) or len(_COOKIE.findall(raw))
            whole = len(raw) == data.size_bytes
            words = f"{'' if whole else 'at least '}{plural(count, 'cookie')}, {words[9:]}"
            numbers = {"cookies": count}
        severity, words = lower_for_a_test(name, severity, words)
        step = step_of(data.size_bytes, len(raw))
        note = seen(
            "browser_profile", words, inspector=self.id, severity=severity, step=step, numbers=numbers
        )
        return judged("browser_profile", note)


def _told(head: bytes, name: str) -> tuple[str, Severity | None]:
    for mark, words, severity in _FIRST:
        if head.startswith(mark):
            return words, severity
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_LISTS):
        return next(((words, severity) for mark, words, severity in _MARKS if mark in head), ("", None))
    if (
        (b"\tTRUE\t" in head or b"\tFALSE\t" in head)
        and _JAR.search(head)
        and plain(head) is not None
        and named(name) != "source_code"
    ):
        return "cookies, as curl and add-ons of browsers write them", None
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and plain(head) is not None:
        if _COOKIE.search(head) and all(mark in head for mark in _OF_COOKIE):
            return "cookies, exported from a browser", None
        if _BOOKMARKS.search(head):
            return "bookmarks of Chrome or one of its kin", Severity.LOW
    return "", None


PLUGIN = BrowserFile()
