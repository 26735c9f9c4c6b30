"""Office documents of today: a zip of XML. Whose, how long, with macros or not; its texts are sampled.

Sources: ECMA-376 2 (Open Packaging Conventions), 9.3; OASIS OpenDocument 1.3, part 2, 3.3; EPUB 3.3, 4.2.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, NamedTuple

from tidegate.inspectors.containers.archive import Archive, Laid, Member
from tidegate.inspectors.containers.office_text import as_csv, running_text, shared_strings, sheet_rows
from tidegate.inspectors.merge import fold
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity

_PART_BYTES: Final = 4 << 20
"""Read of one part; the texts in it are shorter."""
_ALL_BYTES: Final = 16 << 20
_MOST_SHEETS: Final = 8
_MOST_SLIDES: Final = 200
_STARTS: Final = {
    "word/document.xml": ("document", "a Word document"),
    "xl/workbook.xml": ("spreadsheet", "an Excel workbook"),
    "xl/workbook.bin": ("spreadsheet", "an Excel workbook (binary)"),
    "ppt/presentation.xml": ("document", "a PowerPoint presentation"),
    "visio/document.xml": ("document", "a Visio drawing"),
}
_FOLDERS: Final = {
    "word": ("document", "a Word document"),
    "xl": ("spreadsheet", "an Excel workbook"),
    "ppt": ("document", "a PowerPoint presentation"),
    "visio": ("document", "a Visio drawing"),
}
"""Where the main part lies, which may have any name."""
_OPEN: Final = {
    b"opendocument.text": ("document", "a text document (OpenDocument)"),
    b"opendocument.spreadsheet": ("spreadsheet", "a spreadsheet (OpenDocument)"),
    b"opendocument.presentation": ("document", "a presentation (OpenDocument)"),
    b"opendocument.": ("document", "an OpenDocument file"),
    b"epub": ("document", "a book (EPUB)"),
}
_RUNNING: Final = re.compile(
    r"word/(?:document\d*|footnotes|endnotes|comments|header\d*|footer\d*)\.xml|ppt/(?:slides|notesslides)/\w+\.xml|content\.xml"
)
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_OURS: Final = re.compile(
    r"(?:.*/)?[^/]+\.(?:xml|rels|vml|rdf|png|jpe?g|gif|emf|wmf|svg|fntdata|odttf|xhtml|html|css|ncx|opf)|mimetype"
)
"""Parts that its program takes as text and pictures; what else is in it is judged as what it is."""
_PAGES: Final = re.compile(rb"<(?:Pages|Slides)>(\d{1,6})</")
_PEOPLE: Final = frozenset(("personal_data", "payment_data", "health_data"))


class _Form(NamedTuple):
    kind: str
    words: str


class Office:
    """Embedded files are judged as what they are."""

    id = "office"
    order = 55
    holds_items = True

    def fits(self, archive: Archive) -> bool:
        """Tell it by the parts that its program begins with."""
        # Names of parts count in either case.
        names = {each.name.lower() for each in archive.members}
        return bool(
            ("[content_types].xml" in names and {each.partition("/")[0] for each in names} & _FOLDERS.keys())
            or ("mimetype" in names and any(each.startswith("meta-inf/") for each in names))
        )

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Read the parts that hold texts, and sample those."""
        names = {each.name.lower(): each for each in archive.members}
        reader = _Reader(archive)
        form = _form(names, reader)
        if form is None:
            return Laid(Judgement(archive.kind, model=False))
        observed = _texts(names, reader, context)
        pages = _PAGES.search(reader.read(names.get("docprops/app.xml")))
        numbers = {"pages": int(pages[1])} if pages else {}
        words = form.words + (
            f" of {int(pages[1]):,} page{'s' if int(pages[1]) != 1 else ''}"
            if pages and int(pages[1])
            else ""
        )
        macros = any(each.rpartition("/")[2].lower() == "vbaproject.bin" for each in names)
        if macros:
            words += ", with macros: programs that run when it is opened and they are allowed"
            numbers["macros"] = 1
        severity = Severity.LOW if macros else Severity.INFO
        people = [
            each for each in observed if each.kind in _PEOPLE and each.severity.rank >= Severity.MEDIUM.rank
        ]
        kind_id = max(people, key=lambda each: each.severity.rank).kind if people else form.kind
        note = Observation(
            inspector=self.id,
            kind=form.kind,
            severity=severity,
            summary=words,
            step=Step.SAMPLE,
            numbers=numbers,
        )
        judged = Judgement(kind_id, model=False, observations=[note, *fold(observed)])
        passive = {each for each in archive.members if _OURS.fullmatch(each.name.lower())}
        return Laid(judged, passive=passive)


class _Reader:
    """Reads parts within a bound for all of them together."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._left = _ALL_BYTES

    def read(self, member: Member | None, most: int = _PART_BYTES) -> bytes:
        """Return the start of a part; nothing where there is none, or enough was read."""
        count = 0 if member is None else min(member.size_bytes, most, self._left)
        if member is None or count <= 0:
            return b""
        with self._archive.open(member) as data:
            text = data.read(0, count)
        self._left -= len(text)
        return text


def _form(names: dict[str, Member], reader: _Reader) -> _Form | None:
    start = next((form for part, form in _STARTS.items() if part in names), None)
    if start is not None:
        return _Form(*start)
    if "[content_types].xml" in names:
        return next((_Form(*form) for folder, form in _FOLDERS.items() if _holds(names, folder)), None)
    media = reader.read(names.get("mimetype"), 200)
    return next((_Form(*form) for mark, form in _OPEN.items() if mark in media), None)


def _holds(names: dict[str, Member], folder: str) -> bool:
    return any(each.startswith(f"{folder}/") for each in names)


def _texts(names: dict[str, Member], reader: _Reader, context: Context) -> list[Observation]:
    observed: list[Observation] = []
    running = [name for name in sorted(names) if _RUNNING.fullmatch(name)][:_MOST_SLIDES]
    for name in running:
        text = running_text(reader.read(names[name]))
        if text.strip():
            observed += _named(context.sample(text, f"{name}.txt"), name)
    sheets = [name for name in sorted(names) if _SHEET.fullmatch(name)][:_MOST_SHEETS]
    if sheets:
        strings = shared_strings(reader.read(names.get("xl/sharedstrings.xml")))
        for name in sheets:
            rows = sheet_rows(reader.read(names[name]), strings)
            if rows:
                columns = [cell.strip() for cell in rows[0]]
                observed += _named(context.sample(as_csv(rows), f"{name}.csv", columns), name)
    return observed


def _named(observed: list[Observation], part: str) -> list[Observation]:
    """Say in which part it stands; an offset in the text is none in the file."""
    return [replace(each, member=part, offset=None) for each in observed]


PLUGIN = Office()
