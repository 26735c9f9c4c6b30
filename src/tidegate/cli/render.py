"""A report through one of the formats to the output."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tidegate.cli import options
from tidegate.cli.output import Output
from tidegate.model.report import Report

if TYPE_CHECKING:
    from tidegate.plugins import Reporter


def render(report: Report, out: Output, form: str) -> None:
    """Write `report` in the format `form`."""
    # Of the formats only the one asked for is imported: all of them take 20 ms.
    reporter: Reporter = importlib.import_module(f"tidegate.report.{form}").PLUGIN
    out.write(
        lambda stream: reporter.write(report, stream, colour=out.colour, width=options.width()),
        unicode=form != "text",
    )
