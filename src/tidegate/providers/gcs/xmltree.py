"""Reads the small XML documents of the service: no document type, no entities, bounded depth and number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# Expat itself, with every construct refused that makes XML dangerous: see `_refuse`.
from xml.parsers import expat

LONGEST_TREE: Final = 200_000
"""Elements of one document: a page has 1,000 items of about ten."""
DEEPEST: Final = 12


class XmlError(ValueError):
    """It is no XML that the service would write; the message says why, in our words."""


@dataclass(slots=True)
class Element:
    """One element: its name without namespace, its own text, its children."""

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return the text of the first child of that name, or an empty text."""
        return next((child.text for child in self.children if child.name == name), "")

    def all(self, name: str) -> list[Element]:
        """Return the children of that name."""
        return [child for child in self.children if child.name == name]


def read_xml(body: bytes) -> Element:
    """Return the root. Raises `XmlError` for anything that is not well-formed, small and plain."""
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as why:
        raise XmlError(
            f"no well-formed XML: {expat.errors.messages.get(why.code, 'unknown error')}"
        ) from None
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
        element = Element(name.rpartition(" ")[2])
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].text += text
