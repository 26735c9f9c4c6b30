"""One JSON object: the contract `tidegate/1`."""  # noqa: A005, RUF100 - named as the format is

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from tidegate.model import codec
from tidegate.model.report import Report
from tidegate.report._json import dumps


class Json:
    """Writes the whole report; `codec.loads` reads it again."""

    id = "json"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        whole = codec.to_dict(report)
        out.write("{\n")
        for index, (key, value) in enumerate(whole.items()):
            out.write(f"{',' * bool(index)}{chr(10) * bool(index)} {dumps(key)}: ")
            out.write(_lines(value) if key in _LONG and value else dumps(value))
        out.write("\n}\n")


_LONG = ("gaps", "suppressed", "findings")
"""One element a line: line tools can cut them, and the encoder that indents is twenty times as slow."""


def _lines(values: Iterable[Any]) -> str:
    return "[\n  " + ",\n  ".join(dumps(each) for each in values) + "\n ]"


PLUGIN = Json()
