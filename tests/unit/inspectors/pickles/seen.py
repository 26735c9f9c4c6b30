"""How a stream is judged in a test: assembled from opcodes, never loaded."""

from __future__ import annotations

from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.readable import Memory
from tidegate.inspectors.seam import Judgement
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict


def judged(raw: bytes, loader: Loader = Loader.C, policy: frozenset[str] = frozenset()) -> Judgement:
    return judge_pickles(Memory(raw), loader=loader, policy=policy)


def word(raw: bytes, loader: Loader = Loader.C) -> Verdict:
    return verdict(judged(raw, loader))


def sentences(raw: bytes, loader: Loader = Loader.C) -> list[str]:
    return [each.summary for each in judged(raw, loader).observations]


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def name(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(attribute) + b"\x93"


def call(callee: bytes, *args: bytes) -> bytes:
    """REDUCE with a tuple."""
    return callee + b"(" + b"".join(args) + b"tR"


def stream(*body: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + b"".join(body) + b"."
