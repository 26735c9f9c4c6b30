"""What was begun and what was done, on disk before and after each step; survives a crash at any byte."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from tidegate.close.plan import Plan
from tidegate.errors import TidegateError

FORMAT = 1


class JournalError(TidegateError):
    """The journal is another plan's, in use, or damaged. Nothing was changed."""


class Mark(StrEnum):
    """How far a step got, as far as the journal knows."""

    NEW = "new"
    """Its request was never sent."""
    BEGUN = "begun"
    """Its request may have been sent, and may have worked."""
    REFUSED = "refused"
    """The service said no: it changed nothing."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the journal."""

    step: str
    mark: Mark
    at: datetime
    reason: str


class Journal:
    """The journal of one plan, locked against a second run while it is open.

    JSON lines: a head naming the plan, then one line a mark. A line counts only with its line feed: a last
    line without one was cut by a crash before it was on disk, so what it announces had not begun.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open or begin the journal. Raises `JournalError`."""
        self._marks = {step.id: Mark.NEW for step in plan.steps}
        self.notes: list[Note] = []
        """Everything that was noted, in order."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise JournalError(f"{path}: another run has it open; wait for its end") from error
            self._begin(path, plan)
        except BaseException:
            os.close(self._file)
            raise

    def _begin(self, path: Path, plan: Plan) -> None:
        whole, _, cut = path.read_bytes().rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        head = {"format": FORMAT, "plan": plan.hash, "finding": plan.finding}
        if lines:
            self._read(path, lines, head)
        elif cut and not (json.dumps(head).encode().startswith(cut)):
            raise JournalError(f"{path}: no journal of tidegate; name another file")
        os.ftruncate(self._file, len(whole) + 1 if lines else 0)
        os.lseek(self._file, 0, os.SEEK_END)
        if not lines:
            self._write(head)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _read(self, path: Path, lines: list[bytes], head: dict[str, Any]) -> None:
        try:
            first, *rest = [json.loads(line) for line in lines]
            if first != head:
                raise JournalError(f"{path}: belongs to another plan; finish that one, or name another file")
            for entry in rest:
                if entry["step"] not in self._marks:
                    raise JournalError(f"{path}: names a step that the plan does not have")
                at = datetime.fromisoformat(entry["at"])
                note = Note(entry["step"], Mark(entry["mark"]), at, str(entry.get("reason", "")))
                self._marks[note.step] = note.mark
                self.notes.append(note)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise JournalError(
                f"{path}: damaged; look at the account by hand, then make a new plan"
            ) from error

    def mark(self, step: str) -> Mark:
        """Say how far a step got."""
        return self._marks[step]

    def note(self, step: str, mark: Mark, at: datetime, reason: str = "") -> None:
        """Write a mark; on disk when this returns. reason: plain words without a secret."""
        self._write({"step": step, "mark": mark.value, "at": at.isoformat(), "reason": reason})
        self._marks[step] = mark
        self.notes.append(Note(step, mark, at, reason))

    @property
    def done_at(self) -> datetime | None:
        """When the last step was done; `None` while one is not."""
        if any(mark is not Mark.DONE for mark in self._marks.values()):
            return None
        return max(note.at for note in self.notes if note.mark is Mark.DONE)

    def _write(self, entry: dict[str, Any]) -> None:
        line = memoryview(json.dumps(entry).encode() + b"\n")
        while line:
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Give back the lock."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
