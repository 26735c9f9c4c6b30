import io
import json
import zipfile

import pytest

from tidegate.engine.texts import texts
from tidegate.inspectors.containers.office_text import running_text, shared_strings, sheet_rows
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.severity import Severity

PEOPLE = [["Name", "E-Mail", "Telefon", "Geburtsdatum"]] + [
    [
        f"Anna Meyer{n}",
        f"anna.meyer{n}@mail.contoso.eu",
        f"+49 30 70{n:05}",
        f"19{60 + n % 40}-05-0{n % 9 + 1}",
    ]
    for n in range(30)
]


def zipped(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook(rows: list[list[str]], **more: bytes) -> bytes:
    strings = list(dict.fromkeys(cell for row in rows for cell in row))
    cells = "".join(
        f'<row r="{r}">'
        + "".join(
            f'<c r="{"ABCDEFGH"[c]}{r}" t="s"><v>{strings.index(cell)}</v></c>' for c, cell in enumerate(row)
        )
        + "</row>"
        for r, row in enumerate(rows, 1)
    )
    return zipped({
        "[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>",
        "xl/sharedStrings.xml": "<sst>" + "".join(f"<si><t>{each}</t></si>" for each in strings) + "</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{cells}</sheetData></worksheet>", **more,
    })  # fmt: skip


def document(text: str, **more: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": f"<w:document><w:body>{body}</w:body></w:document>",
                   "docProps/app.xml": "<Properties><Pages>3</Pages></Properties>", **more})  # fmt: skip


def test_a_workbook_with_people_in_it_is_a_table_of_people():
    judged = look(Memory(workbook(PEOPLE)), "hr/staff.xlsx", texts=texts(None))
    assert (judged.kind, judged.verdict) == ("personal_data", None)
    told = next(each for each in judged.observations if each.kind == "personal_data")
    assert told.member == "xl/worksheets/sheet1.xml"
    assert "30 e-mail addresses" in told.summary
    assert "anna.meyer" not in repr(judged)


def test_a_document_says_its_pages_and_nothing_else():
    judged = look(Memory(document("Plan\nWork & rest")), "x", texts=texts(None))
    assert judged.kind == "document"
    assert [each.summary for each in judged.observations] == ["a Word document of 3 pages"]


def test_a_secret_in_a_document_is_told_with_its_part():
    secret = "postgres://app:h7Gk2mQ9xW4zPp@db1.contoso.net:5432/prod"
    judged = look(Memory(document(f"Connect to\n{secret}\nand go")), "x.docx", texts=texts(None))
    found = [each for each in judged.observations if each.severity.rank >= Severity.HIGH.rank]
    assert {each.member for each in found} == {"word/document.xml"}
    assert "h7Gk2mQ9" not in repr(judged)


def test_macros_are_said():
    judged = look(Memory(workbook(PEOPLE[:2], **{"xl/vbaProject.bin": b"\xd0\xcf"})), "a.xlsm")
    assert any("with macros" in each.summary for each in judged.observations)


def test_what_is_embedded_is_judged_as_what_it_is():
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIH" + "A" * 42 + "\n-----END PRIVATE KEY-----\n"
    judged = look(Memory(document("x", **{"word/embeddings/id.pem": key})), "a.docx")
    assert "word/embeddings/id.pem" in {each.member for each in judged.observations}


@pytest.mark.parametrize("media", ["text", "spreadsheet", "presentation"])
def test_open_documents_are_told(media):
    files = {
        "mimetype": f"application/vnd.oasis.opendocument.{media}",
        "content.xml": "<text:p>a</text:p>",
        "META-INF/manifest.xml": "<m/>",
    }
    assert look(Memory(zipped(files)), "x").kind == ("spreadsheet" if media == "spreadsheet" else "document")


def test_text_comes_out_as_lines_and_cells():
    assert (
        running_text(
            b"<w:p><w:r><w:t xml:space='preserve'>a &amp; b</w:t></w:r></w:p><w:p><w:t>c</w:t></w:p>"
        )
        == b"a & b\nc\n"
    )
    assert shared_strings(b"<sst><si><t>a</t></si><si><r><t>b</t></r><r><t>c</t></r></si><si/></sst>") == [
        "a",
        "bc",
        "",
    ]
    xml = b'<row r="1"><c r="A1" t="s"><v>1</v></c><c r="C1"><v>7</v></c></row><row r="2"><c r="A2" t="s"><v>99</v></c></row>'
    assert sheet_rows(xml, ["a", "b"]) == [["b", "", "7"], [""]]


