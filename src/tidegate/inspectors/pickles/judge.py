"""Judges pickle streams: what a loader would call, told without loading.

Two passes: one regular expression proves most data free of imports; what is left is interpreted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tidegate.inspectors.pickles import nested, resume
from tidegate.inspectors.pickles.actions import Actions
from tidegate.inspectors.pickles.limits import MOST_DEPTH, Limits
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.machine import Machine
from tidegate.inspectors.pickles.notes import Notes
from tidegate.inspectors.pickles.plain import end_of_plain
from tidegate.inspectors.pickles.values import Value
from tidegate.inspectors.pickles.window import Window
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence
from tidegate.model.severity import Severity
from tidegate.records import dataclass, field

_BESIDE_BYTES = 4096
"""Looked at first: numbers are no opcodes after a few bytes."""
_BESIDE_SLACK = 300
"""An operand that is cut off by the end of these bytes begins at most so far before it, or is huge."""

Inside = Callable[[Readable, str], Judgement | None]


@dataclass(slots=True)
class StreamResult:
    """What one stream is."""

    end: int | None
    """Offset after STOP; `None`: there is none, or the stream breaks before."""
    judgement: Judgement
    value: Value = None
    """What a loader would return, as `values.py` describes it. Only of streams that were interpreted."""
    reached: int = 0
    """Offset up to which it was looked at; the end, where there is one."""
    storages: list[Value] = field(default_factory=list)
    """Ids of persistent objects, in order: torch's `("storage", type, key, device, count)`."""


def judge_stream(
    data: Readable,
    offset: int,
    stop: int,
    *,
    loader: Loader = Loader.C,
    policy: frozenset[str] = frozenset(),
    member: str = "",
    inside: Inside | None = None,
    values: bool = False,
) -> StreamResult:
    """Judge the one stream that begins at `offset`, up to its STOP and no byte further.

    stop: offset of the first byte that cannot belong to it.  inside: judges what a constant holds that is
    handed to `torch.load` and the like (`Context.inside`).  values: interpret it even if it calls nothing,
    for the sake of `value` and `storages`.  Raises what `data.read` raises, but no `OverBudgetError`.
    """
    judging = _Judging(data, loader, policy, member, inside, Limits())
    return judging.stream(offset, stop, values=values)


def judge_pickles(
    data: Readable,
    offset: int = 0,
    stop: int | None = None,
    *,
    loader: Loader = Loader.C,
    policy: frozenset[str] = frozenset(),
    member: str = "",
    inside: Inside | None = None,
) -> Judgement:
    """Judge a file of streams one after the other, with padding and junk between them.

    Raises what `data.read` raises, but no `OverBudgetError`.
    """
    judging = _Judging(data, loader, policy, member, inside, Limits())
    window = Window(data, data.size_bytes if stop is None else stop)
    calls = False
    with suppress(OverBudgetError):  # `streams` says so
        end = end_of_plain(window, offset)
        if end == window.stop:  # most files: one stream that calls nothing
            return Judgement("pickle", runs_code=True)
        calls = end is None
    return judging.streams(offset, window, calls=calls)


