"""ONNX: a graph of operations. It runs nothing by itself, but may name libraries and files.

Source: github.com/onnx/onnx, onnx/onnx.proto; CVE-2022-25882, CVE-2024-27318, CVE-2024-5187 (external data).
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import MalformedError, Notes, quoted
from tidegate.inspectors.models._paths import escapes
from tidegate.inspectors.models._protobuf import BYTES, VARINT, Field, Hop, known, outline
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MODEL = dict.fromkeys((2, 3, 4, 6, 7, 8, 14, 20, 25, 26), BYTES) | {1: VARINT, 5: VARINT}
_NEWEST_IR = 40
_DOMAINS = frozenset(
    """
ai.onnx ai.onnx.ml ai.onnx.training ai.onnx.preview ai.onnx.preview.training com.microsoft com.microsoft.nchwc
com.microsoft.experimental com.ms.internal.nhwc com.microsoft.dml org.pytorch.aten
""".split()
)
"""Sets of operations that ONNX and onnxruntime bring themselves; the empty name is `ai.onnx`."""
_PYTHON = frozenset(["PyOp", "PyCustomOp", "PythonOp"])
_DEEPEST = 64
"""Graphs inside operations inside graphs; exporters stay below 10."""
_LONGEST_PATH_BYTES = 4_096
_LONGEST_NAME_BYTES = 256
_MOST_FILES = 10_000
"""Files of weights that are remembered; exporters write one, or one a tensor."""


class Onnx:
    """Walks nodes whole, and of tensors their names and where their bytes lie."""

    id = "onnx"
    order = 60

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        found = outline(head, size_bytes)
        fields = known(found, _MODEL)
        if len(fields) < len(found or ()):
            return name.lower().endswith(".onnx")  # readers pass over what they do not know
        if not fields:
            return False
        numbers = {each.number for each in fields}
        first = next((each for each in fields if each.number == 1), None)
        if first is None or not 1 <= first.value <= _NEWEST_IR:
            return name.lower().endswith(".onnx") and 7 in numbers
        producer = [each for each in fields if each.number == 2]
        printable = all(
            head[each.start : each.stop].decode("utf-8", "replace").isprintable() for each in producer
        )
        return printable and (7 in numbers or 8 in numbers)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            _Model(data, notes).judge(context)
        return notes.done()


class _Model:
    """One model while it is walked."""

    def __init__(self, data: Readable, notes: Notes) -> None:
        self._hop = Hop(data)
        self._notes = notes
        self._size_bytes = data.size_bytes
        self._external: dict[str, int] = {}
        self._local: set[tuple[str, str]] = set()
        self._foreign: dict[tuple[str, str], int] = {}

    def judge(self, context: Context) -> None:
        graph = False
        for field in self._hop.fields(0, self._size_bytes):
            if field.wire != BYTES:
                continue
            if field.number == 7:
                graph = True
                self._graph(field, 0)
            elif field.number == 20:
                for part in self._parts(field):
                    if part.number in (1, 2):
                        self._graph(part, 0)
            elif field.number == 25:
                self._function(field)
        if not graph:
            raise MalformedError("the model has no graph")
        self._say(context)

    def _parts(self, field: Field) -> list[Field]:
        return [each for each in self._hop.fields(field.start, field.stop) if each.wire == BYTES]

    def _graph(self, graph: Field, depth: int) -> None:
        """Walk nodes (1), initialisers (5) and sparse ones (15)."""
        if depth > _DEEPEST:
            raise MalformedError(f"graphs nested deeper than {_DEEPEST}", graph.start)
        for field in self._hop.fields(graph.start, graph.stop):
            if field.wire != BYTES:
                continue
            if field.number == 1:
                self._node(field, depth)
            elif field.number == 5:
                self._tensor(field)
            elif field.number == 15:
                self._sparse(field)

    def _node(self, node: Field, depth: int) -> None:
        """Judge operation (4) of a domain (7), walk its attributes (5)."""
        op = domain = ""
        for field in self._hop.fields(node.start, node.stop):
            if field.wire != BYTES:
                continue
            if field.number == 4:
                op = self._hop.text(field, _LONGEST_NAME_BYTES)
            elif field.number == 7:
                domain = self._hop.text(field, _LONGEST_NAME_BYTES)
            elif field.number == 5:
                self._attribute(field, depth)
        if op in _PYTHON or domain.startswith("pyop"):
            self._notes.sink(
                "python_operation",
                f"the operation {quoted(op)} runs a function of Python that it names",
                offset=node.start,
                loader="onnxruntime with its Python operations",
            )
        elif domain and domain not in _DOMAINS:
            self._foreign.setdefault((domain, op), node.start)

    def _attribute(self, attribute: Field, depth: int) -> None:
        """Walk tensors (5, 10), sparse ones (22, 23) and graphs (6, 11) of an attribute."""
        for field in self._hop.fields(attribute.start, attribute.stop):
            if field.wire != BYTES:
                continue
            if field.number in (5, 10):
                self._tensor(field)
            elif field.number in (22, 23):
                self._sparse(field)
            elif field.number in (6, 11):
                self._graph(field, depth + 1)

    def _sparse(self, tensor: Field) -> None:
        for part in self._parts(tensor):
            if part.number in (1, 2):
                self._tensor(part)

    def _tensor(self, tensor: Field) -> None:
        """Note where the bytes of a tensor lie, if not here: external data (13)."""
        for field in self._hop.fields(tensor.start, tensor.stop):
            if field.number == 13 and field.wire == BYTES:
                entry = {each.number: each for each in self._parts(field)}
                if 1 in entry and 2 in entry and self._hop.text(entry[1]) == "location":
                    self._file(self._hop.text(entry[2], _LONGEST_PATH_BYTES), field.start)

    def _file(self, path: str, offset: int) -> None:
        """Note a file that holds weights."""
        if escapes(path):
            summary = f"loading reads the file {quoted(path)} outside the model's folder as a tensor"
            self._notes.sink("external_data", summary, offset=offset, loader="onnx.load", payload=True)
        elif len(self._external) < _MOST_FILES:
            self._external.setdefault(path, offset)

    def _function(self, function: Field) -> None:
        """Walk a function of the model itself: name (1), nodes (7), domain (10), attributes (11)."""
        name = domain = ""
        for field in self._hop.fields(function.start, function.stop):
            if field.wire != BYTES:
                continue
            if field.number == 1:
                name = self._hop.text(field, _LONGEST_NAME_BYTES)
            elif field.number == 10:
                domain = self._hop.text(field, _LONGEST_NAME_BYTES)
            elif field.number == 7:
                self._node(field, 0)
            elif field.number == 11:
                self._attribute(field, 0)
        self._local.add((domain, name))

    def _say(self, context: Context) -> None:
        """Note foreign operations that are no functions of the model, and the files it needs."""
        for (domain, op), offset in self._foreign.items():
            if (domain, op) not in self._local:
                self._notes.unlisted(
                    "custom_operation",
                    f"the operation {quoted(op)} of {quoted(domain)} comes from a library of its own",
                    name=f"{domain}.{op}",
                    offset=offset,
                )
        for path, offset in self._external.items():
            if context.siblings is not None and context.siblings(path) is None:
                self._notes.fact(
                    "missing_file", f"the tensors in {quoted(path)} are not beside it", offset=offset
                )
        if self._external:
            summary = f"tensors lie in {len(self._external):,} other files of the folder"
            self._notes.fact("external_data", summary)


PLUGIN = Onnx()
