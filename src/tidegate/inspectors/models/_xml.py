"""XML that somebody else wrote: read once, no entity expanded, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.parsers import expat

from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes, quoted
from tidegate.inspectors.readable import Readable
from tidegate.model.observation import Executes

_CHUNK_BYTES = 262_144
MOST_BYTES = 64_000_000
"""About 4 s of work; a forest in PMML may be larger, and is then judged as not complete."""
_MOST_ELEMENTS = 2_000_000
_DEEPEST = 2_000
Begin = Callable[[str, dict[str, str], int], None]
"""Called with an element's name without its prefix, its attributes, and its byte in the file."""


class _StopError(Exception):
    """An entity is declared: what follows would be read differently by every parser."""


def walk(data: Readable, notes: Notes, begin: Begin, text: Callable[[str], None] | None = None) -> None:
    """Read a document; note a document type with entities, and stop there.

    Raises `MalformedError` when it is no XML, `IncompleteError` when it is larger than is looked at.
    """
    parser = _Walk(notes, begin, text).parser
    try:
        for at in range(0, min(data.size_bytes, MOST_BYTES), _CHUNK_BYTES):
            parser.Parse(data.read(at, _CHUNK_BYTES), False)
        if data.size_bytes > MOST_BYTES:
            raise IncompleteError(f"{data.size_bytes:,} bytes of XML, of which {MOST_BYTES:,} are looked at")
        parser.Parse(b"", True)
    except _StopError:
        return
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "") if hasattr(error, "code") else ""
        raise MalformedError(f"no XML: {reason}", parser.CurrentByteIndex) from None
    except (ValueError, LookupError, TypeError):  # an encoding that Python does not know, or cannot use here
        raise MalformedError("XML in an encoding that is not known", 0) from None


class _Walk:
    """What the parser calls."""

    def __init__(self, notes: Notes, begin: Begin, text: Callable[[str], None] | None) -> None:
        self._notes, self._begin = notes, begin
        self._depth = self._elements = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._started
        self.parser.EndElementHandler = self._ended
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartDoctypeDeclHandler = self._doctype
        if text is not None:
            self.parser.CharacterDataHandler = text

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            words = f"{self._elements:,} elements, {self._depth:,} deep: the rest was not looked at"
            raise IncompleteError(words)
        self._begin(name.rpartition(":")[2], attributes, self.parser.CurrentByteIndex)

    def _ended(self, _: str) -> None:
        self._depth -= 1

    def _entity(
        self, name: str, _parameter: int, _value: str | None, _base: str | None, *where: str | None
    ) -> None:
        system, public = where[0], where[1]
        at = self.parser.CurrentByteIndex
        if system or public:
            self._notes.sink(
                "external_entity",
                f"reading it takes in {quoted(system or public or '')} as the entity {quoted(name)}",
                offset=at,
                loader="an XML reader that resolves entities",
                executes=Executes.ONLY_IF,
                payload=True,
            )
        else:
            self._notes.tampering("entity", f"the entity {quoted(name)} is declared", offset=at)
        raise _StopError

    def _doctype(self, _name: str, system: str | None, _public: str | None, _internal: int) -> None:
        if system:
            self._notes.tampering("doctype", f"a document type is taken from {quoted(system)}")
        else:
            self._notes.odd("doctype", "a document type, which models do not have")


def opens_with(head: bytes, *names: str) -> bool:
    """Tell whether one of these elements is the first in the head."""
    text = _plain(head).lstrip()
    at = 0
    if not text.startswith("<"):
        return False
    while True:
        at = text.find("<", at)
        if at < 0:
            return False
        if text.startswith("<!--", at):
            at = text.find("-->", at)
        elif text.startswith("<?", at):
            at = text.find("?>", at)
        elif text.startswith("<!", at):
            # Of entities that fill the head the element itself is not seen: the declaration names it.
            wanted = "|".join(map(re.escape, names))
            return re.search(rf"<(?:!DOCTYPE\s+)?(?:[\w.-]{{1,64}}:)?(?:{wanted})[\s/>\[]", text) is not None
        else:
            word = text[at + 1 :].split(None, 1)[0] if text[at + 1 :].split(None, 1) else ""
            return word.partition(">")[0].rpartition(":")[2].rstrip("/") in names
        if at < 0:
            return False
        at += 1


def _plain(head: bytes) -> str:
    """Return the head as text, whichever of the usual encodings it has."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if head[:2] in (b"<\0", b"\0<"):
        return head.decode("utf-16-le" if head[1:2] == b"\0" else "utf-16-be", "ignore")
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "ignore")
