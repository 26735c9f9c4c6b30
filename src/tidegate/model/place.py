"""Where a credential was seen."""

from __future__ import annotations

from datetime import datetime

from tidegate.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where one credential stands (an *occurrence* in the report)."""

    source: str
    """Id of the source that read it: `git`, `tree`, `stdin`, …"""
    target: str
    """What the user named, as they named it."""
    path: str
    """The path inside the target; `!/` goes into a container: `data.zip!/conf/.env`.

    In git, text outside of files has a name in angle brackets: `<commit message>`, `<tag message>`.
    """
    line: int
    """From 1."""
    column: int
    """From 1, in characters of one byte."""
    unwrapped: tuple[str, ...] = ()
    """What had to be undone to read it, outermost first: `json-escape`, `base64`, `utf-16`, …"""
    commit: str | None = None
    """The first commit that brought it, in full; `None` outside git and where no commit holds it."""
    author: str | None = None
    """`Name <mail>` of that commit's author."""
    committed_at: datetime | None = None
    in_head: bool | None = None
    """Whether HEAD still holds it at this path; `None` outside git."""
    versions: int = 1
    """In git: how many versions of this path hold it."""
    rank: int = 0
    """In git, until versions are put together: `commit` comes after those of a lower rank. In no report."""
