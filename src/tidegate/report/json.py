"""One JSON object: the contract `tidegate/1`."""  # noqa: A005, RUF100 - named as the format is

from __future__ import annotations

from typing import IO

from tidegate.model import codec
from tidegate.model.report import Report
from tidegate.report._json import dumps


class Json:
    """Writes the whole report; `codec.loads` reads it again."""

    id = "json"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        out.write(dumps(codec.to_dict(report), indent=2))
        out.write("\n")


PLUGIN = Json()
