"""Office documents, PDF and SQLite: the text in them, as a person or a program reads it."""

from __future__ import annotations

import sqlite3
import struct
import time
import zlib
from pathlib import Path

import pytest
from containers import opened, pdf, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Tally
from tidegate.sources.unpack import Limits, sandbox, unpack
from tidegate.sources.unpack import pdf as pdf_reader

LINK = b"https://contosomodels.blob.core.windows.net/?sv=2020-08-04&sig=abc"


def test_a_link_that_word_cut_into_runs_is_read_in_one_piece() -> None:
    runs = b"".join(
        b"<w:r><w:rPr><w:b/></w:rPr><w:t>%s</w:t></w:r>" % part
        for part in (LINK[:30], LINK[30 : LINK.index(b"&")])
    )
    xml = (
        b'<w:document><w:p>%s<w:r><w:t xml:space="preserve">&amp;sig=abc</w:t></w:r></w:p><w:p/></w:document>'
    )
    documents, gaps = opened(zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": xml % runs}))
    assert documents["word/document.xml#text"] == LINK
    assert documents["word/document.xml"] == xml % runs, "the XML itself is read as well"
    assert not gaps


@pytest.mark.parametrize(
    ("name", "xml"),
    [
        ("xl/sharedStrings.xml", b"<sst><si><r><t>abc</t></r><r><rPr/><t>def</t></r></si><si><t>g</t></si></sst>"),
        ("ppt/slides/slide1.xml", b"<p:sld><a:p><a:r><a:t>abc</a:t></a:r><a:r><a:t>def</a:t></a:r></a:p>"
         b"<a:p><a:r><a:t>g</a:t></a:r></a:p></p:sld>"),
        ("content.xml", b"<office:document-content><text:p>abc<text:span>def</text:span></text:p>"
         b"<text:p>g</text:p></office:document-content>"),
    ],
)  # fmt: skip
def test_sheets_slides_and_open_documents_give_a_line_a_paragraph(name: str, xml: bytes) -> None:
    assert opened(zipped({name: xml}))[0][f"{name}#text"] == b"abcdef\ng"


def test_entities_are_not_expanded_but_the_five_and_numbers() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "&b;&b;">]><w:p><w:t>&a;&lt;&#65;&#x42;&#999999999;</w:t></w:p>'
    assert opened(zipped({"word/document.xml": bomb}))[0]["word/document.xml#text"] == b"&a;<AB&#999999999;"


@pytest.mark.parametrize(
    "evil", [b"<" * 200_000, b"<a" * 100_000, b"<" + b"a" * 300_000, b"<w:t" + b" x" * 150_000]
)
def test_xml_made_to_be_slow_is_not(evil: bytes) -> None:
    start = time.process_time()
    opened(zipped({"word/document.xml": evil}))
    assert time.process_time() - start < 5, "a quadratic reader takes minutes"


def test_the_text_of_a_pdf_and_its_links_are_read() -> None:
    content = b"BT /F1 12 Tf 72 720 Td (AccountKey=fabri) Tj (cated) Tj ET"
    documents, gaps = opened(pdf(content, uri="https://contoso.example/?sig=x"))
    assert documents["page 1"] == b"AccountKey=fabricated"
    assert documents["links"] == b"https://contoso.example/?sig=x"
    assert any(document == content for document in documents.values()), "the stream itself is read as well"
    assert not gaps


def test_a_pdf_that_is_hyphenated_keeps_its_hyphens() -> None:
    content = b"BT /F1 12 Tf 72 720 Td (https://contoso-) Tj 0 -20 Td (models.example/?sig=a-b) Tj ET"
    assert opened(pdf(content))[0]["page 1"] == b"https://contoso-models.example/?sig=a-b"


def test_a_broken_pdf_still_gives_its_streams() -> None:
    data = pdf(b"BT (KEY=1) Tj ET")
    data = data[: data.index(b"endstream")]
    documents, gaps = opened(data)
    assert b"BT (KEY=1) Tj ET" in documents.values()
    assert gaps


def test_a_pdf_that_lies_about_a_stream_hides_nothing() -> None:
    data = pdf(b"BT (KEY=1) Tj ET").replace(b"/Filter /FlateDecode ", b"/Filter /DCTDecode /Subtype /Image ")
    assert b"BT (KEY=1) Tj ET" in opened(data)[0].values()


def test_a_pdf_that_makes_its_reader_hang_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "hangs.py"
    program.write_text("import sys\nsys.stdin.buffer.read(100)\nwhile True:\n    pass\n")
    sandbox.close()
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    monkeypatch.setattr(pdf_reader, "_SECONDS", 0.5)
    documents, gaps = opened(pdf(b"BT (KEY=1) Tj ET"))
    assert b"BT (KEY=1) Tj ET" in documents.values()
    assert gaps == ["box: pdf reader took too long and was ended"]
    monkeypatch.undo()
    assert not opened(pdf(b"BT (KEY=1) Tj ET"))[1], "the next one gets a new reader"


def test_a_pdf_that_makes_its_reader_crash_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "crashes.py"
    program.write_text("import os\nos.abort()\n")
    sandbox.close()
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    documents, gaps = opened(pdf(b"BT (KEY=1) Tj ET"))
    assert b"BT (KEY=1) Tj ET" in documents.values()
    assert len(gaps) == 1
    assert gaps[0].startswith("box: pdf reader ended early")


