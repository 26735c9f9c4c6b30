"""Logs in text: lines that begin with a time, a level or an address."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import judged, seen
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, lines, plain, windows
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_MONTH: Final = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_LINE: Final = re.compile(
    rb"\A(?:<\d{1,3}>1? ?)?\[?(?:\d{4}[-/.]\d\d[-/.]\d\d[T ,]\d\d:\d\d|\d\d[/.-](?:\d\d|"
    + _MONTH
    + rb")[/.-]\d{2,4}[ :T]\d\d:\d\d"
    rb"|"
    + _MONTH
    + rb" {1,2}\d{1,2} \d\d:\d\d:\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? "
    + _MONTH
    + rb" {1,2}\d"
    rb"|\d\d:\d\d:\d\d[.,]\d|[ \d]{1,6}\.\d{6}\]|\d{10}(?:\.\d{1,6}|\d{3})?[ \t\]])"
    rb"|\A\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b[\]:|]? "
    rb"|\A(?:\d{1,3}\.){3}\d{1,3} \S+ \S+ \[\d\d/|\A[IWEF]\d{4} \d\d:\d\d:\d\d"
    rb"|\Atype=[A-Z_]{3,30} msg=audit\("
    rb"|\A\{\"(?:time|timestamp|ts|level|@timestamp|severity|msg|log)\":|\A(?:time|ts|t|level|lvl|timestamp)=\S"
    rb"|\A#(?:Software|Version|Fields|Date): "
)
_STAMP: Final = re.compile(
    rb"(?<![\d:.-])(?:\d{4}[-/.:]\d\d[-/.:]\d\d[-T :]{1,2}\d\d:\d\d:\d\d"
    rb"|\d\d[/.-](?:\d\d|" + _MONTH + rb")[/.-]\d{2,4}[: T-]{1,3}\d\d:\d\d:\d\d"
    rb"|" + _MONTH + rb"[ -]{1,2}\d{1,2}[ ,-]{1,2}(?:\d{2,4} )?\d\d:\d\d:\d\d)"
)
"""A moment to the second, somewhere near the beginning of a line."""
_NEAR: Final = 80
_SURE: Final = re.compile(
    rb"\A" + _MONTH + rb" {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,80} [\w./-]{1,40}(?:\[\d{1,10}\])?: "
    rb"|\A(?:\d{1,3}\.){3}\d{1,3} \S+ \S+ \[\d\d/" + _MONTH + rb"/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \""
)
"""A line of syslog or of a web server: one is enough."""


class TextLog:
    """Half of the first lines must begin as lines of logs do: the rest is what programs print between."""

    id = "log"
    order = 50

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its lines."""
        del tail, size_bytes
        text = plain(head)
        if text is None:
            return False
        if name.lower().endswith((".csv", ".tsv", ".psv")):
            return False  # whose rows may begin with a time
        # Remarks between are no lines of it, but for what begins a log of W3C.
        rows = [line for line in lines(text, 60) if line.strip() and (line[:1] != b"#" or _LINE.match(line))]
        fits = sum(bool(_LINE.match(line.lstrip()) or _STAMP.search(line[:_NEAR])) for line in rows)
        if len(rows) == 1 and _SURE.match(rows[0]):
            return True
        least = (
            3 if name.lower().endswith((".log", ".out", ".err", ".trace")) or ".log." in name.lower() else 5
        )
        return fits >= min(least, max(2, len(rows))) and fits * 2 >= len(rows)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Sample it for what it should not hold."""
        whole = data.size_bytes <= WHOLE_TEXT_BYTES
        step = Step.WHOLE if whole else Step.SAMPLE
        made = judged("log", seen("log", "log", severity=Severity.INFO, step=step))
        for at, piece in windows(data):
            text = plain(piece)
            if text:
                made.observations += context.sample(text, name, start=at)
        return made


PLUGIN = TextLog()
