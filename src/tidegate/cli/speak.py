"""What a person at the terminal is told: lines on standard error, which never get into the document."""

from __future__ import annotations

import os
import sys
from typing import Any


def tell(text: str, prefix: str = "tidegate", *, end: str = "\n") -> None:
    """Print a line on standard error. Names in it may come from scanned content, or be a link by mistake.

    Nothing happens where nobody listens: that changes neither the document nor the exit code.
    """
    if sys.stderr is None:  # closed; `print` would take standard output in its place
        return
    from tidegate.engine.mask import Mask  # noqa: PLC0415 - a quiet run needs neither
    from tidegate.report._escape import safe  # noqa: PLC0415

    said = safe(Mask().text(text))
    try:
        print(f"{prefix}: {said}" if prefix else said, end=end, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        forget(sys.stderr)


def say(text: str, *, unicode: bool = False) -> None:
    """Print text as the one document. Raises `UsageError` when standard output is closed or full.

    unicode: as UTF-8, for machines, whatever the terminal understands.
    """
    from tidegate.cli.output import Output  # noqa: PLC0415 - not needed for --help

    with Output(None, "never") as out:
        out.write(lambda stream: stream.writelines([text]), unicode=unicode)


def forget(stream: Any) -> None:
    """Point a stream to nowhere: Python flushes it once more at the end, and would complain again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):  # closed, or not a file: nothing will be flushed to it
        return
