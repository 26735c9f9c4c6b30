"""Operations of a TensorFlow graph: in the graph, in its library of functions, in either.

Source: tensorflow/core/framework/{graph,function,node_def}.proto; SECURITY.md there, "models are programs".
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes, quoted
from tidegate.inspectors.models._protobuf import BYTES, Field, Hop
from tidegate.inspectors.models._tf_ops import PURE
from tidegate.inspectors.models._tf_saver import MERGE, Scope

_READS = "reads a file"
_WRITES = "writes a file"
SINKS = {
    "PyFunc": "runs a function of Python",
    "PyFuncStateless": "runs a function of Python",
    "EagerPyFunc": "runs a function of Python",
    "ReadFile": _READS,
    "WriteFile": _WRITES,
    "PrintV2": _WRITES,
    "MatchingFiles": "lists files",
    "MatchingFilesDataset": "lists files",
    "ExperimentalMatchingFilesDataset": "lists files",
    "MergeV2Checkpoints": "moves and deletes files",
    "DistributedSave": _WRITES,
    "FileSystemSetConfiguration": "changes how files are reached",
    "RemoteCall": "calls a function on another device",
    "Rpc": "sends a request",
    "TryRpc": "sends a request",
    "RpcCall": "sends a request",
    "RpcClient": "sends a request",
    "RpcServer": "opens a port",
    "XlaCustomCall": "calls native code by name",
    "XlaCustomCallV2": "calls native code by name",
    **dict.fromkeys(
        """
WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 FixedLengthRecordReader
FixedLengthRecordReaderV2 TFRecordReader TFRecordReaderV2 LMDBReader TextLineDataset TFRecordDataset
TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 LMDBDataset
ExperimentalLMDBDataset CSVDataset CSVDatasetV2 ExperimentalCSVDataset LoadDataset SnapshotDatasetReader
SnapshotChunkDataset SnapshotNestedDatasetReader ListSnapshotChunksDataset LoadAndRemapMatrix
GenerateVocabRemapping RecordInput ImmutableConst
""".split(),
        _READS,
    ),
    **dict.fromkeys(
        """
SaveDataset SaveDatasetV2 DatasetToTFRecord ExperimentalDatasetToTFRecord SnapshotDataset
SnapshotDatasetV2 CreateSummaryFileWriter CreateSummaryDbWriter
""".split(),
        _WRITES,
    ),
    **dict.fromkeys(
        """
DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary DebugNumericSummaryV2
""".split(),
        "writes to files or addresses that its `debug_urls` name",
    ),
    **dict.fromkeys(
        """
DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 RegisterDataset
RegisterDatasetV2 SqlDataset ExperimentalSqlDataset
""".split(),
        "asks a service",
    ),
}
"""Operations that reach beyond computing, and what they do. Every SavedModel has `SaveV2`, `RestoreV2`."""
_TABLE_FROM_FILE = frozenset(["InitializeTableFromTextFile", "InitializeTableFromTextFileV2"])
_LONGEST_TEXT = 300
_LONGEST_NAME_BYTES = 256
"""Of names that are remembered; longer ones are told apart by their beginning."""
LOADER = "tf.saved_model.load"


class Graph:
    """Walks graphs of one file and notes what they would do."""

    def __init__(self, hop: Hop, notes: Notes) -> None:
        self._hop = hop
        self._notes = notes
        self._called: dict[str, int] = {}
        self._functions: set[str] = set()
        self.operations = 0

    def graph_def(self, start: int, stop: int) -> None:
        """Walk a GraphDef: nodes (1) and the library of functions (2)."""
        scope = Scope(self._hop, start, stop, 1)
        for field in self._hop.fields(start, stop):
            if field.wire == BYTES and field.number == 1:
                self._node(field, scope)
            elif field.wire == BYTES and field.number == 2:
                self._library(field)

    def close(self) -> None:
        """Judge operations that turned out to be no functions of the library."""
        for op, offset in self._called.items():
            if op not in self._functions:
                self._notes.unlisted(
                    "custom_operation",
                    f"the graph has the operation {quoted(op)}, which is not of TensorFlow",
                    name=op,
                    offset=offset,
                )

    def _library(self, library: Field) -> None:
        for field in self._hop.fields(library.start, library.stop):
            if field.number == 1 and field.wire == BYTES:
                self._function(field)

    def _function(self, function: Field) -> None:
        """Walk a FunctionDef: signature (1) with its name (1), nodes (3)."""
        scope = Scope(self._hop, function.start, function.stop, 3)
        for field in self._hop.fields(function.start, function.stop):
            if field.wire != BYTES:
                continue
            if field.number == 1:
                for part in self._hop.fields(field.start, field.stop):
                    if part.number == 1 and part.wire == BYTES:
                        self._functions.add(self._hop.text(part, _LONGEST_NAME_BYTES))
            elif field.number == 3:
                self._node(field, scope)

    def _node(self, node: Field, scope: Scope) -> None:
        """Judge a NodeDef: name (1), operation (2), attributes (5)."""
        op = ""
        attributes: list[Field] = []
        name = ""
        for field in self._hop.fields(node.start, node.stop):
            if field.wire != BYTES:
                continue
            if field.number == 1:
                name = self._hop.text(field)
            elif field.number == 2:
                op = self._hop.text(field, _LONGEST_NAME_BYTES)
            elif field.number == 5:
                attributes.append(field)
        self.operations += 1
        if op == "PrintV2":
            self._print(attributes, node.start)
        elif op == "FixedUnigramCandidateSampler":
            self._vocabulary(attributes, node.start)
        elif op == MERGE and self._saves(node, scope):
            self._notes.fact("saver", "the graph saves itself where its caller says", offset=node.start)
        elif op in SINKS:
            self._notes.sink(
                "operation",
                f"running the graph, the operation {op} {SINKS[op]} (node {quoted(name)})",
                offset=node.start,
            )
        elif op in _TABLE_FROM_FILE:
            self._notes.fact("table", "a table of the graph is filled from a text file", offset=node.start)
        elif op not in PURE:
            self._called.setdefault(op, node.start)

    def _saves(self, merge: Field, scope: Scope) -> bool:
        """Tell whether it is the model saving itself; what cannot be followed is not."""
        try:
            return scope.saves_where_the_caller_says(merge)
        except (MalformedError, IncompleteError):
            return False  # the walk over the graph meets the same, and says so

    def _print(self, attributes: list[Field], offset: int) -> None:
        """`PrintV2` writes a file only where its `output_stream` names one."""
        if any(b"file://" in self._hop.content(each, _LONGEST_TEXT) for each in attributes):
            self._notes.sink(
                "operation", "running the graph, PrintV2 appends to a file", offset=offset, payload=True
            )

    def _vocabulary(self, attributes: list[Field], offset: int) -> None:
        """`FixedUnigramCandidateSampler` reads a file where its `vocab_file` names one."""
        for attribute in attributes:
            parts = {each.number: each for each in self._hop.fields(attribute.start, attribute.stop)}
            if 1 not in parts or 2 not in parts or self._hop.text(parts[1]) != "vocab_file":
                continue
            value = parts[2]
            if any(
                each.number == 2 and each.stop > each.start
                for each in self._hop.fields(value.start, value.stop)
            ):
                summary = "running the graph, FixedUnigramCandidateSampler reads a file"
                self._notes.sink("operation", summary, offset=offset, payload=True)
