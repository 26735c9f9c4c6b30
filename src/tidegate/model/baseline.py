"""Findings that somebody has seen and accepted for now, in a file that lives beside the code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from tidegate.errors import ConfigError
from tidegate.records import dataclass, field

BASELINE_SCHEMA = "tidegate-baseline/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted finding."""

    first_seen: date
    note: str = ""
    """Why it is accepted; written by a person, kept by us."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Ids of accepted findings. Accepting is not closing: they are counted in every report.

    The file is one JSON object with one id a line, sorted; `schema` comes last so that every id's line
    ends in a comma and two branches that each add one merge without touching each other's lines.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def __contains__(self, finding_id: object) -> bool:
        return finding_id in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def with_findings(self, ids: Iterable[str], today: date) -> Baseline:
        """Return a baseline that also has `ids`; what is known keeps its date and note."""
        return Baseline({**{each: Entry(first_seen=today) for each in ids}, **self.entries})

    @classmethod
    def load(cls, path: Path) -> Baseline:
        """Read the file. Raises `ConfigError`, naming file and key, when it is not one of ours."""
        try:
            value = json.loads(path.read_bytes())
        except OSError as error:
            raise ConfigError(
                f"cannot read the baseline {path}: {error.strerror}",
                hint="make one with: tidegate scan TARGET --write-baseline FILE",
            ) from error
        except (ValueError, RecursionError) as error:
            raise ConfigError(
                f"the baseline {path} is not JSON",
                hint="an unresolved merge conflict, or another kind of file?",
            ) from error
        if not isinstance(value, dict) or value.pop("schema", None) != BASELINE_SCHEMA:
            raise ConfigError(f"the baseline {path} has no schema {BASELINE_SCHEMA!r}")
        return cls({key: _entry(path, key, each) for key, each in value.items()})

    def save(self, path: Path) -> None:
        """Write the file in one step: a reader sees the old one or the new one. Raises `OSError`."""
        lines = [f"{json.dumps(key)}: {_line(self.entries[key])}," for key in sorted(self.entries)]
        text = "\n".join(["{", *lines, f'"schema": {json.dumps(BASELINE_SCHEMA)}', "}", ""])
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def _line(entry: Entry) -> str:
    value = {"first_seen": entry.first_seen.isoformat()}
    if entry.note:
        value["note"] = entry.note
    return json.dumps(value)


def _entry(path: Path, key: str, value: object) -> Entry:
    where = f"the baseline {path} is wrong at {key[:60]!r}"
    if not key.startswith("tg-"):
        raise ConfigError(f"{where}: not the id of a finding")
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: not an object")
    note = value.get("note", "")
    if not isinstance(note, str):
        raise ConfigError(f"{where}: the note is no text")
    try:
        return Entry(first_seen=date.fromisoformat(value.get("first_seen", "")), note=note)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: first_seen is no date like 2026-11-24") from error
