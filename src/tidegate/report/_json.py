"""JSON text that is also safe to look at in a terminal."""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from typing import Any

# JSON lets every character but the C0 controls stand as it is. Those a terminal obeys or hides are written
# as \uXXXX all the same: a reader gets the same text, and `cat report.json` is harmless.
_WORTH_A_LOOK = re.compile(r"[^\x20-\x7e\n]|##(?=[A-Za-z]*\[)")


def dumps(value: Any, *, indent: int | None = None) -> str:
    r"""Return JSON: readable text stays readable, the rest is escaped, and all of it is valid UTF-8.

    A byte that was no UTF-8 (a lone surrogate in Python) is written as the four characters `\xNN`, because
    many readers refuse or garble a lone surrogate.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return text if text.isascii() and "\x7f" not in text and "##" not in text else _tame(text)


def quoted(text: str) -> str:
    """Return one text as `dumps` does, in a fifth of the time."""
    found = encode_basestring(text)
    return found if found.isascii() and "\x7f" not in found and "##" not in found else _tame(found)


def _tame(text: str) -> str:
    return _WORTH_A_LOOK.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if char == "##":  # commands a CI runner when it stands in a job's log
        return r"\u0023#"
    from tidegate.report._escape import INVISIBLE  # noqa: PLC0415 - 2 ms, and most reports are ASCII

    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    if char.isprintable() and code not in INVISIBLE:
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
