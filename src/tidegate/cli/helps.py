"""How `--help` is laid out: paragraphs as wide as the terminal, tables as they are."""

from __future__ import annotations

import argparse


class Help(argparse.RawDescriptionHelpFormatter):
    """Wraps the paragraphs of a description; one with an indented line is a table, and kept."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap  # noqa: PLC0415 - only help needs it

        parts = [
            part
            if any(line.startswith(" ") for line in part.splitlines())
            else textwrap.fill(" ".join(part.split()), width, break_on_hyphens=False, break_long_words=False)
            for part in text.strip("\n").split("\n\n")
        ]
        return indent + "\n\n".join(parts)
