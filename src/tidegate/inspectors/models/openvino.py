"""OpenVINO's intermediate representation: a graph in XML, weights in a `.bin` beside it.

Source: docs.openvino.ai, "OpenVINO IR format".
"""

from __future__ import annotations

import re

from tidegate.inspectors.models import _xml
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_OWN = re.compile(r"(?:opset\d{1,2}|experimental|ie_internal_opset|gpu_opset|util|)\Z")
"""Sets of operations that OpenVINO brings itself; IR before version 10 names none."""
_LIBRARIES = frozenset(["library", "extension", "extensions", "library_path", "kernel"])
_RUNS = re.compile(r"\.(?:so|dll|dylib)(?:\.\d+)*\Z|^/|\.\./", re.IGNORECASE)


class OpenVino:
    """Reads the XML; the weights' places are checked against the file beside it."""

    id = "openvino"
    order = 62

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return _xml.opens_with(head, "net") and (
            b"layer" in head.replace(b"\0", b"") or name.endswith(".xml")
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        notes = Notes(self.id, policy=context.policy)
        furthest = 0

        def begin(element: str, attributes: dict[str, str], offset: int) -> None:
            nonlocal furthest
            for key, value in attributes.items():
                if key.lower() in _LIBRARIES and (key.lower() != "kernel" or _RUNS.search(value)):
                    summary = f"loading takes in the native library {quoted(value)}"
                    notes.sink(
                        "library", summary, offset=offset, loader="openvino.Core.read_model", payload=True
                    )
            if element == "layer":
                _layer(attributes, offset, notes)
            elif element == "data" and attributes.get("offset", "").isdecimal():
                furthest = max(furthest, _end(attributes, notes, offset))

        with notes.reading():
            _xml.walk(data, notes, begin)
        weights = (
            context.siblings(name.rpartition("/")[2].removesuffix(".xml") + ".bin")
            if context.siblings
            else None
        )
        if weights is not None and furthest > weights.size_bytes:
            notes.broken(f"the weights end {furthest - weights.size_bytes:,} bytes beyond the file beside it")
        return notes.done()


def _layer(attributes: dict[str, str], offset: int, notes: Notes) -> None:
    kind, version = attributes.get("type", ""), attributes.get("version", "")
    if not _OWN.match(version):
        summary = (
            f"the operation {quoted(kind)} of {quoted(version)} comes from a library that is loaded for it"
        )
        notes.unlisted("custom_operation", summary, name=kind, offset=offset)


def _end(attributes: dict[str, str], notes: Notes, offset: int) -> int:
    """Return where a constant ends in the file of weights."""
    begin, size = attributes["offset"], attributes.get("size", "0")
    if len(begin) > 18 or len(size) > 18 or not size.isdecimal():
        notes.broken(f"weights at {quoted(begin)}, {quoted(size)} bytes", offset=offset)
        return 0
    return int(begin) + int(size)


PLUGIN = OpenVino()
