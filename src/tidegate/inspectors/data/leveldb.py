"""LevelDB, and in it the messages of Teams. A store is many files: `CURRENT` leads to all that count.

At `CURRENT` the store is judged as one, through the files beside it. A table or a log is counted
by itself only
where no `CURRENT` stands beside it, so that no message is counted twice.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.messages.indexeddb import Count
from tidegate.inspectors.messages.leveldb import TABLE_MAGIC, Live, State, log, manifest, table
from tidegate.inspectors.readable import Counted, OverBudgetError, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity

_STORE_BYTES: Final = 64 << 20
"""Read of one store at most; what is beyond makes the numbers "at least"."""
_CURRENT: Final = re.compile(rb"\AMANIFEST-\d{1,20}\n\Z")
_LOG: Final = re.compile(r"(?:\A|/)(?:\d{6,20}\.log|MANIFEST-\d{6,20})\Z")
_TEAMS: Final = re.compile(
    r"teams\.(?:microsoft|live)\.com|MSTeams_8wekyb3d8bbwe|Microsoft/Teams", re.IGNORECASE
)


class LevelDb:
    """Reads tables, logs and the manifest."""

    id = "leveldb"
    order = 15

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by the footer of a table, the one line of `CURRENT`, or the first record of a log."""
        if tail.endswith(TABLE_MAGIC) or (size_bytes < 40 and _CURRENT.match(head) is not None):
            return True
        return (
            _LOG.search(name.replace("\\", "/")) is not None
            and head[6:7] in (b"\x01", b"\x02")
            and len(head) > 18
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count a store, or one file of it."""
        count, state = Count(), State()
        line = data.read(0, 40) if data.size_bytes < 40 else b""
        beside = context.siblings
        if _CURRENT.match(line):
            if beside is None:
                return _other()
            step = self._store(line.decode().strip(), count, state, context)
        else:
            if beside is not None and beside("CURRENT") is not None:
                note = self._note("chat_store" if _TEAMS.search(name) else "database", Severity.INFO,
                                  "part of a LevelDB store; it is counted at CURRENT", Step.ENDS)  # fmt: skip
                return Judgement(note.kind, model=False, observations=[note])
            step = self._file(Counted(data, most_bytes=_STORE_BYTES), count, state, context)
            if (
                state.damaged
                and not count.values
                and not count.teams
                and not data.read(max(0, data.size_bytes - 8), 8).endswith(TABLE_MAGIC)
            ):
                return _other()
        return self._judged(name, count, state, step)

    def _store(self, current: str, count: Count, state: State, context: Context) -> Step:
        if context.siblings is None:
            return Step.ENDS
        head = context.siblings(current)
        if head is None:
            count.tally.partly = True
            return Step.ENDS
        live: Live = manifest(Counted(head, most_bytes=_STORE_BYTES), state, context.meter.check)
        left = _STORE_BYTES
        numbers = sorted(
            set(range(live.log, min(live.next_file, live.log + 16))) | {live.log, live.previous_log}
        )
        files = [f"{each:06}.log" for each in reversed(numbers) if each]
        # Newest first, so that no value is decoded that a later one replaced: logs, then level by level.
        tables = sorted(live.tables, key=lambda each: (live.tables[each], -each))
        files += [f"{each:06}.ldb" for each in tables]
        step = Step.WHOLE
        for each in files:
            opened = context.siblings(each)
            if opened is None:
                if each.endswith(".ldb"):
                    opened = context.siblings(each.removesuffix("ldb") + "sst")
                if opened is None:
                    count.tally.partly = count.tally.partly or each.endswith(".ldb")
                    continue
            part = Counted(opened, most_bytes=max(0, left))
            if self._file(part, count, state, context) is not Step.WHOLE:
                step = Step.SAMPLE
            left -= part.bytes_read
        return step

    def _file(self, data: Counted, count: Count, state: State, context: Context) -> Step:
        try:
            if data.size_bytes >= 48 and data.read(data.size_bytes - 8, 8) == TABLE_MAGIC:
                count.add(table(data, state, context.meter.check))
            else:
                count.add(reversed(list(log(data, state, context.meter.check))))
        except ValueError:
            state.damaged += 1
        except OverBudgetError:
            count.tally.partly = True
            return Step.SAMPLE
        return Step.WHOLE

    def _judged(self, name: str, count: Count, state: State, step: Step) -> Judgement:
        count.tally.partly = count.tally.partly or bool(state.damaged or count.unread)
        teams = count.teams or _TEAMS.search(name) is not None
        if count.tally.messages or teams:
            kind_id = "teams_messages" if teams else "chat_store"
            what = "Teams messages" if teams else "messages in a program's store"
            notes = [count.tally.observation(kind_id, what, inspector=self.id, step=step)]
        else:
            kind_id = "database"
            notes = [
                self._note(kind_id, Severity.INFO, "a LevelDB store of a program, without messages", step)
            ]
        if state.damaged:
            notes.append(
                self._note("damaged", Severity.LOW, f"{state.damaged:,} blocks or records are damaged", step)
            )
        whole = not state.damaged and step is Step.WHOLE
        return Judgement(kind_id, model=False, complete=whole, observations=notes)

    def _note(self, kind_id: str, severity: Severity, words: str, step: Step) -> Observation:
        return Observation(inspector=self.id, kind=kind_id, severity=severity, summary=words, step=step)


def _other() -> Judgement:
    return Judgement(OTHER, model=False)


PLUGIN = LevelDb()
