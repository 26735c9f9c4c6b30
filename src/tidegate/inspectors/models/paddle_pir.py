"""Programs of Paddle 3 as JSON (`inference.json`): the operations are named in it, each with its dialect.

Source: paddle/fluid/pir/serialize_deserialize: `schema.h` for the keys, `schema.cc` for the dialects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tidegate.inspectors.models._json import MOST_BYTES, parse
from tidegate.inspectors.models._notes import MalformedError, Notes, quoted
from tidegate.inspectors.models._paddle_ops import only_computes_in_pir
from tidegate.inspectors.models.paddle import LOADER, judge_operation
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MARK: Final = re.compile(rb'"magic"\s*:\s*"pir"')
_OPERATORS: Final = frozenset(("1", "pd_op"))
_CUSTOM: Final = frozenset(("3", "custom_op"))
_PARTS: Final = frozenset(("0", "builtin", "2", "cf", "4", "dist_op"))
"""Dialects of parts of the program, of branches and of how it is spread; they call nothing."""


class PaddlePir:
    """Reads the JSON whole; weights lie in `.pdiparams`, which is numbers."""

    id = "paddle_pir"
    order = 57

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return head.lstrip()[:1] == b"{" and _MARK.search(head) is not None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        if data.size_bytes > MOST_BYTES:
            notes.incomplete(f"{data.size_bytes:,} bytes of JSON")
            return notes.done()
        with notes.reading():
            document = parse(data.read(0, data.size_bytes), notes)
            program = document.get("program") if isinstance(document, dict) else None
            if not isinstance(program, dict):
                raise MalformedError("no program in it")
            count = 0
            for operation in _operations(program):
                count += 1
                _judge(operation, notes)
            notes.fact("graph", f"a program of {count:,} operations")
        return notes.done()


def _operations(program: dict[str, Any]) -> Iterator[object]:
    """Yield the names of the operations, those in branches too. Iterative: depth is the file's choice."""
    left: list[Any] = [program]
    while left:
        part = left.pop()
        for key in ("regions", "blocks", "ops"):
            inside = part.get(key)
            if inside is None:
                continue
            if not isinstance(inside, list) or not all(isinstance(each, dict) for each in inside):
                raise MalformedError(f"the {key} are no list of objects")
            left += inside
            if key == "ops":
                yield from (each.get("#") for each in inside)


def _judge(name: object, notes: Notes) -> None:
    if name == "p":  # a weight
        return
    if not isinstance(name, str) or "." not in name:
        raise MalformedError("an operation without a name")
    dialect, _, own = name.partition(".")
    if dialect in _PARTS:
        return
    if dialect in _OPERATORS:
        if not only_computes_in_pir(own):
            judge_operation(own, notes)
    elif dialect in _CUSTOM:
        summary = f"the operation {quoted(own)} comes from a library that is loaded for it"
        notes.unlisted("custom_operation", summary, name=own)
    else:
        notes.unlisted(
            "custom_operation", f"the operation {quoted(name)} is of no dialect of Paddle", name=name
        )


PLUGIN = PaddlePir()
