"""The XML that storage services answer with, read without what makes XML dangerous.

No document type (and so no entities of its own), nothing deep, no more elements than a page can have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.parsers.expat import ExpatError, ParserCreate

from tidegate.errors import NoAnswerError

DEEPEST = 12
"""Levels of elements. The services' deepest answer, a blob's access policy, has seven."""

MOST_ELEMENTS = 400_000
"""A page of 5,000 blobs with 40 properties each has 200,000."""

MOST_IN_RECORD = 4096
"""Elements of one record: 40 properties, and metadata of 8 KiB."""


@dataclass(slots=True)
class Records:
    """An answer, flattened: a key is the path of a leaf below its record, `Properties/Etag`."""

    root: str = ""
    values: dict[str, str] = field(default_factory=dict)
    """Leaves outside of records, below the root: `NextMarker`."""
    records: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Tag and leaves of every record, in order. An attribute `Encoded="true"` is undone."""


def read_records(page: bytes | str, tags: Collection[str] = ()) -> Records:
    """Read an answer whose records are the elements named `tags`, wherever they stand.

    Of a leaf that stands twice in a record the first counts. Raises `NoAnswerError` for what is no XML,
    or more than an answer can be.
    """
    text = page if isinstance(page, str) else _as_utf8(page)
    reader = _Reader(frozenset(tags))
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        # Services write UTF-8 whatever an answer's own declaration may claim.
        parser.Parse(text, True)
    except ExpatError as error:
        raise NoAnswerError(f"the answer is no XML that can be read: {_kind_of(text)}") from error
    return reader.out


def _as_utf8(page: bytes) -> str:
    try:
        return page.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoAnswerError("the answer is not in UTF-8") from error


def _kind_of(text: str) -> str:
    start = text[:512].lstrip().lower()
    if not start:
        return "it is empty"
    if start.startswith(("<!doctype html", "<html")):
        return "it is a web page"
    return "it is malformed or cut off"


class _Reader:
    """Collects leaves; bounded in depth and number."""

    def __init__(self, tags: frozenset[str]) -> None:
        self.out = Records()
        self._tags = tags
        self._path: list[str] = []
        self._base = 0
        """Level at which the current record, or the root, begins."""
        self._into = self.out.values
        self._pieces: list[str] = []
        self._leaf = False
        self._encoded = False
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._path) >= DEEPEST or self._elements > MOST_ELEMENTS or len(self._into) > MOST_IN_RECORD:
            raise NoAnswerError("the answer has more elements than any page of the service")
        self._path.append(tag)
        if len(self._path) == 1:
            self.out.root, self._base = tag, 1
        elif self._base == 1 and tag in self._tags:
            self._into = {}
            self._base = len(self._path)
            self.out.records.append((tag, self._into))
        self._pieces.clear()
        self._leaf = True
        self._encoded = attributes.get("Encoded") == "true"

    def end(self, _tag: str) -> None:
        if self._leaf and len(self._path) > self._base:
            text = "".join(self._pieces)
            value = unquote(text, errors="replace") if self._encoded else text
            self._into.setdefault("/".join(self._path[self._base :]), value)
        self._leaf = False
        if len(self._path) == self._base and self._base > 1:
            self._into, self._base = self.out.values, 1
        self._path.pop()

    def text(self, data: str) -> None:
        if self._leaf:
            self._pieces.append(data)

    def refuse(self, *_given: object) -> None:
        raise NoAnswerError("the answer declares a document type, which no storage service does")
