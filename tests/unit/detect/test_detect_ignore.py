"""`tidegate:ignore` silences its line and the next, is counted, and nothing more."""

from __future__ import annotations

import pytest
from fake import link, token

from tidegate.detect.engine import Detector
from tidegate.model.document import Batch, Tally

MARK = "# tidegate:ignore"


def told(detector: Detector, text: str) -> list[tuple[int, str | None]]:
    return [(s.spot.line, s.suppressed) for s in detector.scan_text(text) if s.rule == "azure-sas"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{link(1)}  {MARK}\n{link(2)}\n", [(1, "tidegate:ignore"), (2, "tidegate:ignore")]),
        (f"{MARK}\n{link(1)}\n{link(2)}\n", [(2, "tidegate:ignore"), (3, None)]),
        (f"{link(1)}\n{MARK}\n", [(1, None)]),
        (f"{MARK}\n\n{link(1)}\n", [(3, None)]),
        (f"{MARK}\r\n{link(1)}", [(2, "tidegate:ignore")]),
        (f"# tidegate: ignore\n{link(1)}\n", [(2, None)]),
        (f"{link(1)} {MARK}", [(1, "tidegate:ignore")]),
        (f"{link(1)} {MARK}: dead since 2023", [(1, "tidegate:ignore")]),
        (f"{link(1)} {MARK}[azure-sas]: dead", [(1, "tidegate:ignore")]),
        (f"{MARK}[aws-access-key, azure-sas]\n{link(1)}", [(2, "tidegate:ignore")]),
        (f"{link(1)} {MARK}[aws-access-key]", [(1, None)]),
        (f"{link(1)} {MARK}[aws-access-key] {MARK}", [(1, "tidegate:ignore")]),
        (f"{link(1)} {MARK} {MARK}[aws-access-key]", [(1, "tidegate:ignore")]),
        (f"{link(1)} {MARK}[aws-access-key] {MARK}[azure-sas]", [(1, "tidegate:ignore")]),
        (f"{MARK}[azure-sas\n{link(1)}", [(2, "tidegate:ignore")]),
    ],
)
def test_the_mark_silences_its_own_line_and_the_next(
    detector: Detector, text: str, expected: list[tuple[int, str | None]]
) -> None:
    assert told(detector, text) == expected


def test_the_mark_counts_in_a_window_of_a_larger_document(detector: Detector) -> None:
    data = f"x\n{MARK}\n{link(1)}\n{link(2)}\n".encode()
    batch = Batch(data, [0], [len(data)], ["a"], {0: lambda: 1_000})
    found = [(s.spot.line, s.suppressed) for s in detector.scan(batch, Tally()) if s.rule == "azure-sas"]
    assert found == [(1_003, "tidegate:ignore"), (1_004, None)]


def test_lines_and_columns_are_those_of_an_editor(detector: Detector) -> None:
    text = f"a\n\n  {link(1)} {link(2)}\r\nsas={token(3)}\n{link(4)}"
    spots = [(s.spot.line, s.spot.column) for s in detector.scan_text(text) if s.rule == "azure-sas"]
    lines = text.split("\n")
    assert spots == [
        (3, 3),
        (3, lines[2].index(link(2)) + 1),
        (4, lines[3].index("sv=") + 1),
        (5, 1),
    ]
