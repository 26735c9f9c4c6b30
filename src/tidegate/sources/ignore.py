"""Patterns in the language of `.gitignore`, matched in linear time whoever wrote them.

Source: git-scm.com/docs/gitignore, "Pattern format".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tidegate.records import dataclass

_PATTERNS: Final = 10_000
_PATTERN_CHARACTERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Pattern:
    matcher: Any
    folders_only: bool
    keep: bool
    """It starts with `!`: what it matches is not ignored after all."""


class Patterns:
    """One file's patterns, for paths below `base` (empty, or with a `/` at its end)."""

    def __init__(self, lines: Iterable[str], base: str = "") -> None:
        self._base = base
        compiled = (_compile(line) for line in list(lines)[:_PATTERNS])
        self._patterns = [each for each in compiled if each is not None]

    def verdict(self, path: str, *, folder: bool, before: bool) -> bool:
        """Return whether `path` is ignored; `before`: what earlier files said."""
        name = path[len(self._base) :].encode("utf-8", "surrogateescape")
        for pattern in reversed(self._patterns):
            if (folder or not pattern.folders_only) and pattern.matcher.fullmatch(name):
                return not pattern.keep
        return before


def _compile(line: str) -> _Pattern | None:
    """Return `None` for comments, blank lines, and what no expression can be made of."""
    import re2  # noqa: PLC0415  only those who ask for patterns wait for it

    text = line.rstrip("\r\n")
    while text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1]
    if not text or text.startswith("#") or len(text) > _PATTERN_CHARACTERS:
        return None
    keep = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    if not text:
        return None
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    expression = ("" if anchored else "(?:.*/)?") + _expression(text)
    try:
        return _Pattern(
            re2.compile(expression.encode("utf-8", "surrogateescape"), options), folders_only, keep
        )
    except re2.error:
        return None


def _expression(glob: str) -> str:
    """`**` crosses folders where it stands alone between slashes; elsewhere it is a `*`."""
    out = []
    parts = glob.split("/")
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            out.append(".+" if last else "(?:.*/)?")
        else:
            out.append(_part(part) + ("" if last else "/"))
    return "".join(out)


def _part(part: str) -> str:
    out, at = [], 0
    while at < len(part):
        sign = part[at]
        at += 1
        if sign == "*":
            out.append("[^/]*")
        elif sign == "?":
            out.append("[^/]")
        elif sign == "[" and (end := part.find("]", at + 2 if part[at : at + 1] in "!^" else at + 1)) > 0:
            inside = part[at:end].replace("\\", "\\\\").replace("[", "\\[")
            out.append(f"[^/{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]")
            at = end + 1
        else:
            if sign == "\\" and at < len(part):
                sign, at = part[at], at + 1
            out.append("\\" + sign if not sign.isalnum() and sign.isascii() else sign)
    return "".join(out)
