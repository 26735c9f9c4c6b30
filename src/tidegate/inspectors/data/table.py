"""Tables in text, CSV and JSON lines: columns and rows; whether they are about people, the sample tells."""

from __future__ import annotations

from tidegate.inspectors.data._columns import delimited, json_lines, rows_of
from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, nothing, plural, seen
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, plain, windows
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_NAMES = (".csv", ".tsv", ".psv", ".ssv", ".tab", ".jsonl", ".ndjson", ".ldjson")


class TextTable:
    """Reads all of a short table, three windows of a long one."""

    id = "table"
    order = 60

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a header that fits the lines below, or by objects line after line."""
        del tail, size_bytes
        text = plain(head)
        if text is None or text.startswith((b"#!", b"<", b"//", b"/*")) or named(name) == "source_code":
            return False
        so_named = name.lower().endswith(_NAMES)
        if text.lstrip()[:1] == b"{":
            return so_named or b"}\n{" in text or b"}\r\n{" in text
        # Without the name only a clear case: prose has commas too.
        return so_named or (
            text.count(b"\n") > 3 and not name.lower().endswith((".md", ".txt", ".log")) and _clear(text)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say how many columns and rows there are."""
        pieces = windows(data)
        text = plain(pieces[0][1])
        if text is None:
            return nothing()
        table = json_lines(text) if text.lstrip()[:1] == b"{" else delimited(text)
        if table is None:
            return nothing()
        whole = data.size_bytes <= WHOLE_TEXT_BYTES
        rows, exact = rows_of(table, len(text) if whole else data.size_bytes, text)
        count = plural(rows, "row") if exact else f"about {plural(rows, 'row')}"
        words = f"table of {count} in {plural(len(table.columns), 'column')}"
        numbers = {"rows": rows, "columns": len(table.columns)}
        step = Step.WHOLE if whole else Step.SAMPLE
        made = judged("dataset", seen("dataset", words, severity=Severity.INFO, step=step, numbers=numbers))
        for at, piece in pieces:
            sampled = plain(piece)
            if sampled:
                made.observations += context.sample(sampled, name, table.columns, start=at)
        return made


def _clear(text: bytes) -> bool:
    table = delimited(text)
    return table is not None and len(table.columns) >= 3


PLUGIN = TextTable()
