"""TensorFlow Lite: a FlatBuffer with a graph of built-in operations, custom ones by name.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

from __future__ import annotations

from tidegate.inspectors.models._flatbuffer import Buffer, Table
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.models._tf_graph import SINKS
from tidegate.inspectors.models._tf_ops import PURE
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_CUSTOM = 32
_NEWEST_VERSION = 3
_MOST_TABLES = 200_000
_BUILT_IN = frozenset(
    """
TFLite_Detection_PostProcess AudioSpectrogram Mfcc NumericVerify Convolution2DTransposeBias
MaxPoolingWithArgmax2D MaxUnpooling2D
""".split()
)
"""Custom by their form, but the usual resolvers of TensorFlow Lite and MediaPipe bring them."""
FLEX = "tf.lite.Interpreter with the Flex delegate"


class TfLite:
    """Reads the list of operations and the places of buffers."""

    id = "tflite"
    order = 12

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return head[4:8] == b"TFL3"

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            model = Buffer(data).root()
            version = model.number(0, 4)
            if version > _NEWEST_VERSION:
                notes.odd("version", f"version {version:,} of the format, newer than known")
            for code in model.tables(1, _MOST_TABLES):
                _operation(code, notes)
            _buffers(model, data.size_bytes, notes)
        return notes.done()


def _operation(code: Table, notes: Notes) -> None:
    """Judge an operation: custom ones are functions of a library, `Flex…` ones of TensorFlow."""
    name = code.text(1)
    if max(code.number(0, 1), code.number(3, 4)) != _CUSTOM and not name:
        return
    if name.startswith("Flex"):
        op = name.removeprefix("Flex")
        if op in SINKS:
            summary = f"running the graph, the operation {op} of TensorFlow {SINKS[op]}"
            notes.sink("operation", summary, offset=code.at, loader=FLEX)
        elif op in PURE:
            notes.fact("flex_operation", f"the operation {op} of TensorFlow", offset=code.at, loader=FLEX)
        else:
            summary = f"the operation {quoted(op)} is not of TensorFlow"
            notes.unlisted("custom_operation", summary, name=op, offset=code.at, loader=FLEX)
    elif name not in _BUILT_IN:
        summary = f"the operation {quoted(name)} comes from a library that is loaded for it"
        notes.unlisted("custom_operation", summary, name=name, offset=code.at)


def _buffers(model: Table, size_bytes: int, notes: Notes) -> None:
    """Check that the tensors' bytes stand in the file: in a list (0), or elsewhere (1, 2) in large ones."""
    _, count = model.vector(4, 4)
    if count > _MOST_TABLES:
        notes.incomplete(f"{count:,} buffers, of which {_MOST_TABLES:,} are looked at")
    for buffer in model.tables(4, _MOST_TABLES):
        buffer.vector(0, 1)
        offset, length = buffer.number(1, 8), buffer.number(2, 8)
        if offset > 1 and offset + length > size_bytes:
            notes.broken(
                f"a buffer ends {offset + length - size_bytes:,} bytes beyond the file", offset=buffer.at
            )


PLUGIN = TfLite()
