"""TensorFlow's SavedModel: `saved_model.pb`, a graph with its library of functions and its objects.

Source: tensorflow/core/protobuf/{saved_model,meta_graph,saved_object_graph}.proto.
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Hop, known, outline
from tidegate.inspectors.models._tf_graph import LOADER
from tidegate.inspectors.models._tf_meta import meta_graph
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class SavedModel:
    """Walks every graph; weights lie in other files."""

    id = "tf_saved_model"
    order = 50

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        found = outline(head, size_bytes)
        fields = known(found, {1: VARINT, 2: BYTES})
        named = name.lower().endswith("saved_model.pb")
        if len(fields) < len(found or ()):
            return named  # the only name that TensorFlow reads, and it passes over what it does not know
        graphs = [each for each in fields if each.number == 2]
        if not graphs or named:
            return bool(graphs)
        # Not written, the version is 0; the name of a program, as ONNX has it here, is no MetaGraphDef.
        first = graphs[0]
        parts = outline(head[first.start : first.stop], first.stop - first.start)
        meta = bool(parts) and all(each.wire == BYTES and each.number <= 8 for each in parts or [])
        return meta and (fields[0].number == 2 or fields[0].value == 1)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        with notes.reading():
            hop = Hop(data)
            for field in hop.fields(0, data.size_bytes):
                if field.number == 2 and field.wire == BYTES:
                    meta_graph(hop, field.start, field.stop, notes)
        return notes.done()


PLUGIN = SavedModel()
