"""Any other text: code, settings, pages, documents. Its name decides among them; all are sampled."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, seen
from tidegate.inspectors.data._text import CODE, WHOLE_TEXT_BYTES, plain, windows
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER, kind
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_BY_NAME: Final = frozenset(
    (
        "source_code",
        "document",
        "website",
        "log",
        "dataset",
        "spreadsheet",
        "contacts",
        "git_repository",
    )
)
"""Kinds that a text may be for its name alone."""
_SETTINGS: Final = (".json", ".yaml", ".yml", ".toml", ".xml")
"""Names of data and of settings alike: records are a list."""
_SHEBANG: Final = re.compile(rb"\A#! ?/\S*(?:sh|bash|zsh|env|python|perl|ruby|node|php|awk)")
_PAGE: Final = re.compile(rb"(?i)\A\s*(?:<!--.{0,400}?-->\s*)?<(?:!doctype html|html)[\s>]", re.DOTALL)
_COMMENT: Final = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG: Final = re.compile(rb"<([a-zA-Z][a-zA-Z0-9-]{0,40})(?=[\s/>])")
_ELEMENTS: Final = frozenset(
    b"a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption"
    b" center cite code col colgroup data datalist dd del details dfn dialog div dl dt em embed"
    b" fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup"
    b" hr html i iframe img input ins kbd label legend li link main map mark math menu meta meter nav"
    b" noscript object ol optgroup option output p picture pre progress q rp rt ruby s samp script"
    b" search section select slot small source span strong style sub summary sup svg table tbody td"
    b" template textarea tfoot th thead time title tr track u ul var video wbr".split()
)
"""Source: the HTML standard, "Elements", and those of HTML 4 that old pages begin with."""
_PAGES: Final = (".html", ".htm", ".xhtml", ".shtml")
_SQL: Final = re.compile(
    rb"(?im)^[ \t]*(?:(?:create|alter|drop)[ \t]+[a-z]{3,20}\b"
    rb"|insert[ \t]+(?:into|or|ignore)\b|(?:delete|select)\b|update[ \t]+\S+[ \t]+set\b|--|/\*"
    rb"|(?:grant|truncate|analyze|vacuum|explain|declare|begin|commit|exec|execute|show|set|use|rename)\b"
    rb"|(?:rem|prompt|spool|comment[ \t]+on)\b)"
)
"""Where the name says SQL, and it is no dump."""
_SQL_NAMES: Final = (".sql", ".ddl", ".dml", ".psql", ".pls", ".pks", ".pkb")
_ROOT: Final = re.compile(
    rb"\A\s*(?:<\?[^>]{0,400}>\s*){0,8}(?:<!DOCTYPE[^>\[]{0,600}(?:\[[^\]]{0,4000}\])?[^>]{0,20}>\s*)?"
    rb"<(?:\w{1,20}:)?(\w{1,40})[\s>/]"
)
"""The first element of XML whose remarks were left out."""
_ROOTS: Final = {
    b"svg": ("image", "drawing (SVG)"),
    b"FictionBook": ("document", "book (FictionBook)"),
    b"gpx": ("dataset", "tracks and places (GPX)"),
    b"kml": ("dataset", "map: places and their outlines"),
    b"rss": ("website", "feed of a website, or an export of one (WordPress)"),
    b"feed": ("website", "feed of a website"),
}
_MAP: Final = re.compile(
    rb"xmlns:gml\s*=|\A\s*\{[^{}\[\]]{0,200}\"type\"\s*:\s*\"(?:Topology|FeatureCollection)\""
)
_MORK: Final = re.compile(rb"\A//[^\n]{0,80}(?:<mdb:mork:z|\n<\s{0,9}<\(a=c\)>)")
_ARFF: Final = re.compile(rb"(?im)^@relation\b[^\n]*\n(?:[^\n]*\n){0,40}?@attribute\s")
_TABLES: Final = (".csv", ".tsv", ".psv")
"""Tables, whatever else their names promise."""
_DOCUMENT_OF_MONGO: Final = re.compile(rb'\A\s*\[?\s*\{\s*"_id"\s*:\s*\{\s*"\$oid"')
_SYLK: Final = re.compile(rb"\AID;P[^\r\n]{0,200}\r?\n[A-Z]{1,2};")
_CARD: Final = re.compile(rb"(?i)\A\s*BEGIN:VCARD\b")


class AnyText:
    """Asked late. Its kind is `other` where neither name nor content tells."""

    id = "text"
    order = 95

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether it is text at all."""
        del tail, size_bytes, name
        return plain(head) is not None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Look for secrets and people in it, and say which kind of text it is."""
        pieces = windows(data)
        first = plain(pieces[0][1]) or b""
        kind_id, words = _told(first, name)
        step = Step.WHOLE if data.size_bytes <= WHOLE_TEXT_BYTES else Step.SAMPLE
        made = judged(kind_id)
        if words:
            severity = kind(kind_id).severity if kind_id == "contacts" else Severity.INFO
            made.observations.append(seen(kind_id, words, inspector=self.id, severity=severity, step=step))
        for at, piece in pieces:
            text = plain(piece)
            if text:
                made.observations += context.sample(text, name, start=at)
        return made


def _told(text: bytes, name: str) -> tuple[str, str]:
    if _CARD.match(text):
        return "contacts", f"address book of {text.upper().count(b'BEGIN:VCARD'):,} or more people"
    if _PAGE.match(text):
        return "website", "page of a website"
    if text.lstrip()[:1] == b"<":
        root = _ROOT.match(_COMMENT.sub(b"", text[:8192]))
        if root is not None and root[1] in _ROOTS:
            return _ROOTS[root[1]]
    if _MORK.match(text):
        if b"addrbk" in text:
            return "contacts", "address book of Thunderbird"
        return "browser_profile", "pages visited or forms filled in with an old Firefox"
    if _MAP.search(text[:2048]):
        return "dataset", "map: places and their outlines"
    if _SYLK.match(text):
        return "spreadsheet", "table of a spreadsheet (SYLK)"
    if _DOCUMENT_OF_MONGO.match(text):
        return "dataset", "documents of MongoDB"
    if _ARFF.search(text[:8192]):
        return "dataset", "table (ARFF)"
    by_name = named(name)
    if name.lower().endswith(_PAGES) and _marked_up(text[:8192]):
        return "website", "piece of a website"
    if by_name == "log" and named("x" + name[name.rfind(".") :]) == "source_code":
        by_name = "source_code"  # the whole name says what it is about, the ending what it is
    if by_name == "dataset" and name.lower().endswith(_SETTINGS) and text.lstrip()[:1] != b"[":
        by_name = OTHER
    if by_name in _BY_NAME:
        return by_name, ""
    if name.lower().endswith(_TABLES):
        return "dataset", ""
    if name.lower().endswith(_SQL_NAMES) and _SQL.search(text[:16384]):
        return "source_code", "statements of SQL"
    if _SHEBANG.match(text) or len(CODE.findall(text[:8192])) >= 2:
        return "source_code", "source code"
    return OTHER, "text"


def _marked_up(text: bytes) -> bool:
    """Tell a piece of a page, whatever it begins with: its first tag is one of HTML, or the page's own."""
    first = _TAG.search(_COMMENT.sub(b"", text))
    return first is not None and (first[1].lower() in _ELEMENTS or b"-" in first[1])


PLUGIN = AnyText()
