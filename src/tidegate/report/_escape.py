"""Text from scanned content, made harmless for where it is shown.

Names, authors, reasons and even the plain sentences carry text that an attacker may have written. Every
renderer passes all of them through here, and nothing else decides what is dangerous.
"""

from __future__ import annotations

import re
import unicodedata

# Letters and marks by their category, yet drawn as nothing or as a blank: they can hide or fake a name.
INVISIBLE = frozenset(
    [
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    ]
)
_INVISIBLE_CLASS = re.compile("[" + "".join(map(chr, sorted(INVISIBLE))) + "]")

# CI runners take commands from any line of a job's log. GitHub: `::name::` where a line starts, and
# `##[name]` anywhere; Azure Pipelines: `##vso[`; TeamCity: `##teamcity[`. Wrapping can start a line anywhere.
_CI_COLONS = re.compile(r"::(?=[A-Za-z])")
_CI_HASHES = re.compile(r"##(?=[A-Za-z]*\[)")

MAX_MARKS = 4
"""Combining marks shown on one letter; living languages need no more, and a tower of them hides its line."""


def safe(text: str) -> str:
    r"""Return one line of text that moves no cursor, hides nothing and commands nobody.

    Control characters (C0, C1, DEL, line and paragraph ends), direction marks, zero-width and other unseen
    characters, and bytes that were no UTF-8 become visible: `\x1b`, `\u202e`. Printable text stays as it is.
    """
    if not text.isprintable() or _INVISIBLE_CLASS.search(text):
        text = "".join(char if _is_plain(char) else _visible(char) for char in text)
    if not text.isascii():
        text = _without_towers(text)
    text = _CI_COLONS.sub(r"\\x3a:", text)
    return _CI_HASHES.sub(r"#\\x23", text)


def _is_plain(char: str) -> bool:
    return char.isprintable() and ord(char) not in INVISIBLE


def _visible(char: str) -> str:
    known = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(char)
    if known:
        return known
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, as Python carries it in file names
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _without_towers(text: str) -> str:
    marks, kept = 0, []
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        kept.append(char if marks <= MAX_MARKS else _visible(char))
    return "".join(kept)


# --- Markdown, as GitHub and GitLab read it ---------------------------------------------------------------

_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~&$#!])")
_BARE_LINK = re.compile(r":(?=/)|(?<=www)\.", re.IGNORECASE)
_BLOCK_START = re.compile(r"^(\s*)(?:([-+=])|(\d+)([.)]))")
_BACKTICKS = re.compile(r"`+")
_REFERENCES = re.compile(r"(?:@|\\#)+")


def markdown(text: str) -> str:
    """Return the text as literal Markdown: no markup, HTML, link, image, mention or issue reference."""
    escaped = _MARKUP.sub(r"\\\1", safe(text).strip())
    escaped = _BARE_LINK.sub(lambda match: f"\\{match.group()}", escaped)
    escaped = _BLOCK_START.sub(_literal_start, escaped)
    # Mentions (`@team`) and references (`#12`) are found after rendering, where a backslash no longer shows;
    # only code is spared, so the sign stands in code.
    return _REFERENCES.sub(lambda match: f"`{match.group().replace(chr(92), '')}`", escaped)


def _literal_start(match: re.Match[str]) -> str:
    sign, number, end = match.group(2, 3, 4)
    return f"\\{sign}" if sign else f"{number}\\{end}"


def markup(text: str) -> str:
    """Return the text for HTML, between tags or in a quoted attribute."""
    import html  # noqa: PLC0415 - 2 ms, and most reports are none

    return html.escape(safe(text))


def markdown_code(text: str) -> str:
    """Return the text as a Markdown code span, also fit for a table cell."""
    # A pipe splits a table row before code spans are looked for, and renderers disagree on `\\|`.
    inner = safe(text).replace("|", r"\x7c") or " "
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(inner)), default=0))
    pad = " " if inner[0] in "` " or inner[-1] in "` " else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


# --- CSV --------------------------------------------------------------------------------------------------

_FORMULA_STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20|%")
"""What a spreadsheet may take for a formula or a command, with the full-width forms some of them fold."""


def csv_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a `'` stands before what looks like one."""
    clean = safe(text)
    start = clean.lstrip(" '\"")[:1]
    return f"'{clean}" if start in _FORMULA_STARTS and start else clean
