"""Commits, tags and trees as git writes them.

Source: git-scm.com/docs/git-commit-tree, git-mktag, git-mktree; "Git Internals" in the Pro Git book.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_WHO = re.compile(rb"(.*?) ?(-?\d+) [+-]\d+", re.DOTALL)
_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FOLDER = 0o40000
GITLINK = 0o160000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A commit or a tag."""

    target: str | None
    """The commit's tree, or the tagged object; hexadecimal."""
    parents: tuple[bytes, ...]
    author: str | None
    """`Name <mail>`; of a tag its tagger."""
    made_at: datetime | None
    """When it was committed or tagged."""


def parse_message(content: bytes) -> Message:
    """Read the headers of a commit or tag. What is missing or malformed is `None`."""
    fields: dict[bytes, bytes] = {}
    parents = []
    for line in content.partition(b"\n\n")[0].split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, value)
        if key == b"parent" and _OID.fullmatch(value):
            parents.append(bytes.fromhex(value.decode()))
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author, written = _who(fields.get(b"author", fields.get(b"tagger", b"")), encoding)
    _, committed = _who(fields.get(b"committer", b""), encoding)
    target = fields.get(b"tree", fields.get(b"object", b""))
    return Message(
        target=target.decode() if _OID.fullmatch(target) else None,
        parents=tuple(parents),
        author=author,
        made_at=committed or written,
    )


def _who(value: bytes, encoding: str) -> tuple[str | None, datetime | None]:
    """`Name <mail> 1700000000 +0100` -> name with mail, instant."""
    parts = _WHO.fullmatch(value)
    name = parts[1] if parts else value
    try:
        text = name.decode(encoding)
    except (LookupError, UnicodeError):
        text = name.decode("utf-8", "replace")
    instant = None
    if parts:
        try:
            instant = _EPOCH + timedelta(seconds=int(parts[2][:20]))
        except OverflowError:
            instant = None
    return text or None, instant


def place_in_message(content: bytes, kind: str, line: int, column: int) -> tuple[str, int, int]:
    """Say what stands at a line and column of a commit or tag: a name, and line and column in it.

    Headers are one line each, so their line is 1, and the column counts from the header's value.
    """
    lines = content.split(b"\n", line)
    blank = next((i for i, each in enumerate(lines[:line]) if not each), None)
    if blank is not None and line - 1 > blank:
        return f"<{kind} message>", line - blank - 1, column
    key = lines[line - 1].partition(b" ")[0] if line <= len(lines) else b""
    value_column = max(column - len(key) - 1, 1)
    if key in (b"author", b"committer", b"tagger"):
        return "<author>", 1, value_column
    if key == b"tag":
        return "<ref name>", 1, value_column
    return f"<{kind} header>", line, column


def parse_tree(content: bytes, width: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (mode, name, id) of each entry; stops at what is malformed."""
    at = 0
    while True:
        space = content.find(b" ", at, at + 8)
        nul = content.find(b"\0", at)
        oid = content[nul + 1 : nul + 1 + width]
        mode = content[at:space]
        if space < 0 or nul < space or len(oid) < width or mode.strip(b"01234567"):
            return
        yield int(mode or b"0", 8), content[space + 1 : nul], oid
        at = nul + 1 + width
