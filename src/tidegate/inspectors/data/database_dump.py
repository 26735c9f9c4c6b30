"""Dumps of databases as SQL: which tables, and which columns name people.

Sources: the first lines that pg_dump, mysqldump, mariadb-dump, phpMyAdmin and sqlite3's `.dump` write.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, lower_for_a_test, nothing, plural, quoted, seen
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, code_begins, found_in, plain, windows
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_MADE_BY: Final = (
    (re.compile(rb"PostgreSQL database (?:cluster )?dump"), "PostgreSQL"),
    (re.compile(rb"-- MySQL dump "), "MySQL"),
    (re.compile(rb"-- MariaDB dump |enable the sandbox mode"), "MariaDB"),
    (re.compile(rb"-- phpMyAdmin SQL Dump|-- Adminer |-- HeidiSQL"), "MySQL"),
    (re.compile(rb"\APRAGMA foreign_keys=OFF;\s*BEGIN TRANSACTION;"), "SQLite"),
    (re.compile(rb"USE \[[^\]]+\]\r?\nGO\b"), "SQL Server"),
)
_TABLE: Final = re.compile(
    rb"CREATE TABLE (?:IF NOT EXISTS )?((?:[`\"\[]?\w[\w$ -]{0,80}[`\"\]]?\.)?[`\"\[]?\w[\w$-]{0,80}[`\"\]]?) ?\(([^;]{0,6000})",  # noqa: E501
    re.IGNORECASE,
)
_COPY: Final = re.compile(rb"(?m)^COPY (\S{1,160}) \(([^)]{1,4000})\) FROM stdin;")
_INSERT: Final = re.compile(
    rb"(?mi)^INSERT (?:IGNORE )?INTO ((?:[`\"\[]?[\w$]+[`\"\]]?\.){0,2}[`\"\[]?[\w$]+[`\"\]]?) ?(?:\(([^)]{1,2000})\) ?)?VALUES"  # noqa: E501
)
_COLUMN: Final = re.compile(rb"(?m)^\s*[`\"\[]?([A-Za-z_]\w{0,60})[`\"\]]?\s+[A-Za-z]")
_NO_COLUMN: Final = frozenset(
    (b"primary", b"unique", b"key", b"constraint", b"index", b"foreign", b"check", b"fulltext")
)
_CUSTOM: Final = b"PGDMP"
_NAMES: Final = (".sql", ".dump", ".psql", ".ddl")
_MIGRATION: Final = re.compile(
    r"(?i)(?:\A|/)migrations?/|(?:\A|/)(?:V\d[\d._]*__|\d{8,14}_)[^/]*\.sql\Z|\.(?:up|down)\.sql\Z"
)
_STEPS: Final = re.compile(rb"(?im)^--[ \t]*(?:\+goose|\+migrate|migrate:|rollback|liquibase)")
"""What tools that change a database step by step write or ask for."""
_COMMANDS: Final = re.compile(rb"\A(?:#TS:\d{1,12}\r\n)?\*\d{1,6}\r\n\$\d{1,3}\r\n[A-Za-z]{2,20}\r\n")
"""A file of Redis's own commands, each with its length, as it is written beside the data."""
_COMMAND: Final = re.compile(rb"(?:\A|\n)\*\d{1,6}\r\n\$\d{1,3}\r\n[A-Za-z]{2,20}\r\n")
_COMMAND_BYTES: Final = 64
_MOST_COMMANDS_BYTES: Final = 8 << 20
_MOST_NAMED: Final = 6


