"""What the readers of formats share: how they note what they see, and how they stop at nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.inspectors.merge import absorb
from tidegate.inspectors.notes import Collector
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.inspectors.seam import Judgement
from tidegate.model.observation import Evidence, Executes
from tidegate.model.severity import Severity

_LONGEST_QUOTE = 120
"""Characters of a name or text from the file that stand in a sentence."""


class MalformedError(Exception):
    """The file leaves its format here. Never leaves `inspectors.models`: `Notes.reading` takes it."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        """Byte in the file."""


class IncompleteError(Exception):
    """There is more than is looked at. Never leaves `inspectors.models`: `Notes.reading` takes it."""


class Notes(Collector):
    """Collects what was noticed in one file, and the three answers that follow from it."""

    def __init__(
        self, kind: str, *, loader: str = "", member: str = "", policy: frozenset[str] = frozenset()
    ) -> None:
        """kind: id of the format. loader: whom the notes concern, where not every loader.

        policy: names that the user allows beyond those of the formats themselves.
        """
        super().__init__(Judgement(kind), loader=loader, member=member)
        self.policy = policy
        self.characters = 0
        """Of templates that were looked at: their number is bounded over a file."""

    def fact(self, kind: str, summary: str, *, offset: int | None = None, loader: str | None = None) -> None:
        """Note what is worth knowing and decides nothing."""
        self.note(kind, Severity.INFO, summary, offset=offset, loader=loader)

    def odd(self, kind: str, summary: str, *, offset: int | None = None, loader: str | None = None) -> None:
        """Note what a person should look at, though it runs nothing."""
        self.note(kind, Severity.LOW, summary, offset=offset, loader=loader)

    def unlisted(
        self,
        kind: str,
        summary: str,
        *,
        name: str = "",
        offset: int | None = None,
        loader: str | None = None,
    ) -> None:
        """Note a call of which no list knows whether it is harmless. name: under which a policy allows it."""
        if name and name in self.policy:
            self.can_run()
            self.fact("allowed", f"{quoted(name)} is allowed by the policy", offset=offset, loader=loader)
            return
        self.judgement.unlisted = True
        self.judgement.raise_to(Executes.ONLY_IF, Evidence.UNKNOWN_CALLABLE)
        self.note(kind, Severity.MEDIUM, summary, offset=offset, loader=loader)

    def sink(
        self,
        kind: str,
        summary: str,
        *,
        offset: int | None = None,
        loader: str | None = None,
        executes: Executes = Executes.YES,
        payload: bool = False,
    ) -> None:
        """Note what runs code, reads, writes or reaches out. payload: its arguments say what it would do."""
        self.judgement.raise_to(executes, Evidence.PAYLOAD if payload else Evidence.SINK)
        self.note(kind, Severity.CRITICAL, summary, offset=offset, loader=loader)

    def tampering(self, kind: str, summary: str, *, offset: int | None = None) -> None:
        """Note a form that no program writes by itself."""
        self.judgement.raise_to(Executes.NO, Evidence.TAMPERING)
        self.note(kind, Severity.HIGH, summary, offset=offset)

    def broken(self, summary: str, *, offset: int | None = None) -> None:
        """Note where the file leaves its format."""
        self.judgement.broken = True
        self.note("malformed", Severity.MEDIUM, summary, offset=offset)

    def incomplete(self, summary: str, *, offset: int | None = None) -> None:
        """Note what was not looked at, though it decides."""
        self.judgement.complete = False
        self.note("not_complete", Severity.MEDIUM, summary, offset=offset)

    def can_run(self, executes: Executes = Executes.NO) -> None:
        """Say that the format could run code. executes: whether this file does, as far as was seen."""
        self.judgement.runs_code = True
        self.judgement.raise_to(executes, Evidence.NONE)

    def include(self, other: Judgement) -> None:
        """Take over what was found in a part."""
        absorb(self.judgement, other)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let what is read inside be malformed, or too much: that ends the block, with a note."""
        try:
            yield
        except MalformedError as error:
            self.broken(str(error), offset=error.offset)
        except (IncompleteError, OverBudgetError) as error:
            # What was seen until here stays seen.
            self.incomplete(f"not judged whole: {error}")

    def done(self) -> Judgement:
        """Return the judgement, the worst first, with a count of what was left out."""
        self.close()
        return self.judgement


def exact(data: Readable, offset: int, count: int) -> bytes:
    """Return exactly `count` bytes from `offset` on, or raise `MalformedError`."""
    if offset < 0 or count < 0 or offset + count > data.size_bytes:
        raise MalformedError(f"{count:,} bytes are announced at byte {offset:,}, beyond the end", offset)
    got = data.read(offset, count)
    if len(got) != count:
        raise MalformedError(f"only {len(got):,} of {count:,} bytes could be read", offset)
    return got


def quoted(text: str | bytes) -> str:
    """Return a name from the file as it stands in a sentence: short, in quotation marks."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return "'" + (plain if len(plain) <= _LONGEST_QUOTE else plain[:_LONGEST_QUOTE] + "…") + "'"
