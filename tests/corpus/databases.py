"""Credentials in SQLite files: in a row, over several pages, in a deleted row, in UTF-16."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from corpus.containers import held
from corpus.mint import Sas


def database(fill: Callable[[sqlite3.Connection], None]) -> bytes:
    """Return the bytes of a database file that `fill` has filled."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.db")
        connection = sqlite3.connect(path, isolation_level=None)
        fill(connection)
        connection.close()
        return path.read_bytes()


def _row(sas: Sas) -> bytes:
    def fill(db: sqlite3.Connection) -> None:
        db.execute("create table urls (id integer primary key, url text, visits integer)")
        db.executemany("insert into urls values (?, ?, ?)", [(1, "https://example.org/", 3), (2, sas.url, 1)])

    return database(fill)


def _long(sas: Sas) -> bytes:
    def fill(db: sqlite3.Connection) -> None:
        db.execute("create table pages (body text)")
        # 4 KiB pages: the link lies across the border of two overflow pages.
        db.execute("insert into pages values (?)", ["x" * 7_950 + " " + sas.url + " " + "y" * 5_000])

    return database(fill)


def _wide(sas: Sas) -> bytes:
    def fill(db: sqlite3.Connection) -> None:
        db.execute("pragma encoding = 'UTF-16le'")
        db.execute("create table notes (body text)")
        db.execute("insert into notes values (?)", [f"see {sas.url}"])

    return database(fill)


def _deleted(sas: Sas) -> bytes:
    def fill(db: sqlite3.Connection) -> None:
        db.execute("pragma secure_delete = off")
        db.execute("create table notes (body text)")
        db.executemany("insert into notes values (?)", [("first",), (sas.url,), ("last",)])
        db.execute("delete from notes where body like 'https%'")

    return database(fill)


held("X90", "SQLite, a row", "history.db", _row)
held("X91", "SQLite, a value over several pages", "cache.sqlite", _long)
held("X92", "SQLite in UTF-16", "notes.db", _wide)
held("X93", "SQLite, a deleted row", "notes.db", _deleted)