def test_a_caller_that_turns_away_leaves_no_reader_in_an_unknown_state() -> None:
    documents = unpack("pdf", pdf(b"BT /F1 9 Tf (one) Tj ET"), "a.pdf", Tally())
    for name, _ in documents:
        if name == "page 1":
            break
    documents.close()
    assert opened(pdf(b"BT /F1 9 Tf (two) Tj ET"))[0]["page 1"] == b"two"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_pdf_with_bytes_changed_ends_without_an_exception(changes: list[tuple[int, int]]) -> None:
    data = bytearray(pdf(b"BT /F1 12 Tf (KEY=1) Tj ET"))
    for at, value in changes:
        data[5 + at % (len(data) - 5)] = value
    opened(bytes(data))


def database(path: Path, encoding: str = "UTF-8", page: int = 4096) -> bytes:
    """Overflow pages, several levels of tree, a table without row ids, deleted rows, an index."""
    connection = sqlite3.connect(path)
    connection.execute(f"pragma page_size={page}")
    connection.execute(f"pragma encoding='{encoding}'")
    connection.execute("create table t(id integer primary key, name text, data blob, n integer, f real)")
    connection.execute("create index i on t(name)")
    connection.execute("create table w(k text primary key, v text) without rowid")
    rows = [(f"name{number}", b"blob%d" % number, number, number / 7) for number in range(2000)]
    connection.executemany("insert into t(name, data, n, f) values (?, ?, ?, ?)", rows)
    connection.execute("insert into t(name) values (?)", ("START" + "é" * 30_000 + "END",))
    connection.executemany(
        "insert into w values (?, ?)", [(f"k{number}", "v" * 300) for number in range(300)]
    )
    connection.commit()
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_every_row_of_a_database_is_a_line_in_utf_8(tmp_path: Path, encoding: str, page: int) -> None:
    documents, gaps = opened(database(tmp_path / "a.db", encoding, page), "a.db")
    assert not gaps
    lines = documents["t"].split(b"\n")[:-1]
    assert lines[1999] == b"name1999\tblob1999"
    assert len(lines) == 2001
    assert lines[2000] == ("START" + "é" * 30_000 + "END").encode()
    assert sorted(documents["w"].split(b"\n")[:-1]) == sorted(b"k%d\t" % n + b"v" * 300 for n in range(300))
    assert b"CREATE TABLE t(id integer" in documents["sqlite_schema"]


def test_a_tree_that_runs_in_a_circle_is_walked_once(tmp_path: Path) -> None:
    data = bytearray(database(tmp_path / "a.db", page=512))
    inner = [at for at in range(512, len(data), 512) if data[at] == 5]
    for at in inner:
        struct.pack_into(">I", data, at + 8, at // 512 + 1)
    documents, gaps = opened(bytes(data), "a.db")
    assert b"name0\tblob0" in documents["t"]
    assert "pages and rows could not be read" in gaps[0]


def test_an_overflow_chain_that_runs_in_a_circle_ends(tmp_path: Path) -> None:
    data = database(tmp_path / "a.db", page=512)
    twisted = bytearray(data)
    for at in range(512, len(data), 512):
        if data[at] not in (2, 5, 10, 13):
            struct.pack_into(">I", twisted, at, at // 512 + 1)
    documents, gaps = opened(bytes(twisted), "a.db")
    assert b"START" in documents["t"]
    assert gaps


def test_rows_that_share_one_long_chain_do_not_multiply_it(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("pragma page_size=512")
    connection.execute("create table t(v text)")
    connection.executemany("insert into t values (?)", [("x" * 100_000,) for _ in range(50)])
    connection.commit()
    connection.close()
    data = bytearray((tmp_path / "a.db").read_bytes())
    cells = [at for at in range(512, len(data), 512) if data[at] == 13]
    first = None
    for page in cells:
        for number in range(struct.unpack_from(">H", data, page + 3)[0]):
            cell = page + struct.unpack_from(">H", data, page + 8 + 2 * number)[0]
            pointer = cell + 3 + 1 + _local(100_000 + 5)
            first = first or data[pointer : pointer + 4]
            data[pointer : pointer + 4] = first
    documents, gaps = opened(bytes(data), "a.db", Limits(total_bytes=1 << 20))
    assert len(documents["t"]) < 2 << 20
    assert any("not read to its end" in gap for gap in gaps)


def _local(size: int, usable: int = 512) -> int:
    least = (usable - 12) * 32 // 255 - 23
    fit = least + (size - least) % (usable - 4)
    return fit if fit <= usable - 35 else least


def test_half_a_database_gives_the_half_and_a_gap(tmp_path: Path) -> None:
    data = database(tmp_path / "a.db")
    documents, gaps = opened(data[: len(data) // 3], "a.db")
    assert b"name0\tblob0" in documents["t"]
    assert "could not be read" in gaps[0]


_DATABASE = None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(16, 1 << 16), st.integers(0, 255)), min_size=1, max_size=30), st.booleans()
)
def test_a_database_with_bytes_changed_ends_without_an_exception(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], near: bool
) -> None:
    global _DATABASE  # noqa: PLW0603
    _DATABASE = _DATABASE or database(tmp_path_factory.mktemp("db") / "a.db", page=512)
    data = bytearray(_DATABASE)
    for at, value in changes:
        data[at % 600 if near else at % len(data)] = value
    tally = Tally()
    limits = Limits(total_bytes=8 << 20, seconds=20)
    size = sum(len(content) for _, content in unpack("sqlite", bytes(data), "a", tally, limits))
    assert size < 32 << 20


def test_a_zlib_stream_in_a_pdf_that_never_ends_is_bounded() -> None:
    data = b"%PDF-1.4\n" + b"".join(b"stream\n" + zlib.compress(bytes(4 << 20)) for _ in range(6))
    limits = Limits(total_bytes=6 << 20)
    documents, gaps = opened(data, limits=limits)
    assert sum(map(len, documents.values())) < 12 << 20
    assert any("not read to its end" in gap for gap in gaps)
