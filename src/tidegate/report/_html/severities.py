"""Findings by severity, as bars."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.assess import words
from tidegate.model.report import Report
from tidegate.model.severity import Severity
from tidegate.report import _words
from tidegate.report._html.parts import label, picture

_ROW, _NAMES, _LEFT, _WIDTH = 30, 78, 150, 1000
_FEW = 10
"""A bar is as long as it can be from so many findings on: one finding does not look like a flood."""


def chart(report: Report) -> Iterator[str]:
    """Yield the picture: a bar for each severity, with its number in words."""
    counted = _words.by_severity(report.findings)
    most = max(_FEW, *counted.values())
    said = ", ".join(f"{count:,} {severity}" for severity, count in counted.items())
    yield from picture(
        "severity", "Findings by severity", said, (_WIDTH, _ROW * len(counted)), _bars(counted, most)
    )


def _bars(counted: dict[Severity, int], most: int) -> Iterator[str]:
    room = _WIDTH - _LEFT
    for number, (severity, count) in enumerate(counted.items()):
        y = number * _ROW
        yield label(_NAMES, y + 19, severity.value, "b" if count else "q", "end")
        # The number stands before the bar: on a narrow screen the end of a long bar is out of sight.
        yield label(_LEFT - 12, y + 19, f"{count:,}" if count else "none", "" if count else "q", "end")
        # A single finding must be seen beside ten thousand.
        long = max(4.0, count / most * room) if count else 0.0
        if long:
            yield f'<rect class="d-{severity.value}" x="{_LEFT}" y="{y + 6}" width="{long:.1f}" height="18" rx="2"/>'


def sentence(report: Report) -> str:
    """Say the same in words (raw)."""
    listed = [text for _, text in _words.counts(report.findings)]
    return f"{words.many(len(report.findings), 'finding')}: {words.enumerate_words(listed)}."
