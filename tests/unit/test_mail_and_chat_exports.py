from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus_contents import messages as made

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory, Readable
from tidegate.inspectors.texts import Texts
from tidegate.model.observation import Inspection, Observation, Step
from tidegate.model.severity import Severity
from tidegate.packing.sqlite_rows import rows
from tidegate.packing.sqlite_schema import page_bytes, schema


def _look(data: bytes, name: str) -> Inspection:
    return look(Memory(data), name)


def test_an_export_of_slack_is_counted_by_its_days_and_its_people() -> None:
    found = _look(made.slack_export(channels=3, days=4, messages=5, people=7), "export.zip")
    note = found.observations[0]
    assert found.kind == "slack_export"
    assert dict(note.numbers) == {"channels": 3, "days": 12, "people": 7, "messages": 60}
    assert note.summary == (
        "Slack export: 60 messages in 3 channels and conversations on 12 channel-days, 7 people, 2020-01 to 2020-04"
    )
    assert "secret words" not in repr(found)


def test_of_a_long_export_of_slack_a_part_stands_for_the_rest_and_that_is_said() -> None:
    found = _look(made.slack_export(channels=30, days=140, messages=3), "export.zip")
    note = found.observations[0]
    assert "messages" not in note.numbers
    assert note.numbers["messages_estimated"] == pytest.approx(30 * 140 * 3, rel=0.05)
    assert "estimated from" in note.summary
    assert note.step is Step.SAMPLE


def test_one_day_of_slack_is_counted_alone() -> None:
    found = _look(made.slack_day(9, 4), "general/2020-09-13.json")
    assert found.kind == "slack_export"
    assert found.observations[0].summary == "Slack messages of one channel and day: 9 of 4 people, 2020-09"


def test_a_mailbox_is_counted_and_quoted_lines_do_not_count() -> None:
    found = _look(made.mailbox(5000, 5), "Inbox")
    note = found.observations[0]
    assert found.kind == "mail_archive"
    assert dict(note.numbers) == {"people": 5, "messages": 5000}
    assert note.summary == "mailbox (mbox): 5,000 messages from 5 senders, 2020-06"
    assert "secret words" not in repr(found)


