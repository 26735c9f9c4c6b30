"""One credential from standard input, where no list of processes shows it."""

from __future__ import annotations

import sys

from tidegate.errors import UsageError

MAX_INPUT_BYTES = 1 << 20


def credential() -> str:
    """Return what stands on standard input. Raises `UsageError` when that is nothing, or a page of text."""
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    binary = getattr(sys.stdin, "buffer", None)
    if binary is None:  # a text stream that a caller put there
        data = sys.stdin.read(MAX_INPUT_BYTES + 1).encode("utf-8", "replace")
    else:
        data = binary.read(MAX_INPUT_BYTES + 1)
    if len(data) > MAX_INPUT_BYTES:
        raise UsageError("more than 1 MiB on standard input", hint="to search a text, use: tidegate scan -")
    text = data.decode("utf-8", "replace").strip()
    if not text:
        raise UsageError("nothing on standard input")
    return text
