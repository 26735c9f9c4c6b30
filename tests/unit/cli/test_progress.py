"""Progress shows on a terminal only, and is wiped."""

from __future__ import annotations

import io
import sys

import pytest

from tidegate.cli import progress
from tidegate.model.report import Coverage


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, *, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.Progress(wanted=wanted) as line:
        for number in range(1, 2_000):
            line(Coverage(documents=number, bytes=number * 1_000_000))
    return stream.getvalue()


def test_documents_and_speed_show_on_a_terminal_and_are_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = shown(Terminal(), wanted=True, monkeypatch=monkeypatch)
    assert "1 documents  1 MB" in text
    assert "MB/s" in text
    assert text.endswith("\r\x1b[K")


def test_progress_is_not_written_for_every_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert shown(Terminal(), wanted=True, monkeypatch=monkeypatch).count("MB/s") < 20


@pytest.mark.parametrize(
    ("stream", "wanted", "term"),
    [(io.StringIO(), True, "xterm"), (Terminal(), False, "xterm"), (Terminal(), True, "dumb")],
)
def test_there_is_no_progress_where_it_cannot_be_wiped_or_is_not_wanted(
    stream: io.StringIO, wanted: bool, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert shown(stream, wanted=wanted, monkeypatch=monkeypatch) == ""
