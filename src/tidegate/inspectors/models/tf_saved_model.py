"""TensorFlow's SavedModel: `saved_model.pb`, a graph with its library of functions and its objects.

Source: tensorflow/core/protobuf/{saved_model,meta_graph,saved_object_graph}.proto.
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Hop, outline
from tidegate.inspectors.models._tf_graph import LOADER
from tidegate.inspectors.models._tf_meta import meta_graph
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class SavedModel:
    """Walks every graph; weights lie in other files."""

    id = "tf_saved_model"
    order = 50

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        fields = outline(head, size_bytes) or []
        if [(each.number, each.wire) for each in fields[:2]] != [(1, VARINT), (2, BYTES)]:
            return False
        # The first field of a MetaGraphDef is a message; that of an ONNX file is the name of a program.
        return fields[0].value == 1 and head[fields[1].start : fields[1].start + 1] == b"\x0a"

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
