"""A report through one of the formats to the output."""

from __future__ import annotations

from tidegate.cli import options
from tidegate.cli.output import Output
from tidegate.model.report import Report


def render(report: Report, out: Output, form: str) -> None:
    """Write `report` in the format `form`."""
    from tidegate.plugins import Reporter, load  # noqa: PLC0415 - not needed for --help

    reporter: Reporter = load(Reporter, "tidegate.report")[form]
    out.write(
        lambda stream: reporter.write(report, stream, colour=out.colour, width=options.width()),
        unicode=form != "text",
    )
