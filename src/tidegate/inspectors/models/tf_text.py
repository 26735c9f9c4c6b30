"""TensorFlow graphs as text: `saved_model.pbtxt`, `graph.pbtxt`, `….meta` in words.

They are programs as the binary ones are, and TensorFlow loads either: the text is put into binary form, and
judged by what judges that.
Source: tensorflow/python/saved_model/loader_impl.py, `parse_saved_model`; framework/{graph,node_def}.proto.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._protobuf import BYTES, Hop
from tidegate.inspectors.models._text_proto import NUMBER, TEXT, Reader
from tidegate.inspectors.models._tf_graph import LOADER, Graph
from tidegate.inspectors.models._tf_meta import meta_graph
from tidegate.inspectors.readable import Memory, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER
from tidegate.model.observation import Observation
from tidegate.records import replace

MOST_BYTES: Final = 64 << 20
_SPACE: Final = rb"\A(?:\xef\xbb\xbf)?(?:[ \t\r\n\f\v]++|\#[^\n]*+\n)*+"
_FIRST: Final = re.compile(_SPACE + rb"([a-z_]+)\s*(?:[{<]|:\s*[{<\[0-9])")
_NOTHING_YET: Final = re.compile(_SPACE + rb"(?:\#[^\n]*)?\Z")
_NODE: Final = re.compile(rb"\bop\s*:\s*[\"']")
_ROOTS: Final[Mapping[bytes, str]] = {
    **dict.fromkeys((b"saved_model_schema_version", b"meta_graphs"), "SavedModel"),
    **dict.fromkeys((b"meta_info_def", b"graph_def", b"saver_def", b"object_graph_def"), "MetaGraphDef"),
    **dict.fromkeys((b"collection_def", b"signature_def", b"asset_file_def"), "MetaGraphDef"),
    **dict.fromkeys((b"node", b"library", b"versions"), "GraphDef"),
}
"""Name of the first field -> the message that it begins."""
_SCHEMA: Final[Mapping[str, Mapping[bytes, tuple[int, str]]]] = {
    "SavedModel": {b"saved_model_schema_version": (1, NUMBER), b"meta_graphs": (2, "MetaGraphDef")},
    "MetaGraphDef": {b"graph_def": (2, "GraphDef"), b"object_graph_def": (7, "SavedObjectGraph")},
    "GraphDef": {b"node": (1, "NodeDef"), b"library": (2, "FunctionDefLibrary")},
    "FunctionDefLibrary": {b"function": (1, "FunctionDef")},
    "FunctionDef": {b"signature": (1, "OpDef"), b"node_def": (3, "NodeDef")},
    "OpDef": {b"name": (1, TEXT)},
    "NodeDef": {b"name": (1, TEXT), b"op": (2, TEXT), b"input": (3, TEXT), b"attr": (5, "AttrEntry")},
    "AttrEntry": {b"key": (1, TEXT), b"value": (2, "AttrValue")},
    "AttrValue": {b"s": (2, TEXT), b"list": (1, "ListValue"), b"func": (10, "NameAttrList")},
    "ListValue": {b"s": (2, TEXT), b"func": (9, "NameAttrList")},
    "NameAttrList": {b"name": (1, TEXT), b"attr": (2, "AttrEntry")},
    "SavedObjectGraph": {b"nodes": (1, "SavedObject")},
    "SavedObject": {b"user_object": (4, "SavedUserObject")},
    "SavedUserObject": {b"identifier": (1, TEXT), b"metadata": (3, TEXT)},
}
"""What the judges of the binary form look at."""


class TensorFlowText:
    """Reads the text whole."""

    id = "tf_text"
    order = 58

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        """Tell it by its first field; other formats have nodes too, but no operations in them."""
        first = _FIRST.match(head)
        named_so = size_bytes > len(head) and name.lower().endswith(".pbtxt")
        if first is None:
            # Only remarks, as far as it can be seen: its name decides whether it is read on.
            return named_so and _NOTHING_YET.match(head) is not None
        root = _ROOTS.get(first[1], "")
        return bool(root) and (root != "GraphDef" or named_so or _NODE.search(head) is not None)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        """Judge it; of kind `other` what begins with remarks and is no graph after all."""
        notes = Notes(self.id, loader=LOADER, policy=context.policy)
        notes.can_run()
        if data.size_bytes > MOST_BYTES:
            notes.incomplete(f"{data.size_bytes:,} bytes of text")
        text = data.read(0, min(MOST_BYTES, data.size_bytes))
        first = _FIRST.match(text)
        root = _ROOTS.get(first[1], "") if first is not None else ""
        if first is None or not root or (root == "GraphDef" and _NODE.search(text) is None):
            return Judgement(OTHER, model=False)
        places: list[tuple[int, int]] = []
        with notes.reading():
            reader = Reader(text, _SCHEMA, context.meter.check)
            whole = reader.read(root)
            places = whole.places
            _walk(bytes(whole.body), root, notes)
        judged = notes.done()
        judged.observations = [_moved(each, places) for each in judged.observations]
        return judged


def _walk(raw: bytes, root: str, notes: Notes) -> None:
    """Judge the binary form."""
    hop = Hop(Memory(raw))
    if root == "SavedModel":
        for field in hop.fields(0, len(raw)):
            if field.number == 2 and field.wire == BYTES:
                meta_graph(hop, field.start, field.stop, notes)
    elif root == "MetaGraphDef":
        meta_graph(hop, 0, len(raw), notes)
    else:
        graph = Graph(hop, notes)
        graph.graph_def(0, len(raw))
        graph.close()
        notes.fact("graph", f"a graph of {graph.operations:,} operations")


def _moved(seen: Observation, places: list[tuple[int, int]]) -> Observation:
    """Have an observation stand where its message begins in the text."""
    if seen.offset is None or not places:
        return seen
    found = bisect_right(places, (seen.offset, 1 << 62)) - 1
    return replace(seen, offset=places[max(found, 0)][1])


PLUGIN = TensorFlowText()
