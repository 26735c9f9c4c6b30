"""Reads the small XML documents of the service: no document type, no entities, bounded depth and number."""

from __future__ import annotations

from typing import Final

# Expat itself, with every construct refused that makes XML dangerous: see `_refuse`.
from xml.parsers import expat

LONGEST_TREE: Final = 200_000
"""Elements of one document: a page has 1,000 items of about ten."""
DEEPEST: Final = 12


class XmlError(ValueError):
    """It is no XML that the service would write; the message says why, in our words."""


class Element:
    """One element, by names without namespace."""

    __slots__ = ("children", "fields", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.fields: dict[str, str] = {}
        """Of the elements in it that hold only text: name -> text, the first of each name."""
        self.children: list[Element] = []
        """The elements in it that hold others."""

    def get(self, name: str) -> str:
        """Return the text of an element that holds only text, or an empty one."""
        return self.fields.get(name, "")

    def all(self, name: str) -> list[Element]:
        """Return the elements of that name that hold others."""
        return [child for child in self.children if child.name == name]


def read_xml(body: bytes) -> Element:
    """Return the root. Raises `XmlError` for anything that is not well-formed, small and plain."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as why:
        words = expat.errors.messages.get(why.code, "unknown error")
        raise XmlError(f"no well-formed XML: {words}") from None
    if builder.root is None:
        raise XmlError("an empty document")
    return builder.root


def _refuse(*_: object) -> None:
    raise XmlError("it has a document type, which the service never writes")


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self._count += 1
        if self._count > LONGEST_TREE or len(self._open) >= DEEPEST:
            raise XmlError("more elements than the service ever writes")
        self._open.append(Element(name.rpartition(":")[2] if ":" in name else name))

    def end(self, _: str) -> None:
        element = self._open.pop()
        if not self._open:
            self.root = element
        elif element.fields or element.children:
            self._open[-1].children.append(element)
        else:
            self._open[-1].fields.setdefault(element.name, element.text)

    def data(self, text: str) -> None:
        self._open[-1].text += text
