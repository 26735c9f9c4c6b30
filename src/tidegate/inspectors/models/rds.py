"""R's serialised objects (`.rds`, `.rda`), unpacked: promises run when touched, closures when called.

Source: R Internals, "Serialization Formats"; R `serialize.c`; CVE-2024-27322 (R before 4.4.0).
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import MalformedError, Notes, quoted
from tidegate.inspectors.models._r_cursor import cursor
from tidegate.inspectors.models._r_items import Walk
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_FORMS = (b"X\n", b"B\n", b"A\n")
_WORKSPACES = (b"RDX2\n", b"RDX3\n", b"RDB2\n", b"RDB3\n", b"RDA2\n", b"RDA3\n")


class Rds:
    """Walks the objects; vectors of numbers are skipped."""

    id = "rds"
    order = 25

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        if head.startswith(_WORKSPACES):
            return True
        if head.startswith(b"A\n"):
            return head[2:4] in (b"2\n", b"3\n")
        version = head[2:6] if head.startswith(b"X\n") else head[5:1:-1]
        return head.startswith(_FORMS) and version in (b"\0\0\0\2", b"\0\0\0\3")

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            head = data.read(0, 8)
            start = 5 if head.startswith(_WORKSPACES) else 0
            form = head[start : start + 2]
            if form not in _FORMS:
                raise MalformedError(f"the form {quoted(form)} does not exist", start)
            items = cursor(data, start + 2, form)
            version = items.u32()
            items.integers(2)
            if version == 3:
                items.letters(items.u32(), needed=False)
            elif version != 2:
                raise MalformedError(f"version {version:,} does not exist", start + 2)
            Walk(items, notes).walk()
        return notes.done()


PLUGIN = Rds()
