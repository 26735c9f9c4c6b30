"""One JSON object: the contract `tidegate/1`."""  # noqa: A005, RUF100 - named as the format is

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from tidegate.model import codec
from tidegate.model.report import Report
from tidegate.report._finding import finding_text
from tidegate.report._json import dumps


class Json:
    """Writes the whole report; `codec.loads` reads it again."""

    id = "json"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        out.write("{\n")
        for key, value in codec.frame(report).items():
            out.write(f" {dumps(key)}: {_lines(map(dumps, value)) if key in _LONG else dumps(value)},\n")
        out.write(f' "findings": {_lines(map(finding_text, report.findings))}\n}}\n')


_LONG = ("gaps", "suppressed")
"""One element a line: line tools can cut them, and the encoder that indents is twenty times as slow."""


def _lines(texts: Iterable[str]) -> str:
    inner = ",\n  ".join(texts)
    return f"[\n  {inner}\n ]" if inner else "[]"


PLUGIN = Json()