def test_a_long_string_that_every_cell_points_to_is_not_written_out_for_each():
    cells = "".join(
        f'<row r="{r}">' + f'<c r="A{r}" t="s"><v>0</v></c>' * 90 + "</row>" for r in range(1, 4000)
    )
    rows = sheet_rows(cells.encode(), ["x" * (1 << 20)])
    assert sum(len(cell) for row in rows for cell in row) <= 2 << 20


def test_an_export_of_1password_is_counted_and_not_shown():
    item = {
        "categoryUuid": "001",
        "details": {"loginFields": [{"designation": "password", "value": "hunter2-Fake"}]},
    }
    data = zipped(
        {
            "export.attributes": "{}",
            "export.data": json.dumps({"accounts": [{"vaults": [{"items": [item] * 7}]}]}),
        }
    )
    judged = look(Memory(data), "upload/item", texts=texts(None))
    assert (judged.kind, judged.severity) == ("password_export", Severity.CRITICAL)
    assert judged.observations[0].numbers == {"items": 7, "rows": 7}
    assert "hunter2" not in repr(judged)


THREAD = "19:0123456789abcdef0123456789abcdef@thread.v2"


def test_a_conversation_of_teams_as_a_page_is_counted():
    rows = "".join(
        f"<div>anna{n % 3}@contoso.invalid <i>2023-03-0{n + 1}T08:00:00Z</i> hello</div>" for n in range(8)
    )
    page = f"<!DOCTYPE html><html><body><h1>Conversation {THREAD}</h1>{rows}</body></html>"
    judged = look(Memory(page.encode()), "x.html")
    told = judged.observations[0]
    assert judged.kind == "teams_messages"
    assert told.numbers == {"messages": 8, "conversations": 1, "people": 3}
    assert "2023-03" in told.summary


def test_a_transcript_of_teams_as_a_table_is_counted():
    rows = "".join(f'{THREAD},{n},Anna,a@contoso.invalid,2023-03-01,"hello\nthere"\n' for n in range(9))
    text = "Conversation ID,Message ID,Sender name,Sender email,Message time (UTC),Message text\n" + rows
    judged = look(Memory(text.encode()), "x.csv")
    assert judged.kind == "teams_messages"
    assert judged.observations[0].numbers["messages"] == 9


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.crt", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "1 certificate"),
        ("id.pub", b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + b"A" * 40 + b" a@b\n", "1 public key (SSH)"),
        ("k.gpg", b"\x99\x01\x0d\x04\x65\x00\x00\x00\x01" + bytes(300), "1 public PGP key"),
    ],
)
def test_what_is_made_to_be_shown_is_named(name, data, said):
    judged = look(Memory(data), "x/item")
    assert (judged.kind, judged.observations[0].summary) == ("certificate", said), name


def test_the_description_of_a_sparse_bundle_is_a_backup_of_a_mac():
    plist = '<plist version="1.0"><dict><key>diskimage-bundle-type</key><string>com.apple.diskimage.sparsebundle</string><key>size</key><integer>1000</integer></dict></plist>'
    judged = look(Memory(plist.encode()), "Info.plist")
    assert (judged.kind, judged.observations[0].numbers) == ("system_backup", {"disk_bytes": 1000})


def compound(stream: str, text: bytes) -> bytes:
    head = bytearray(512)
    head[:8], head[30:32] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (9).to_bytes(2, "little")
    entry = bytearray(128)
    name = stream.encode("utf-16-le") + b"\0\0"
    entry[: len(name)], entry[64:66] = name, len(name).to_bytes(2, "little")
    return bytes(head) + bytes(entry).ljust(512, b"\0") + text.ljust(4096, b"\0")


@pytest.mark.parametrize("encoding", ["utf-16-le", "cp1252"])
def test_the_text_of_an_old_document_is_looked_through(encoding):
    lines = "".join(f"Anna Meyer{n} anna.meyer{n}@mail.contoso.eu +49 30 70{n:05}\r" for n in range(30))
    judged = look(Memory(compound("WordDocument", lines.encode(encoding))), "staff.doc", texts=texts(None))
    assert judged.kind == "personal_data"
    assert any("30 e-mail addresses" in each.summary for each in judged.observations)


def test_an_old_document_with_a_zip_in_it_is_that_document():
    judged = look(Memory(compound("WordDocument", b"x") + zipped({"a.txt": "x"})), "a.doc")
    assert judged.kind == "document"
    assert not [each for each in judged.observations if each.severity.rank >= Severity.MEDIUM.rank]


def test_a_pickle_that_hides_in_a_document_is_a_dangerous_model():
    harmful = b"cos\nsystem\n(S'true'\ntR."
    judged = look(Memory(document("x", **{"word/media/data.pkl": harmful.decode()})), "a.docx")
    assert judged.verdict == "dangerous"
