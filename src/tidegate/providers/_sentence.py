"""The one form of a reason: whole sentences, whoever answered."""

from __future__ import annotations


def sentence(words: str) -> str:
    """Return the words with a capital letter in front and a full stop behind."""
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '!', '?')) else '.'}"
