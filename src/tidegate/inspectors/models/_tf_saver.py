"""Whether an operation that moves checkpoints is the one by which a model saves itself.

Every SavedModel of TensorFlow 2 has `MergeV2Checkpoints`, and the place comes from whoever saves it. Where it
comes from the graph instead, running the graph moves and deletes files of its maker's choice.
Source: tensorflow/python/checkpoint/functional_saver.py, `MultiDeviceSaver`; training/saver.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tidegate.inspectors.models._protobuf import BYTES, Field, Hop

MERGE = "MergeV2Checkpoints"
_PLACES = 2
"""Its inputs: the checkpoints to merge, and where they go."""
_FROM_CALLER = frozenset(["Placeholder", "PlaceholderV2", "PlaceholderWithDefault"])
_PARTS = frozenset(
    ["Identity", "StringJoin", "ShardedFilename", "ExpandDims", "Reshape", "Select", "SelectV2"]
)
"""Make a path out of others: one part that the caller names is enough."""
_LISTS = frozenset(["Pack", "ConcatV2"])
"""Put paths side by side: each must be one that the caller names."""
_DEEPEST = 32
"""Operations between a place and its origin; TensorFlow writes four."""
_LONGEST_NAME_BYTES = 256


class _Node(NamedTuple):
    op: str
    inputs: tuple[str, ...]


class Scope:
    """The nodes of one graph or one function."""

    def __init__(self, hop: Hop, start: int, stop: int, number: int) -> None:
        """Stand for the bytes [start, stop). number: of the field that a node is."""
        self._hop = hop
        self._start, self._stop, self._number = start, stop, number
        self._nodes: dict[str, _Node] | None = None

    def saves_where_the_caller_says(self, merge: Field) -> bool:
        """Tell whether both places of a `MergeV2Checkpoints` come from a placeholder or an argument.

        Raises `MalformedError`, `IncompleteError`.
        """
        places = self._node(merge)[1].inputs
        if len(places) != _PLACES:
            return False
        if self._nodes is None:
            self._nodes = dict(self._read())
        return all(self._from_caller(place, {}) for place in places)

    def _read(self) -> Iterator[tuple[str, _Node]]:
        for field in self._hop.fields(self._start, self._stop):
            if field.number == self._number and field.wire == BYTES:
                yield self._node(field)

    def _node(self, node: Field) -> tuple[str, _Node]:
        """Return name (1), operation (2) and inputs (3) without those that only order."""
        name = op = ""
        inputs: list[str] = []
        for field in self._hop.fields(node.start, node.stop):
            if field.wire != BYTES or field.number > 3:
                continue
            text = self._hop.text(field, _LONGEST_NAME_BYTES)
            if field.number == 1:
                name = text
            elif field.number == 2:
                op = text
            elif not text.startswith("^"):
                inputs.append(text.partition(":")[0])
        keeps = op == MERGE or op in _PARTS or op in _LISTS
        return name, _Node(op, tuple(inputs) if keeps else ())

    def _from_caller(self, name: str, known: dict[str, bool], depth: int = 0) -> bool:
        """Follow a path to where it comes from; what is no node is an argument of the function."""
        node = (self._nodes or {}).get(name)
        if node is None or node.op in _FROM_CALLER:
            return True
        if name in known or depth > _DEEPEST:
            return known.get(name, False)
        known[name] = False  # should it lead back to itself
        # The last input of ConcatV2 is the axis.
        paths = node.inputs[:-1] if node.op == "ConcatV2" else node.inputs
        found = [self._from_caller(each, known, depth + 1) for each in paths]
        if node.op in _LISTS:
            known[name] = bool(found) and all(found)
        else:
            known[name] = node.op in _PARTS and any(found)
        return known[name]
