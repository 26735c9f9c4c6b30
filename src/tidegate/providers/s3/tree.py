"""Reading a listing in any XML, element by element: slower than `tiles`, and what it falls back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from tidegate.errors import NoAnswerError

ENTRIES: Final = ("Contents", "Version", "DeleteMarker")
"""Elements that each are one item."""
FIELDS: Final = ("Key", "LastModified", "ETag", "Size", "StorageClass", "VersionId", "IsLatest")
"""What is read of each."""
_DEEPEST = 12
"""Elements inside each other; real listings have 4."""
_PREFIXES = "CommonPrefixes"


@dataclass(slots=True)
class Tree:
    """A listing, texts as they stand, only XML's own escapes undone."""

    root: str = ""
    entries: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Element's name, its fields; in the order of the document."""
    prefixes: list[str] = field(default_factory=list)
    top: dict[str, str] = field(default_factory=dict)
    """What stands directly below the root: `IsTruncated`, `EncodingType`, …; of repeated ones the last."""


def read_tree(body: bytes) -> Tree:
    """Read a whole document. Raises `NoAnswerError` for what is no well-formed XML, or has a DOCTYPE.

    Without a DOCTYPE nobody can define entities, so that there is nothing to expand.
    """
    tree = Tree()
    reader = _Reader(tree)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise NoAnswerError(f"a listing is no well-formed XML (line {error.lineno})") from None
    return tree


def _refuse(*_: object) -> None:
    raise NoAnswerError("a listing has a DOCTYPE, which no object store sends")


class _Reader:
    """Keeps what stands at depth 2 and 3; the rest (owners, checksums) passes by."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._path: list[str] = []
        self._pieces: list[str] = []
        self._entry: dict[str, str] = {}

    def start(self, name: str, _: Mapping[str, str]) -> None:
        if len(self._path) >= _DEEPEST:
            raise NoAnswerError(f"a listing has more than {_DEEPEST} elements inside each other")
        name = name.rpartition(":")[2]
        if not self._path:
            self._tree.root = name
        self._path.append(name)
        self._pieces = []
        if len(self._path) == 2:
            self._entry = {}

    def text(self, data: str) -> None:
        self._pieces.append(data)

    def end(self, _: str) -> None:
        path, text = self._path, "".join(self._pieces)
        depth, name = len(path), path.pop()
        self._pieces = []
        if depth == 3 and path[1] in ENTRIES and name in FIELDS:
            self._entry[name] = text
        elif depth == 3 and path[1] == _PREFIXES and name == "Prefix":
            self._tree.prefixes.append(text)
        elif depth == 2 and name in ENTRIES:
            self._tree.entries.append((name, self._entry))
        elif depth == 2 and name != _PREFIXES:
            self._tree.top[name] = text
