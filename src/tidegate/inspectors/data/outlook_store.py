"""Outlook's data files (PST, OST): folders and items are counted by libpff, in a process of its own.

libpff comes with the extra `mail`. Without it the file is told by its header alone, and that is said.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

from tidegate.inspectors.messages.tally import plural, seconds, span
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_VERSIONS: Final = {
    14: "32-bit",
    15: "32-bit",
    23: "64-bit",
    36: "64-bit, large pages",
    37: "64-bit, large pages",
}
_READ_BYTES: Final = 32 << 20
_SECONDS: Final = 8.0
_SMALLEST_BYTES: Final = 1024


class OutlookStore:
    """Never reads a text."""

    id = "outlook_store"
    order = 14

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by magic, client and version."""
        del tail, name
        known = int.from_bytes(head[10:12], "little") in _VERSIONS
        return head.startswith(b"!BDN") and head[8:10] in (b"SM", b"SO") and known and size_bytes >= 12

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count folders, items, and messages of Teams in hidden folders."""
        del name
        head = data.read(0, 12)
        what = "Outlook data file" if head[8:10] == b"SM" else "Outlook offline data file"
        what += f" ({_VERSIONS.get(int.from_bytes(head[10:12], 'little'), 'unknown')})"
        if find_spec("pypff") is None:
            words = f"{what}; folders are counted where Tidegate is installed with the extra `mail`"
            return Judgement("mail_archive", model=False, observations=[self._note(words)])
        why = "it is too short for one"
        if data.size_bytes >= _SMALLEST_BYTES:
            from tidegate.inspectors import sandbox  # noqa: PLC0415 - only who meets such a file needs it

            try:
                found = sandbox.call(
                    "tidegate.inspectors.messages.pst:folders",
                    data,
                    {},
                    meter=context.meter,
                    seconds=_SECONDS,
                    read_bytes=_READ_BYTES,
                )
                return self._counted(what, found)
            except sandbox.SandboxError as error:
                why = error.reason
            except OverBudgetError as error:
                why = str(error)
        note = self._note(f"{what}; its folders could not be read: {why}")
        return Judgement("mail_archive", model=False, complete=False, observations=[note])

    def _counted(self, what: str, found: dict[str, Any]) -> Judgement:
        partly = bool(found["partly"])
        numbers = {"messages": int(found["messages"]), "folders": int(found["folders"])}
        least = "at least " if partly else ""
        words = (
            f"{what}: {least}{plural(numbers['messages'], 'item')} in {plural(numbers['folders'], 'folder')}"
        )
        teams = int(found["teams"])
        if teams:
            numbers["teams_messages"] = teams
            words += f", {teams:,} of them in hidden folders of Teams"
        first = None if found["first"] is None else seconds(found["first"])
        last = None if found["last"] is None else seconds(found["last"])
        note = Observation(
            inspector=self.id,
            kind="mail_archive",
            severity=kind("mail_archive").severity,
            summary=words + span(first, last),
            confidence="medium" if partly else "high",
            step=Step.SAMPLE,
            numbers=numbers,
            first_at=first,
            last_at=last,
        )
        notes = [note]
        if teams:
            notes.append(
                Observation(
                    inspector=self.id,
                    kind="teams_messages",
                    severity=kind("teams_messages").severity,
                    summary=f"Teams messages: {least}{teams:,} in hidden folders of a mailbox",
                    step=Step.SAMPLE,
                    numbers={"messages": teams},
                )
            )
        return Judgement("mail_archive", model=False, complete=not partly, observations=notes)

    def _note(self, words: str) -> Observation:
        return Observation(
            inspector=self.id,
            kind="mail_archive",
            severity=kind("mail_archive").severity,
            summary=words,
            step=Step.ENDS,
        )


PLUGIN = OutlookStore()