class _Repeated:
    """A long mailbox, without the memory for it."""

    def __init__(self, piece: bytes, times: int) -> None:
        self._piece = piece
        self.size_bytes = len(piece) * times
        self.bytes_read = 0

    def read(self, offset: int, count: int) -> bytes:
        count = max(0, min(count, self.size_bytes - offset))
        self.bytes_read += count
        start = offset % len(self._piece)
        need = start + count
        return (self._piece * (need // len(self._piece) + 1))[start:need]


def test_of_a_long_mailbox_windows_are_read_and_the_number_is_about() -> None:
    data = _Repeated(made.mailbox(2000), 200)
    note = look(data, "All mail Including Spam and Trash.mbox").observations[0]
    assert note.numbers["messages_estimated"] == pytest.approx(400_000, rel=0.05)
    assert "about" in note.summary
    assert data.bytes_read < 9 << 20


def test_a_message_is_told_with_its_attachments() -> None:
    found = _look(made.mail(1, attachment=True), "a.eml")
    assert found.kind == "mail"
    assert found.observations[0].summary == "a mail with 1 attachment, 2020-06"


@given(st.binary(max_size=200), st.integers(0, 600))
@settings(max_examples=60, deadline=None)
def test_any_bytes_in_a_mailbox_end_in_an_inspection(data: bytes, place: int) -> None:
    whole = made.mailbox(3)
    assert _look(whole[:place] + data + whole[place:], "x.mbox").path == "x.mbox"


def _database(path: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path)) as opened, opened:
        for each in statements:
            opened.execute(each)
    return path.read_bytes()


_FILL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO {} SELECT {} FROM n"


def test_the_rows_of_a_browsers_databases_are_counted(tmp_path: Path) -> None:
    logins = _database(
        tmp_path / "a",
        "CREATE TABLE logins (origin_url TEXT, password_value BLOB)",
        "CREATE TABLE stats (origin_domain TEXT)",
        _FILL.format(2345, "logins", "'https://a.invalid/' || i, 'the secret words'"),
    )
    found = _look(logins, "Default/Login Data")
    assert found.observations[0].numbers["logins"] == 2345
    assert "2,345 logins" in found.observations[0].summary
    assert "secret" not in repr(found)


def test_rows_of_a_large_table_are_estimated_and_of_a_loop_nothing_is_said(tmp_path: Path) -> None:
    data = _database(tmp_path / "a", "CREATE TABLE t (a TEXT)", _FILL.format(40_000, "t", "hex(i) || 'x'"))
    entries, _ = schema(Memory(data).read)
    root, size = entries[0].root, page_bytes(data[:100])
    assert rows(Memory(data).read, size, root, most_pages=4096) == (40_000, True)
    count, exact = rows(Memory(data).read, size, root, most_pages=16)
    assert not exact
    assert count == pytest.approx(40_000, rel=0.1)
    loop = bytearray(data)
    at = (root - 1) * size
    loop[at + 8 : at + 12] = root.to_bytes(4, "big")
    with pytest.raises(ValueError, match="too deep"):
        rows(Memory(loop).read, size, root)


def test_the_logins_of_firefox_are_counted() -> None:
    each = {
        "hostname": "https://a.invalid",
        "encryptedUsername": "MDoEEPgAAAA",
        "encryptedPassword": "MDoEEPgAAAA",
    }
    data = json.dumps({"nextId": 4, "logins": [each] * 3, "version": 3}).encode()
    note = _look(data, "logins.json").observations[0]
    assert note.kind == "browser_profile"
    assert note.summary == "passwords saved in Firefox: 3 logins"


def test_what_is_read_of_files_beside_counts_for_the_item() -> None:
    files = made.teams_store(conversations=40, each=5, people=4)

    def beside(name: str) -> Readable | None:
        return Memory(files[name]) if name in files else None

    found = look(Memory(files["CURRENT"]), "x/CURRENT", siblings=beside)
    size = sum(map(len, files.values()))
    assert 0.99 * size < found.bytes_read <= size


def test_a_value_that_a_newer_level_replaced_is_not_counted() -> None:
    """Files of a deeper level may bear higher numbers, as they are written by merging."""
    entries = made.teams_entries(4, 5, 4)
    edit = b"\x01" + made.number(8) + b"idb_cmp1" + b"\x02\x04\x03\x09"
    for level, file_number in ((0, 5), (1, 8)):
        edit += b"\x07" + bytes((level, file_number)) + b"\x64\x01a\x01z"
    files = {
        "CURRENT": b"MANIFEST-000001\n",
        "MANIFEST-000001": made.log([edit]),
        "000005.ldb": made.table([entries[0], (entries[1][0], None)], sequence=90),
        "000008.ldb": made.table(entries, sequence=1),
    }

    def beside(name: str) -> Readable | None:
        return Memory(files[name]) if name in files else None

    note = look(Memory(files["CURRENT"]), "x/CURRENT", siblings=beside).observations[0]
    assert note.numbers["messages"] == 15


def test_where_nothing_is_saved_or_only_what_was_visited_less_is_said(tmp_path: Path) -> None:
    empty = _database(tmp_path / "a", "CREATE TABLE cookies (a TEXT)", "CREATE TABLE meta (a TEXT)")
    visited = _database(
        tmp_path / "b",
        "CREATE TABLE urls (a TEXT)",
        "CREATE TABLE visits (a TEXT)",
        "INSERT INTO urls VALUES ('x')",
    )
    assert _look(empty, "Cookies").observations[0].severity is Severity.LOW
    assert _look(visited, "History").observations[0].severity is Severity.HIGH


def test_senders_are_told_apart_by_their_address_however_it_is_written() -> None:
    line = b"From x Mon Jun 01 10:00:00 2020\n"
    fields = [
        b'"P, A." <a.p@mail.invalid>',
        b"A.P@mail.invalid (A. P.)",
        b"<b@mail.invalid>",
        b"nobody at all",
    ]
    data = b"".join(line + b"From: " + each + b"\nTo: y@mail.invalid\n\ntext\n\n" for each in fields)
    assert dict(_look(data, "x.mbox").observations[0].numbers) == {"messages": 4, "people": 2}


_HURT = {"export.zip": made.slack_export(2, 2, 2), "2020-01-01.json": made.slack_day(4, 2)}


@pytest.mark.parametrize("name", sorted(_HURT))
@given(place=st.integers(0, 10**6), data=st.binary(max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_damage_to_an_export_of_slack_ends_in_an_inspection(name: str, place: int, data: bytes) -> None:
    whole = _HURT[name]
    place %= len(whole)
    assert _look(whole[:place] + data + whole[place + len(data) :], name).kind


class _Marks(Texts):
    """Notes a word where a detector would note a token."""

    def look(self, text: bytes, name: str, columns: Sequence[str] | None, start: int) -> list[Observation]:
        del name, columns
        note = Observation(inspector="x", kind="api_key", severity=Severity.HIGH, summary="a", offset=start)
        return [note] if b"the secret words" in text else []


def test_texts_of_the_days_are_looked_through_and_what_is_found_has_its_day() -> None:
    found = look(Memory(made.slack_export(1, 2, 2)), "export.zip", texts=_Marks())
    seen = [each.member for each in found.observations if each.inspector == "x"]
    assert seen == ["team-0/2020-01-01.json", "team-0/2020-02-01.json"]
