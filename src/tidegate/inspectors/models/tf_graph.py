"""TensorFlow graphs in files of their own: a frozen graph (`.pb`), a checkpoint's `.meta`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tidegate.inspectors.models._notes import MalformedError, Notes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Field, Hop, outline
from tidegate.inspectors.models._tf_graph import Graph
from tidegate.inspectors.models._tf_meta import meta_graph
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_OPERATION = re.compile(rb"[A-Za-z_][A-Za-z0-9_>.]{0,99}\Z")
LOADER = "tf.import_graph_def"


class TensorFlowGraph:
    """Walks the graph. Which of the two it is, the first field tells: a node, or facts about a model."""

    id = "tf_graph"
    order = 55

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        fields = outline(head, size_bytes)
        if not fields or fields[0].number != 1 or fields[0].wire != BYTES or b"_tf_keras_" in head[:512]:
            return False
        return _is_graph(head, fields) or _is_meta(head, fields)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        with notes.reading():
            head = data.read(0, 4_096)
            fields = outline(head, data.size_bytes)
            if not fields:
                raise MalformedError("no message at the beginning", 0)
            hop = Hop(data)
            if _is_graph(head, fields):
                graph = Graph(hop, notes)
                graph.graph_def(0, data.size_bytes)
                graph.close()
                notes.fact("graph", f"a graph of {graph.operations:,} operations")
            else:
                meta_graph(hop, 0, data.size_bytes, notes)
        return notes.done()


def _is_graph(head: bytes, fields: Sequence[Field]) -> bool:
    """Tell a GraphDef: nodes (1) that have a name (1) and an operation (2)."""
    wires = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
    if any(wires.get(each.number) != each.wire for each in fields):
        return False
    first = fields[0]
    node = outline(head[first.start : first.stop], first.stop - first.start) or ()
    named = [(each.number, each.wire) for each in node[:2]] == [(1, BYTES), (2, BYTES)]
    return (
        named and _OPERATION.match(head[first.start + node[1].start : first.start + node[1].stop]) is not None
    )


def _is_meta(head: bytes, fields: Sequence[Field]) -> bool:
    """Tell a MetaGraphDef: facts (1) with operations (2) or TensorFlow's version (5, 6), then a graph (2)."""
    if any(each.wire != BYTES or each.number > 8 for each in fields):
        return False
    first = fields[0]
    facts = outline(head[first.start : first.stop], first.stop - first.start) or ()
    known = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: VARINT, 8: BYTES}
    if not facts or any(known.get(each.number) != each.wire for each in facts):
        return False
    return any(each.number in (2, 5, 6) for each in facts) and (
        any(each.number > 1 for each in fields) or first.stop > len(head)
    )


PLUGIN = TensorFlowGraph()
