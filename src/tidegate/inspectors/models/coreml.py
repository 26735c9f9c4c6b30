"""Core ML: `.mlmodel`, a protocol buffer with layers or a program.

Source: apple.github.io/coremltools/mlmodel, Model.proto, NeuralNetwork.proto, MIL.proto.
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import MalformedError, Notes, quoted
from tidegate.inspectors.models._paths import escapes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Field, Hop, outline
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_NEWEST_VERSION = 30
_DESCRIPTION = frozenset([1, 10, 11, 12, 13, 14, 20, 21, 30, 50, 51, 100])
_NETWORKS = frozenset([303, 403, 500])
_PIPELINES = frozenset([200, 201, 202])
_PROGRAM, _CUSTOM_MODEL, _LINKED_MODEL = 502, 555, 556
_CUSTOM_LAYER = 500
_DEEPEST = 32
_MODEL_PATH = "@model_path/"


class CoreMl:
    """Walks layers, pipelines and programs; weights are skipped."""

    id = "coreml"
    order = 58

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        fields = outline(head, size_bytes) or ()
        if [(each.number, each.wire) for each in fields[:2]] != [(1, VARINT), (2, BYTES)]:
            # Readers pass over fields that they do not know, and take those they know in any order.
            return name.lower().endswith(".mlmodel") and any(
                (each.number, each.wire) == (2, BYTES) or each.stop > len(head) for each in fields
            )
        described = fields[1]
        inner = outline(head[described.start : described.stop], described.stop - described.start)
        if not 1 <= fields[0].value <= _NEWEST_VERSION or inner is None:
            return False
        if any(each.wire != BYTES and each.number not in (21, 13) for each in inner):
            return False
        rest = {each.number for each in fields[2:]}
        return {each.number for each in inner} <= _DESCRIPTION and (
            any(number >= 200 or number == 10 for number in rest) or described.stop >= len(head)
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            _Model(Hop(data), notes).model(0, data.size_bytes, 0)
        return notes.done()


class _Model:
    """One file while it is walked."""

    def __init__(self, hop: Hop, notes: Notes) -> None:
        self._hop = hop
        self._notes = notes

    def _parts(self, field: Field, *numbers: int) -> list[Field]:
        fields = self._hop.fields(field.start, field.stop)
        return [each for each in fields if each.wire == BYTES and each.number in numbers]

    def model(self, start: int, stop: int, depth: int) -> None:
        """Walk a Model: whichever kind it holds."""
        if depth > _DEEPEST:
            raise MalformedError(f"models nested deeper than {_DEEPEST}", start)
        for field in self._hop.fields(start, stop):
            if field.wire != BYTES:
                continue
            if field.number in _NETWORKS:
                for layer in self._parts(field, 1):
                    self._layer(layer)
            elif field.number in _PIPELINES:
                self._pipeline(field, depth)
            elif field.number == _PROGRAM:
                for function in self._parts(field, 2):
                    for value in self._parts(function, 2):
                        self._function(value)
            elif field.number == _CUSTOM_MODEL:
                self._custom("model", self._parts(field, 1), field.start)
            elif field.number == _LINKED_MODEL:
                self._notes.unlisted(
                    "linked_model", "the model is another one, in a file of the host's choice"
                )

    def _pipeline(self, pipeline: Field, depth: int) -> None:
        """Walk the models of a Pipeline (202), or of the one (1) in a classifier's or regressor's."""
        inner = [pipeline] if pipeline.number == 202 else self._parts(pipeline, 1)
        for each in inner:
            for model in self._parts(each, 1):
                self.model(model.start, model.stop, depth + 1)

    def _layer(self, layer: Field) -> None:
        for custom in self._parts(layer, _CUSTOM_LAYER):
            self._custom("layer", self._parts(custom, 10), layer.start)

    def _custom(self, what: str, named: list[Field], offset: int) -> None:
        name = self._hop.text(named[0]) if named else ""
        summary = f"a custom {what}: the host's class {quoted(name)} is made and called"
        self._notes.unlisted(f"custom_{what}", summary, name=name, offset=offset)

    def _function(self, function: Field) -> None:
        """Walk the operations of a Function's blocks (3, a map), blocks in them (4) too."""
        blocks = [value for entry in self._parts(function, 3) for value in self._parts(entry, 2)]
        while blocks:
            for operation in self._parts(blocks.pop(), 3):
                for part in self._parts(operation, 1, 4, 5):
                    if part.number == 4:
                        blocks.append(part)
                    elif part.number == 5:
                        self._attribute(part)
                    elif "custom" in self._hop.text(part).lower():
                        summary = f"the operation {quoted(self._hop.text(part))} is the host's own"
                        self._notes.unlisted("custom_layer", summary, offset=operation.start)

    def _attribute(self, entry: Field) -> None:
        """Check the file (5, its name 1) that an attribute's value takes its bytes from."""
        for value in self._parts(entry, 2):
            for blob in self._parts(value, 5):
                for named in self._parts(blob, 1):
                    path = self._hop.text(named)
                    if escapes(path.removeprefix(_MODEL_PATH)):
                        summary = f"loading reads the file {quoted(path)} outside the model's folder"
                        self._notes.sink("external_data", summary, offset=named.start, payload=True)


PLUGIN = CoreMl()
