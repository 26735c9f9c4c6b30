"""TensorFlow graphs in files of their own: a frozen graph (`.pb`), a checkpoint's `.meta`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Field, Hop, known, outline
from tidegate.inspectors.models._tf_graph import Graph
from tidegate.inspectors.models._tf_meta import meta_graph
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER

_OPERATION = re.compile(rb"[A-Za-z_][A-Za-z0-9_>.]{0,99}\Z")
LOADER = "tf.import_graph_def"
_NAMES = (".pb", ".meta", ".graphdef")
_EITHER = dict.fromkeys((1, 2, 3, 4, 5, 6, 7, 8), BYTES)
"""Fields of a MetaGraphDef, and of a GraphDef all but the number of its version."""
_MOST_UNKNOWN = 100_000
"""Fields before the graph; another message that has so many is no rarity, but hardly one without a first."""


class TensorFlowGraph:
    """Walks the graph. Which of the two it is, the first field tells: a node, or facts about a model."""

    id = "tf_graph"
    order = 55

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        fields = outline(head, size_bytes)
        if not fields or b"_tf_keras_" in head[:512]:
            return False
        if _is_graph(head, fields) or _is_meta(head, fields):
            return True
        unknown = len(known(fields, _EITHER)) < len(fields)
        return unknown and name.lower().endswith(_NAMES)  # `judge` looks behind them

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        start = _begin(data)
        if start is None:
            return Judgement(OTHER, model=False)
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        with notes.reading():
            head = data.read(start, min(4_096, data.size_bytes - start))
            fields = known(outline(head, data.size_bytes - start), _EITHER)
            if not fields:
                raise MalformedError("no message at the beginning", start)
            hop = Hop(data)
            if start:
                notes.tampering("unknown_fields", f"{start:,} bytes of fields that no graph has", offset=0)
            if _is_graph(head, fields):
                graph = Graph(hop, notes)
                graph.graph_def(0, data.size_bytes)
                graph.close()
                notes.fact("graph", f"a graph of {graph.operations:,} operations")
            else:
                meta_graph(hop, 0, data.size_bytes, notes)
        return notes.done()


def _begin(data: Readable) -> int | None:
    """Return where the first field stands that a graph has, behind those that readers pass over.

    0 where there are too many of these to tell.
    """
    at = 0
    try:
        for field in Hop(data, _MOST_UNKNOWN).fields(0, data.size_bytes):
            if field.number == 1 and field.wire == BYTES:
                head = data.read(at, min(4_096, data.size_bytes - at))
                fields = known(outline(head, data.size_bytes - at), _EITHER)
                if not fields:  # a group before it is longer than the head
                    return 0
                return at if _is_graph(head, fields) or _is_meta(head, fields) else None
            at = field.stop
    except MalformedError:
        return None
    except IncompleteError:
        return 0
    return None


def _is_graph(head: bytes, fields: Sequence[Field]) -> bool:
    """Tell a GraphDef: nodes (1) that have a name (1) and an operation (2)."""
    wires = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
    first = fields[0]
    if any(wires.get(each.number) != each.wire for each in fields) or first.number != 1:
        return False
    node = outline(head[first.start : first.stop], first.stop - first.start) or ()
    named = [(each.number, each.wire) for each in node[:2]] == [(1, BYTES), (2, BYTES)]
    return (
        named and _OPERATION.match(head[first.start + node[1].start : first.start + node[1].stop]) is not None
    )


def _is_meta(head: bytes, fields: Sequence[Field]) -> bool:
    """Tell a MetaGraphDef: facts (1) with operations (2) or TensorFlow's version (5, 6), then a graph (2)."""
    first = fields[0]
    if any(each.wire != BYTES or each.number > 8 for each in fields) or first.number != 1:
        return False
    facts = outline(head[first.start : first.stop], first.stop - first.start) or ()
    wires = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: VARINT, 8: BYTES}
    if not facts or any(wires.get(each.number) != each.wire for each in facts):
        return False
    return any(each.number in (2, 5, 6) for each in facts) and (
        any(each.number > 1 for each in fields) or first.stop > len(head)
    )


PLUGIN = TensorFlowGraph()
