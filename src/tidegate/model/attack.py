"""What somebody could do with a finding, step by step."""

from __future__ import annotations

from tidegate.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackStep:
    """One step in plain words, and what supports it."""

    text: str
    facts: tuple[str, ...] = ()
    """Sentences about the finding: a right, a place where the link stands, an item behind it."""
    certainty: str = "proved"
    """`proved` by an answer of the service, `granted` on paper, or `possible`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackPath:
    """A way from who sees the link to the harm."""

    id: str
    """`model-poisoning`, `data-theft`, …"""
    title: str
    """A sentence: what is at stake."""
    steps: tuple[AttackStep, ...]
