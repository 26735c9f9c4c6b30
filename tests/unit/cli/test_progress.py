"""Progress shows on a terminal only, and is wiped."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios

import pytest

from tidegate.cli import progress
from tidegate.model.going import Going
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


def going(*seen: Going, monkeypatch: pytest.MonkeyPatch, wanted: bool = True) -> str:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_EVERY_S", 0)
    with progress.Inspecting(wanted=wanted) as line:
        for each in seen:
            line(each)
    return stream.getvalue()


def test_a_survey_shows_a_bar_a_rate_and_how_little_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = going(
        Going(done=132_000, planned=0, bytes=3 * 10**11, listing=True),
        Going(done=500, planned=2000, bytes=1_500_000, most_bytes=268_000_000),
        monkeypatch=monkeypatch,
    )
    assert "listed 132,000 items  300.0 GB" in text
    assert "[#####---------------] 500 of 2,000 items  1.5 of 268 MB read" in text
    assert "items/s" in text
    assert text.endswith("\r\x1b[K")


def test_a_survey_shows_nothing_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert going(Going(done=1, planned=2, bytes=3), monkeypatch=monkeypatch, wanted=False) == ""


def test_a_scan_that_looks_into_items_shows_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Progress(wanted=True) as line:
        line.going(Going(done=3, planned=0, bytes=2_000_000))
    assert "3 items  2.0 MB read" in stream.getvalue()


@pytest.mark.parametrize("columns", [20, 40, 200])
def test_progress_never_goes_on_in_the_next_row(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last row of a line could be wiped: the rest stayed on narrow terminals."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    monkeypatch.setattr(progress, "_EVERY_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.Inspecting(wanted=True) as line:
            for done in range(4):
                line(Going(done=done, planned=4_000_000, bytes=1 << 40))
        text = os.read(ours, 1 << 16).decode()
    os.close(ours)
    shown = [each for each in text.split("\r\x1b[K") if each]
    assert shown
    assert max(map(len, shown)) < columns
