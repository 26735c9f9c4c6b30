"""Messages in an IndexedDB of Chromium, as Teams keeps them: counted from the entries of its LevelDB.

Source: chromium `content/browser/indexed_db/docs/leveldb_coding_scheme.md`. The stores of Teams as
github.com/lxndrblz/forensicsim describes them: values that hold messages by id, each with `messageType`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from tidegate.inspectors.messages import v8
from tidegate.inspectors.messages.leveldb import Record
from tidegate.inspectors.messages.tally import Tally, moment, seconds, short
from tidegate.packing.snappy import varint

_MOST_KEYS: Final = 2_000_000
_TIMES: Final = (
    "originalArrivalTime",
    "originalarrivaltime",
    "composeTime",
    "composetime",
    "clientArrivalTime",
    "createdTime",
)
_PEOPLE: Final = ("creator", "from", "fromUserId", "imDisplayName", "imdisplayname")
_PLACES: Final = ("conversationId", "conversationid", "threadId", "conversationLink")


class Count:
    """Takes entries in any order of files; the newest of each key counts."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.teams = False
        """A database of Teams names itself in it."""
        self.values = 0
        self.unread = 0
        """Values that stand elsewhere, or that cannot be read."""
        self._newest: dict[bytes, int] = {}
        self._messages: set[bytes] = set()

    def add(self, records: Iterable[Record]) -> None:
        """Take in entries, the newest file first: an older one of a key that was seen is passed over."""
        for record in records:
            key = short(record.key)
            if self._newest.get(key, -1) >= record.sequence:
                continue
            if len(self._newest) < _MOST_KEYS:
                self._newest[key] = record.sequence
            else:
                self.tally.partly = True
            if record.value is not None:
                self._entry(record.key, record.value)

    def _entry(self, key: bytes, value: bytes) -> None:
        if len(key) < 4:
            return
        first = key[0]
        database, store, index = (first >> 5) + 1, (first >> 2 & 7) + 1, (first & 3) + 1
        ids = key[1 : 1 + database + store + index]
        if not any(ids):
            name = key[1 + len(ids) :].decode("utf-16-be", "ignore") + key[2 + len(ids) :].decode(
                "utf-16-be", "ignore"
            )
            self.teams = self.teams or "Teams:" in name or "skypexspaces" in name
            return
        if (
            not any(ids[:database])
            or ids[database + store :] != b"\x01"
            or not any(ids[database : database + store])
        ):
            return
        self.values += 1
        try:
            _, at = varint(value, 0)
            self._walk(v8.value(value[at:]), 0)
        except (ValueError, IndexError):
            self.unread += 1

    def _walk(self, value: Any, depth: int) -> None:
        if depth > 8:
            return
        if isinstance(value, list):
            for each in value:
                self._walk(each, depth + 1)
        elif isinstance(value, dict):
            if ("messageType" in value or "messagetype" in value) and any(each in value for each in _TIMES):
                self._message(value)
                return
            for each in value.values():
                if isinstance(each, dict | list):
                    self._walk(each, depth + 1)

    def _message(self, value: dict[str, Any]) -> None:
        kind = str(value.get("messageType") or value.get("messagetype") or "")
        place = next((str(value[each]) for each in _PLACES if value.get(each)), "")
        key = short(f"{place}/{value.get('id') or value.get('clientMessageId') or value.get('version')}")
        if key in self._messages:
            return
        if len(self._messages) < _MOST_KEYS:
            self._messages.add(key)
        if kind.startswith(("ThreadActivity", "Event/")):
            self.tally.events += 1
            return
        self.tally.messages += 1
        self.tally.conversation(place)
        self.tally.person(
            next((str(value[each]) for each in _PEOPLE if value.get(each)), "").rsplit("/", 1)[-1]
        )
        self.tally.at(next((when for each in _TIMES if (when := _when(value.get(each)))), None))


def _when(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return moment(value)
    return seconds(value / 1000) if isinstance(value, int | float) and not isinstance(value, bool) else None
