"""What an Outlook data file holds, by libpff: folders and how many items stand in them, never a text.

Runs in the worker process of `tidegate.inspectors.sandbox` alone: libpff is native code.
Source: [MS-PST]; github.com/libyal/libpff. Hidden folders of Teams: learn.microsoft.com/purview, "Teams
messages are stored in hidden folders of the mailbox".
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

_MOST_FOLDERS: Final = 5000
_DEEPEST: Final = 40
_MOST_DATED: Final = 60
"""Items whose time is read: the first and the last of a folder, for the largest part of folders."""
_OF_TEAMS: Final = frozenset(("team chat", "teamsmessagesdata", "substrateholds"))


class _Stream:
    """What libpff reads from."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._at = 0

    def read(self, count: int = -1) -> bytes:
        size = self._data.size_bytes
        count = max(0, size - self._at if count < 0 else min(count, size - self._at))
        found: bytes = self._data.read(self._at, count) if count else b""
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._data.size_bytes)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def get_size(self) -> int:
        size: int = self._data.size_bytes
        return size


def folders(data: Any) -> dict[str, Any]:
    """Return what `count` returns for a file. Raises `OSError` when it is none of Outlook's."""
    import pypff  # noqa: PLC0415 - in the worker alone

    file = pypff.file()
    file.open_file_object(_Stream(data))
    return count(file.get_root_folder())


def count(root: Any) -> dict[str, Any]:
    """Return numbers of folders, items and Teams messages, and the first and last second that was seen.

    root: a folder of `pypff`. What cannot be read ends its branch and sets `partly`.
    """
    found: dict[str, Any] = {"folders": 0, "messages": 0, "teams": 0, "first": None, "last": None}
    found["partly"] = False
    dated = 0
    waiting: list[tuple[Any, int, bool]] = [(root, 0, False)]
    while waiting:
        folder, depth, of_teams = waiting.pop()
        if found["folders"] >= _MOST_FOLDERS or depth > _DEEPEST:
            found["partly"] = True
            break
        try:
            name = str(folder.name or "").strip().lower()
            of_teams = of_teams or name in _OF_TEAMS
            items = max(0, int(folder.number_of_sub_messages))
            found["folders"] += 1 if depth else 0
            found["messages"] += items
            found["teams"] += items if of_teams else 0
            if items and dated < _MOST_DATED:
                dated += 2
                for place in {0, items - 1}:
                    _date(folder, place, found)
            for place in range(min(int(folder.number_of_sub_folders), _MOST_FOLDERS)):
                waiting.append((folder.get_sub_folder(place), depth + 1, of_teams))
        except OSError:
            found["partly"] = True
    return found


def _date(folder: Any, place: int, found: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, ValueError, OverflowError, AttributeError):
        when = folder.get_sub_message(place).get_delivery_time()
        if when is not None:
            moment = int((when - type(when)(1970, 1, 1)).total_seconds())
            found["first"] = moment if found["first"] is None else min(found["first"], moment)
            found["last"] = moment if found["last"] is None else max(found["last"], moment)


# In the worker no file can be opened later: libpff itself imports `datetime`, and dies where it cannot.
with contextlib.suppress(ImportError):
    import datetime as dt  # noqa: F401

    import pypff  # noqa: F401
