"""The sum itself: 20 cases whose answer can be checked by hand."""

from __future__ import annotations

import pytest

from tidegate.assess.tables import band, raw

CASES = [
    # what, inside, opens, reach, time, write, score, severity
    ("the incident: an account with machines, published, to 2051, to overwrite", 4, 1, 1, 1, 1.5, 100, "critical"),
    ("the same, to read only", 4, 1, 1, 1, 1, 100, "critical"),
    ("the same, one container", 4, 0.5, 1, 1, 1, 79, "critical"),
    ("the same, one object", 4, 0.25, 1, 1, 1, 63, "high"),
    ("the same image, by a link for a day", 4, 0.25, 0.8, 0.25, 1, 37, "medium"),
    ("a container of source, for seven days", 2, 0.5, 0.8, 0.5, 1, 29, "medium"),
    ("a public data set, to read", 0, 0.5, 1, 1, 1, 0, "info"),
    ("the same, to overwrite, published, three years", 3, 0.5, 1, 1, 1.5, 89, "critical"),
    ("the same, by a link in unknown hands", 3, 0.5, 0.8, 1, 1.5, 83, "critical"),
    ("the same, where others may only add", 3, 0.5, 0.8, 1, 1.25, 69, "high"),
    ("an account nobody looked into, to read", 3.6, 0.75, 0.8, 1, 1, 76, "critical"),
    ("the same, for a year", 3.6, 0.75, 0.8, 0.75, 1, 69, "high"),
    ("the same, for a day", 3.6, 0.75, 0.8, 0.25, 1, 48, "high"),
    ("a container nobody looked into, to read", 3.6, 0.5, 0.8, 1, 1, 66, "high"),
    ("the same, for a day", 3.6, 0.5, 0.8, 0.25, 1, 42, "medium"),
    ("the same, to list names", 3.6, 0.5, 0.8, 1, 0.5, 33, "medium"),
    ("an object nobody looked into, for a day", 2, 0.25, 0.8, 0.25, 1, 18, "low"),
    ("the same, without an end", 2, 0.25, 0.8, 1, 1, 29, "medium"),
    ("mail, one container, published for a month", 3, 0.5, 1, 0.5, 1, 47, "high"),
    ("dull files, one object, for a day", 1, 0.25, 0.8, 0.25, 1, 9, "low"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "inside", "opens", "reach", "time", "write", "score", "severity"),
    CASES,
    ids=[c[0] for c in CASES],
)
def test_the_sum_gives(
    what: str, inside: float, opens: float, reach: float, time: float, write: float, score: int, severity: str
) -> None:
    assert round(raw(inside, opens, reach, time, write)) == score
    assert band(score) == severity