class _Judging:
    """One file and what may still be spent on it."""

    def __init__(
        self,
        data: Readable,
        loader: Loader,
        policy: frozenset[str],
        member: str,
        inside: Inside | None,
        limits: Limits,
        depth: int = 0,
    ) -> None:
        self.data = data
        self.loader = loader
        self.policy = policy
        self.member = member
        self.inside = inside
        self.limits = limits
        self.depth = depth

    def stream(
        self, offset: int, stop: int, *, values: bool = False, window: Window | None = None
    ) -> StreamResult:
        """Judge one stream."""
        window = window or Window(self.data, stop)
        notes = Notes("pickle", member=self.member, loader=self.loader.words)
        try:
            end = None if values else end_of_plain(window, offset)
        except OverBudgetError as error:
            _stop(notes, error, offset)
            return StreamResult(None, notes.judgement, reached=window.stop)
        if end is not None:
            return StreamResult(end, notes.judgement, reached=end)
        actions = Actions(self.loader, notes, self.policy, self.limits, window.bytes)
        actions.nested = lambda value, callee, at: self._nested(value, callee, at, notes)
        actions.inline = lambda at: self._inline(at, stop, notes)
        actions.beside = lambda at: self._beside(at, stop, notes)
        machine = Machine(window, offset, self.loader, notes, actions, self.limits)
        try:
            machine.run()
            for other in machine.others:
                other.run()
        except OverBudgetError as error:
            _stop(notes, error, machine.walk.at)
        actions.close()
        notes.close()
        reached = machine.walk.at if machine.walk.cut_at is None else machine.walk.cut_at + 1
        return StreamResult(machine.end, notes.judgement, machine.value, reached, actions.storages)

    def streams(self, offset: int, window: Window, *, calls: bool) -> Judgement:
        """Judge all streams from `offset` on. calls: the first one is known not to be plain."""
        notes = Notes("pickle", member=self.member, loader=self.loader.words)
        at: int | None = offset
        count = 0
        while at is not None:
            if self.limits.streams <= 0 or self.limits.opcodes <= 0:
                notes.judgement.complete = False
                notes.broken("limit", "more streams than are looked at", offset=at)
                break
            self.limits.streams -= 1
            result = self.stream(at, window.stop, values=calls and count == 0, window=window)
            notes.include(result.judgement)
            count += 1
            try:
                at = resume.next_stream(window, result.reached, result.end, notes, self.limits)
            except OverBudgetError as error:
                _stop(notes, error, result.reached)
                break
        if count > 1:
            notes.add("streams", Severity.INFO, f"holds {count:,} pickles one after the other")
        notes.close()
        return notes.judgement

    def _inline(self, at: int, stop: int, notes: Notes) -> int:
        """Judge a stream that a loader reads from within another one. Returns its end, or -1."""
        if self.depth >= MOST_DEPTH:
            return -1
        part = _Judging(
            self.data, self.loader, self.policy, self.member, self.inside, self.limits, self.depth + 1
        )
        result = part.stream(at, stop)
        notes.include(result.judgement)
        return -1 if result.end is None else result.end

    def _beside(self, at: int, stop: int, notes: Notes) -> None:
        """Look at an array's bytes as opcodes: `pickle.load` goes on there, joblib passes over them.

        Numbers make no sense as opcodes, and are left alone; only what is known to be bad counts.
        """
        if self.depth >= MOST_DEPTH or self.limits.beside <= 0:
            return
        self.limits.beside -= 1
        near = min(at + _BESIDE_BYTES, stop)
        part = _Judging(self.data, Loader.C, self.policy, self.member, None, self.limits, MOST_DEPTH)
        result = part.stream(at, near, window=Window(self.data, near, first_bytes=_BESIDE_BYTES))
        if result.end is None and result.reached > near - _BESIDE_SLACK and near < stop:
            result = part.stream(at, stop)
        if result.judgement.evidence in (Evidence.SINK, Evidence.PAYLOAD):
            notes.include(result.judgement)

    def _nested(self, value: Value, callee: str, at: int, notes: Notes) -> bool:
        """Judge what a constant holds that a call is given. Tells whether it is anything that loads."""
        if self.limits.nested <= 0 or self.depth >= MOST_DEPTH:
            notes.judgement.complete = False
            notes.broken("limit", "more pickles within constants than are looked into", offset=at)
            return False
        found = nested.unpack(self.data, value, callee)
        if found is None:
            return False
        self.limits.nested -= 1
        member = f"{self.member}!/constant@{at}"
        if found.start < 0:
            judged = self.inside(found.data, member) if self.inside else None
            if judged is not None:
                notes.include(judged)
            return judged is not None
        part = _Judging(found.data, Loader.C, self.policy, member, self.inside, self.limits, self.depth + 1)
        result = part.stream(found.start, found.data.size_bytes)
        if not (found.sure or result.end is not None or result.judgement.observations):
            return False
        notes.add("nested", Severity.INFO, f"{callee} is given a constant that is a pickle itself", offset=at)
        notes.include(result.judgement)
        return True


def _stop(notes: Notes, error: OverBudgetError, offset: int) -> None:
    """Note that no more may be read: what was seen up to there is judged."""
    notes.judgement.complete = False
    notes.add("not_complete", Severity.MEDIUM, f"not judged whole: {error}", offset=offset)
