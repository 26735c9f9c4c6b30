"""Text operands of protocols 0 and 1, read as widely as any loader reads them.

Each reader returns the value and, where a usual pickler would never write it so, what is odd about it.
Measured with CPython 3.11: the C unpickler takes `0x10`, `0b11L`, `010` (as 8), and `1` before a NUL.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_USUAL_INT: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)\Z")
_USUAL_LONG: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)L?\Z")
_USUAL_FLOAT: Final = re.compile(rb"-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|inf|nan)\Z")
_MOST_DIGITS = 4300
"""CPython's own limit for text to int: beyond it the loader raises."""
_OCTAL: Final = re.compile(rb"\s*[+-]?0[0-7]+\Z")


def read_int(line: bytes) -> tuple[int | bool | None, str]:
    """Read INT. `None`: no loader takes it."""
    if line in (b"00", b"01"):
        return line == b"01", ""
    if _USUAL_INT.match(line) and len(line) < _MOST_DIGITS:
        return int(line), ""
    before, nul, _ = line.partition(b"\0")
    if nul and before.strip():
        value = _any_base(before)
        return value, f"an integer with a NUL in it ({_shown(line)}), which only the C unpickler takes"
    return _any_base(line), f"an integer that no pickler writes so: {_shown(line)}"


def read_long(line: bytes) -> tuple[int | None, str]:
    """Read LONG: digits and an `L`, which may be missing."""
    digits = line.removesuffix(b"L")
    if _USUAL_LONG.match(line) and len(line) < _MOST_DIGITS:
        return int(digits), ""
    return _any_base(digits), f"a long integer that no pickler writes so: {_shown(line)}"


def read_float(line: bytes) -> tuple[float | None, str]:
    """Read FLOAT."""
    try:
        value = float(line)
    except ValueError:
        return None, f"a float that no pickler writes so: {_shown(line)}"
    return value, "" if _USUAL_FLOAT.match(line) else f"a float that no pickler writes so: {_shown(line)}"


def read_index(line: bytes) -> tuple[int | None, str]:
    """Read the memo index of PUT or GET."""
    if _USUAL_INT.match(line) and len(line) < _MOST_DIGITS:
        return int(line), ""
    try:
        return int(line), f"a memo index that no pickler writes so: {_shown(line)}"
    except ValueError:
        return None, f"a memo index that is no number: {_shown(line)}"


def read_string(line: bytes, encoding: str) -> tuple[str | bytes | None, str]:
    """Read STRING: quoted, with escapes; decoded with the loader's encoding."""
    if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
        return None, f"a string without its quotes: {_shown(line)}"
    try:
        plain = codecs.escape_decode(line[1:-1])[
            0
        ]  # what the loaders call; not in the type stubs' public part
    except ValueError:
        return None, f"a string with a broken escape: {_shown(line)}"
    odd = (
        ""
        if line.isascii()
        else f"a string that is not ASCII, which loads only with an encoding: {_shown(line)}"
    )
    return decode_old(bytes(plain), encoding), odd


def decode_old(plain: bytes, encoding: str) -> str | bytes:
    """Decode a byte string of Python 2 as the loader would; what its encoding refuses, as latin1."""
    try:
        return plain.decode(encoding)
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def read_unicode(line: bytes) -> str | None:
    """Read UNICODE: raw-unicode-escape. `None`: a broken escape."""
    try:
        return line.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        return None


def _any_base(line: bytes) -> int | None:
    text = line.strip()
    if len(text) > _MOST_DIGITS:
        return None
    try:
        return int(text, 8) if _OCTAL.match(text) else int(text, 0)
    except ValueError:
        pass
    try:
        return int(text)
    except ValueError:
        return None


def _shown(line: bytes) -> str:
    return repr(line[:40].decode("latin-1"))
