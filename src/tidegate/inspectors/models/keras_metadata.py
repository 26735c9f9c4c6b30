"""`keras_metadata.pb` of a SavedModel: what Keras 2 noted of its layers, Lambda layers with their code.

Source: keras/protobuf/saved_metadata.proto.
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._protobuf import BYTES, Hop, outline
from tidegate.inspectors.models._tf_meta import keras_metadata
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class KerasMetadata:
    """Judges the metadata (5) of every node (1)."""

    id = "keras_metadata"
    order = 49

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        fields = outline(head, size_bytes) or ()
        return (
            bool(fields)
            and all(each.number == 1 and each.wire == BYTES for each in fields)
            and (b"_tf_keras_" in head[:512])
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        notes.can_run()
        with notes.reading():
            hop = Hop(data)
            for node in hop.fields(0, data.size_bytes):
                if node.number != 1 or node.wire != BYTES:
                    continue
                for part in hop.fields(node.start, node.stop):
                    if part.number == 5 and part.wire == BYTES:
                        keras_metadata(hop, part, notes)
        return notes.done()


PLUGIN = KerasMetadata()
