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
    rb"|\A\d{8}[.T_ -]\d{6}[.,:\d]|\A\d{4}-\d{3}T\d\d:\d\d:\d\d|\A@[0-9a-f]{24} "
    rb"|\A\d{1,7} (?:\d{10}|\d\d:\d\d:\d\d)\.\d{3,9} |\A\[pid: \d"
)
_FURTHER: Final = re.compile(
    rb"[ \t}\])]|#\d+ |\[(?:stacktrace|previous exception)\]|\"\}|Traceback |Caused by: |\.\.\. \d"
)
"""A line that goes on with the one before: a stack, an object, a statement."""
_COMPOSED: Final = re.compile(
    rb"\A(?:\x1b\[[0-9;]{0,8}[A-Za-z])?[\w.-]{1,40}[-_]\d{1,3} +\| |\A[\w.-]{1,40} +\| (?=\{\")"
)
"""What docker compose puts before the lines of each container."""
_LEAST_COMPOSED: Final = 5
_WORDS: Final = rb"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL|SEVERE|EMERGENCY|ALERT|LOG)"
_STAMP: Final = re.compile(
    rb"(?<![\d.-])(?<!\d:)(?:\d{4}[-/.:]\d\d[-/.:]\d\d[-T :]{1,2}\d\d:\d\d:\d\d"
    rb"|\d\d[/.-](?:\d\d|" + _MONTH + rb")[/.-]\d{2,4}[: T-]{1,3}\d\d:\d\d:\d\d"
    rb"|" + _MONTH + rb"[ -]{1,2}\d{1,2}[ ,-]{1,2}(?:\d{2,4} )?\d\d:\d\d:\d\d)"
)
"""A moment to the second, somewhere near the beginning of a line."""
_NEAR: Final = 80
_SURE: Final = re.compile(
    rb"\A" + _MONTH + rb" {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,80} [\w./-]{1,40}(?:\[\d{1,10}\])?: "
    rb"|\A(?:\d{1,3}\.){3}\d{1,3} \S+ \S+ \[\d\d/" + _MONTH + rb"/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \""
    rb"|\A" + _MONTH + rb" {1,2}\d{1,2} \d\d:\d\d:\d\d\.\d{3} "
    rb"|\A\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\r\n]{0,120}?[\s.:\[|]" + _WORDS + rb"[\]\s:|-]"
    rb"|\A\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,10}Z?[ \t](?i:info|warning|error|debug)[ \t]"
)
"""A line of syslog, of a web server, or with a time and a level: one is enough, where it is all there is, and
three with whatever stands between."""
_HEADED: Final = re.compile(rb"(?m)\A(?:#[^\n]*\n){0,12}#Fields: |\A# Time: \d[^\n]*\n# User@Host: ")
"""Logs of web servers in W3C's form, and of slow queries of MySQL."""


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
        if name.lower().endswith((".csv", ".tsv", ".psv")) or text.lstrip()[:9].lower() == b"@relation":
            return False  # whose rows may begin with a time
        if _HEADED.match(text):
            return True
        # Remarks between are no lines of it, but for what begins a log of W3C.
        rows = [line for line in lines(text, 60) if line.strip() and (line[:1] != b"#" or _LINE.match(line))]
        composed = sum(bool(_COMPOSED.match(line)) for line in rows)
        if composed >= _LEAST_COMPOSED and composed * 10 >= len(rows) * 8:
            return True
        rows = [_COMPOSED.sub(b"", line) for line in rows] if composed else rows
        begun = [line for number, line in enumerate(rows) if not number or not _FURTHER.match(line)]
        fits = sum(bool(_LINE.match(line.lstrip()) or _STAMP.search(line[:_NEAR])) for line in begun)
        sure = sum(bool(_SURE.match(line)) for line in begun)
        if sure and _SURE.match(begun[0]) and (sure >= 3 or sure == len(begun)):
            return True
        least = (
            3 if name.lower().endswith((".log", ".out", ".err", ".trace")) or ".log." in name.lower() else 5
        )
        return fits >= min(least, max(2, len(rows))) and fits * 2 >= len(begun)

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