class DatabaseDump:
    """Reads some windows of it; rows are not counted but where all of it is read."""

    id = "database_dump"
    order = 40

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by what the program writes first, or by tables with their rows."""
        del tail, size_bytes
        if head.startswith(_CUSTOM) or _COMMANDS.match(head):
            return True
        text = plain(head)
        if text is None:
            return False
        if not name.lower().endswith(_NAMES) and (named(name) == "source_code" or code_begins(text)):
            return False  # a program that writes one, or a test that reads it
        if any(mark.search(text) for mark, _ in _MADE_BY[:5]):
            return True
        return name.lower().endswith(_NAMES) and bool(
            re.search(rb"(?i)CREATE TABLE|INSERT INTO|CREATE DATABASE", text)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say of which database, and which tables."""
        pieces = windows(data)
        if pieces[0][1].startswith(_CUSTOM):
            return _custom(data)
        if _COMMANDS.match(pieces[0][1]):
            return _commands(data, name, context)
        texts = [(at, plain(piece)) for at, piece in pieces]
        first = texts[0][1]
        if first is None:
            return nothing()
        maker = next((word for mark, word in _MADE_BY if mark.search(first[:8192])), "")
        tables, columns, rows = _schema([text for _, text in texts if text])
        if not maker and not (tables and rows):
            return nothing()
        whole = data.size_bytes <= WHOLE_TEXT_BYTES
        step = Step.WHOLE if whole else Step.SAMPLE
        words = f"dump of {maker or 'a database'}: {_named(tables, whole)}"
        severity = None
        if not maker and (_MIGRATION.search(name) or _STEPS.search(first[:4096])):
            return _statements(texts, name, context)
        if not rows:
            words += ", without rows as far as was read"
            severity = Severity.LOW
        severity, words = lower_for_a_test(name, severity, words)
        numbers = {"tables": len(tables), **({"rows": rows} if whole else {})}
        note = seen("database_dump", words, severity=severity, step=step, numbers=numbers)
        made = judged("database_dump", note)
        for at, text in texts:
            if text:
                made.observations += context.sample(text, name, columns, start=at)
        return made


def _statements(texts: list[tuple[int, bytes | None]], name: str, context: Context) -> Judgement:
    """Say what a migration is: a step in making a database, with the few rows that it begins with."""
    made = judged("source_code", seen("source_code", "a step in making a database", severity=Severity.INFO))
    for at, text in texts:
        if text:
            made.observations += context.sample(text, name, start=at)
    return made


def _commands(data: Readable, name: str, context: Context) -> Judgement:
    whole = data.size_bytes <= _MOST_COMMANDS_BYTES
    found = found_in(
        data, _COMMAND, context.meter.check, most_bytes=_MOST_COMMANDS_BYTES, overlap=_COMMAND_BYTES
    )
    count = sum(1 for _ in found)
    words = f"what was written to Redis (its log): {'' if whole else 'at least '}{plural(count, 'command')}"
    severity, words = lower_for_a_test(name, None, words)
    step = Step.WHOLE if whole else Step.SAMPLE
    note = seen("database_dump", words, severity=severity, step=step, numbers={"rows": count})
    return judged("database_dump", note)


def _custom(data: Readable) -> Judgement:
    head = data.read(0, 64 << 10)
    if len(head) < 7:
        return nothing()
    tables = {each[1].strip(b'`"[]').decode("utf-8", "replace"): None for each in _TABLE.finditer(head)}
    named = _named(list(tables), len(head) >= data.size_bytes)
    words = f"dump of PostgreSQL (its own format, version {head[5]}.{head[6]}): {named}"
    return judged(
        "database_dump", seen("database_dump", words, step=Step.SAMPLE, numbers={"tables": len(tables)})
    )


def _schema(texts: list[bytes]) -> tuple[list[str], list[str], int]:
    """Return names of tables, names of columns, and how many statements or lines of rows were seen."""
    tables: dict[str, None] = {}
    columns: dict[str, None] = {}
    rows = 0
    for text in texts:
        for found in _TABLE.finditer(text):
            tables[_plain_name(found[1])] = None
            columns |= {
                each[1].decode(): None
                for each in _COLUMN.finditer(found[2])
                if each[1].lower() not in _NO_COLUMN
            }
        for found in _COPY.finditer(text):
            tables[_plain_name(found[1])] = None
            columns |= {_plain_name(each): None for each in found[2].split(b",")}
            end = text.find(b"\n\\.", found.end())
            rows += text.count(b"\n", found.end(), end if end >= 0 else len(text))
        for found in _INSERT.finditer(text):
            tables[_plain_name(found[1])] = None
            columns |= {_plain_name(each): None for each in (found[2] or b"").split(b",") if each.strip()}
            rows += 1 + text[found.end() : text.find(b"\n", found.end()) % (len(text) + 1)].count(b"),(")
    return list(tables)[:5000], list(columns)[:2000], rows


def _plain_name(raw: bytes) -> str:
    return re.sub(r"[`\"\[\]\s]", "", raw.decode("utf-8", "replace")).removeprefix("public.")


def _named(tables: list[str], whole: bool) -> str:
    if not tables:
        return "its tables stand further in"
    some = ", ".join(quoted(each) for each in tables[:_MOST_NAMED])
    least = "" if whole else "at least "
    return f"{least}{plural(len(tables), 'table')} ({some}{', …' if len(tables) > _MOST_NAMED else ''})"


PLUGIN = DatabaseDump()
