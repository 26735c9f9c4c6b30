"""What a gap says of an error of ours."""

from __future__ import annotations

from pathlib import Path


def error_words(why: Exception) -> str:
    """Say what went wrong and where, but not the message: it may quote what was being read."""
    if isinstance(why, OSError) and why.strerror:
        return why.strerror.lower()
    from traceback import extract_tb  # noqa: PLC0415 - 4 ms, and only errors of ours need it

    last = extract_tb(why.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
    return f"stopped at an error of ours: {type(why).__name__}{where}"
