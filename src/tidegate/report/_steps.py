"""What is to be done, step by step: sentences, and the commands in them, which a person copies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.records import replace
from tidegate.report._grant import LABEL, block
from tidegate.report._terminal import Paper, columns

_COMMAND = re.compile(r"`((?:az|aws|gcloud) [^`]+)`")
"""As `assess/fix.py` marks it; whatever else stands between such signs is text."""


def pieces(step: str) -> list[str]:
    """Return sentence, command, sentence, … of a raw step: every second piece is a command."""
    return _COMMAND.split(step)


def unmarked(step: str) -> str:
    """Return a raw step as one sentence, for a line that nobody copies from."""
    return "".join(pieces(step))


def steps(paper: Paper, label: str, texts: tuple[str, ...]) -> Iterator[str]:
    """Write raw steps beside a label, numbered, each command on lines of its own."""
    for number, text in enumerate(texts, 1):
        sign = f"{number}. "
        indent = " " * (LABEL + columns(sign))
        for at, piece in enumerate(pieces(text)):
            clean = paper.clean(piece.strip())
            if not at:
                yield from block(paper, label if number == 1 else "", clean, sign=sign)
            elif at % 2:
                yield from _command(paper, clean, indent)
            elif clean.strip("."):
                yield from paper.wrap(clean.lstrip(".,; "), first=indent)


def _command(paper: Paper, clean: str, indent: str) -> Iterator[str]:
    r"""Write a command so that it runs as it is copied: a `\` ends each line but the last."""
    narrow = replace(paper, width=paper.width - 2)
    lines = narrow.wrap(clean, first=indent, style="path")
    if any(columns(word) > narrow.width - len(indent) for word in clean.split()):
        yield from paper.wrap(clean, first=indent, style="path")  # a word was broken, which no sign mends
        return
    yield from (f"{line} \\" for line in lines[:-1])
    yield lines[-1]
