"""A graph of TensorFlow with what belongs to it: MetaGraphDef, and what Keras 2 noted of its objects."""

from __future__ import annotations

from tidegate.inspectors.models._keras_config import judge_config
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._protobuf import BYTES, Field, Hop
from tidegate.inspectors.models._tf_graph import Graph

_LONGEST_METADATA_BYTES = 16_000_000


def meta_graph(hop: Hop, start: int, stop: int, notes: Notes) -> None:
    """Walk a MetaGraphDef: its graph (2), and the objects (7) with what Keras wrote to them."""
    graph = Graph(hop, notes)
    for field in hop.fields(start, stop):
        if field.wire != BYTES:
            continue
        if field.number == 2:
            graph.graph_def(field.start, field.stop)
        elif field.number == 7:
            _objects(hop, field, notes)
    graph.close()
    notes.fact("graph", f"a graph of {graph.operations:,} operations")


def _objects(hop: Hop, objects: Field, notes: Notes) -> None:
    """Walk SavedObjectGraph.nodes (1), of them user_object (4) and its metadata (3)."""
    for node in hop.fields(objects.start, objects.stop):
        if node.number != 1 or node.wire != BYTES:
            continue
        for kind in hop.fields(node.start, node.stop):
            if kind.number != 4 or kind.wire != BYTES:
                continue
            for part in hop.fields(kind.start, kind.stop):
                if part.number == 3 and part.wire == BYTES:
                    keras_metadata(hop, part, notes)


def keras_metadata(hop: Hop, field: Field, notes: Notes) -> None:
    """Judge what Keras noted of one of its objects: JSON with its class and configuration."""
    raw = hop.content(field, _LONGEST_METADATA_BYTES)
    if raw.startswith(b"{"):
        notes.include(judge_config(raw, loader="tf_keras.models.load_model", policy=notes.policy))
