"""Mails, mailboxes and saved pages: what is encoded in them is decoded, and nothing they say is believed."""

from __future__ import annotations

import base64
import gzip
import mailbox
import quopri
import tracemalloc
from email.message import EmailMessage
from pathlib import Path
from time import process_time

import pytest
from containers import opened, pdf, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Tally
from tidegate.sources.unpack import Limits, Reader, leaves, sniff, unpack

ENV = b"DEBUG=0\nKEY=1\n"


def encoded(content: bytes, headers: str = "", *, eol: bytes = b"\n") -> bytes:
    """One part, base64, without a boundary around it."""
    lines = [*headers.encode().splitlines(), b"Content-Transfer-Encoding: base64", b""]
    return eol.join([*lines, *base64.encodebytes(content).splitlines(), b""])


def letter(text: str = "Grüße,\n\n-- \nJ\n", **attached: bytes) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "a@contoso.example"
    message["Subject"] = "Keys"
    message.set_content(text, cte="quoted-printable")
    for name, content in attached.items():
        name = name.replace("__", ".")
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


def inside(data: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    """What is in a mail, without the bytes of nested ones; nothing may be said to be missing."""
    documents, gaps = opened(data, limits=limits)
    assert gaps == []
    return documents


def test_attachments_are_opened_and_texts_decoded() -> None:
    mail = letter(config__zip=zipped({"conf/.env": ENV}), notes__gz=gzip.compress(ENV)).as_bytes()
    documents = inside(mail)
    assert documents.pop("part[1].txt").decode() == "Grüße,\n\n-- \nJ\n"
    assert documents == {"config.zip!/conf/.env": ENV, "notes.gz!/notes": ENV}


def test_a_document_that_is_attached_is_read_as_one() -> None:
    seen = inside(letter(bill__pdf=pdf(b"(KEY=1) Tj")).as_bytes())
    assert any(b"KEY=1" in content for name, content in seen.items() if name.startswith("bill.pdf!/stream"))


@pytest.mark.parametrize("eol", [b"\n", b"\r\n"])
def test_line_ends_of_either_kind_are_read(eol: bytes) -> None:
    mail = letter("á" * 300, config__zip=zipped({"a": ENV})).as_bytes().replace(b"\n", eol)
    documents = inside(mail)
    assert documents["config.zip!/a"] == ENV
    assert documents["part[1].txt"].decode().split() == ["á" * 300]


def test_a_mailbox_is_read_message_by_message(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(3):
        box.add(letter(f"Größe {number}\n", a__zip=zipped({".env": ENV})))
    box.flush()
    box.close()
    documents = inside((tmp_path / "box").read_bytes())
    assert documents["message[2]!/a.zip!/.env"] == ENV
    assert documents["message[3]!/part[1].txt"].decode().strip() == "Größe 2"
    assert len(documents) == 6


def test_a_mailbox_larger_than_its_window_is_counted_right() -> None:
    plain = (
        b"From b@contoso.example Mon Jan  1 00:00:00 2024\nSubject: x\n\n" + b"text and text\n" * 9000 + b"\n"
    )
    last = (
        b"From c@contoso.example Mon Jan  1 00:00:00 2024\n"
        + encoded(ENV, "Content-Type: text/plain")
        + b"\n"
    )
    documents = inside((plain * 3 + last) * 3)
    assert list(documents) == [f"message[{number}]!/part[1].txt" for number in (4, 8, 12)]
    assert set(documents.values()) == {ENV}


def test_a_saved_page_shows_its_parts() -> None:
    page = b"<p>K=C3=A9Y=3D1</p>"
    data = (
        b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        b"Content-Location: https://contoso.example/\r\n\r\n" + page + b"\r\n--b\r\n"
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(ENV)
        + b"\r\n--b--\r\n"
    )
    assert inside(data) == {"part[1].html": "<p>KéY=1</p>".encode(), "part[2].png": ENV}


def test_a_mail_in_a_mail_is_opened_however_it_is_attached() -> None:
    inner = letter(x__zip=zipped({"a": ENV}))
    outer = letter()
    outer.add_attachment(inner)
    assert inside(outer.as_bytes())["x.zip!/a"] == ENV, "as text"
    assert inside(letter(m__eml=inner.as_bytes()).as_bytes())["m.eml!/x.zip!/a"] == ENV, "encoded"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('Content-Disposition: attachment; filename="my report.txt"', "my report.txt"),
        ("Content-Disposition: attachment; FileName=plain.txt; size=3", "plain.txt"),
        ("Content-Type: text/x; name*=utf-8''gr%C3%B6%C3%9Fe.txt", "größe.txt"),
        ("Content-Disposition: x;\n filename*0*=iso-8859-1'de'gr%F6;\n filename*1=sse.txt", "grösse.txt"),
        ('Content-Type: text/x; name="=?utf-8?B?Z3LDtsOfZQ==?= =?utf-8?Q?=2Etxt?="', "größe.txt"),
        ('Content-Type: text/x; name="=?unicode_escape?Q?=5Cp?="', "\\p"),
        ('Content-Type: text/x; name="a\\"b"', 'a"b'),
        ("Content-Type: text/plain; name=", "part[1].txt"),
        ("Content-Type: application/vnd.ms-excel.sheet.binary", "part[1]"),
        ('Content-Disposition: x; filename="' + "x" * 900 + '"', "x" * 200 + "…"),
        ('Content-Type: text/x; name="../../\x1b"', "../../\x1b"),
        ("X-Nothing: 1", "part[1]"),
    ],
)
def test_a_part_has_the_name_its_header_gives_or_its_number(header: str, name: str) -> None:
    assert inside(encoded(ENV, "MIME-Version: 1.0\n" + header)) == {name: ENV}


def test_two_parts_of_one_name_are_told_apart() -> None:
    mail = letter(a__txt=b"1")
    mail.add_attachment(b"2", maintype="text", subtype="x", filename="a.txt")
    documents = inside(mail.as_bytes())
    assert (documents["a.txt"], documents["part[3]/a.txt"]) == (b"1", b"2")


def test_a_boundary_that_lies_hides_nothing() -> None:
    mail = letter(a__zip=zipped({".env": ENV})).as_bytes()
    boundary = mail.partition(b'boundary="')[2].partition(b'"')[0]
    assert boundary
    lying = mail.replace(b'boundary="' + boundary, b'boundary="other')
    assert inside(lying) == inside(mail)
    assert inside(mail.replace(boundary, b"x" * 250)) == inside(mail)


def test_lines_of_dashes_do_not_end_a_text() -> None:
    text = "ä\n--\n-----Original Message-----\n--foo\nKEY=1\n-----BEGIN THIS-----\n\nend of it\n"
    assert inside(letter(text, a=b"x").as_bytes())["part[1].txt"].decode() == text


def test_broken_base64_gives_what_can_be_read() -> None:
    digits = base64.b64encode(ENV * 20)
    head = b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n"
    for broken in (
        digits + b"A",
        b"!" + digits.replace(b"U", b"U\x00 \xff~"),
        b"\n\n".join(digits[at : at + 7] for at in range(0, len(digits), 7)),
        digits + b"\n--\n",
    ):
        (content,) = inside(head + broken).values()
        assert content.startswith(ENV * 20)
        assert len(content) <= len(ENV * 20) + 2
    assert inside(head + base64.b64encode(b"KEY=1\n!") + b"\n" + base64.b64encode(b"KEY=2")) == {
        "part[1]": b"KEY=1\n!KEY=2"
    }, "what goes on behind padding is read"
    assert inside(head + b"=" * 5000) == inside(head + b"A") == inside(head) == {}


def test_a_hundred_nested_multiparts_are_read() -> None:
    body = encoded(ENV, 'Content-Disposition: x; filename="deep.txt"')
    for level in range(100):
        border = b"level%d" % level
        body = b'Content-Type: multipart/mixed; boundary="%s"\n\n--%s\n%s\n--%s--\n' % (
            border,
            border,
            body,
            border,
        )
    assert inside(b"MIME-Version: 1.0\n" + body) == {"deep.txt": ENV}


def test_a_hundred_encoded_mails_in_each_other_are_opened_to_a_depth_and_the_rest_is_a_gap() -> None:
    mail = encoded(ENV, "MIME-Version: 1.0")
    for _ in range(15):  # Each is a third larger: a hundred would be 10 TB.
        mail = encoded(mail, "MIME-Version: 1.0\nContent-Type: message/rfc822")
    documents, gaps = opened(mail)
    assert [gap.partition(": ")[2] for gap in gaps] == ["not opened: nested deeper than 6"]
    assert len(documents) == 6


def test_a_hundred_thousand_parts_cost_what_their_bytes_cost_and_a_limit_holds() -> None:
    part = b"--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nS0VZPTE=\n"
    mail = b"MIME-Version: 1.0\n\n" + part * 100_000
    start = process_time()
    seen = sum(leaf.content.skip(99) for leaf in leaves("mail", Reader(mail), len(mail), "m", Tally()))
    assert seen == 500_000
    assert process_time() - start < 20
    documents, gaps = opened(mail, limits=Limits(members=100))
    assert len(documents) == 100
    assert gaps == ["box: not read to its end: more than 100 entries"]


HOSTILE = [
    b"Content-Transfer-Encoding: base64\n" * 60_000,
    b"Content-Transfer-Encoding: base64\n\n" * 20_000,
    b"Content-Transfer-Encoding: 8bit\n\n" * 50_000,
    b"X-A: " + b"a" * (3 << 20) + b"\n",
    b"Content-Transfer-Encoding: base64\nX-A: " + b"a" * (3 << 20),
    b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * (2 << 20),
    b"Content-Transfer-Encoding: quoted-printable\n\n" + b"a" * (2 << 20),
    b"Content-Transfer-Encoding: base64\n\n" + b"\n--" * 600_000,
    b"Content-Transfer-Encoding: quoted-printable\n\n" + b"\n--" * 600_000,
    b"Content-Transfer-Encoding: base64\n\n" + b"\nFrom " * 300_000,
    b"Content-Transfer-Encoding: base64\n\n" + b"A=" * 600_000,
    b'Content-Type: x; name="' + b"\\" * 7000 + b"\nContent-Transfer-Encoding: base64\n\nAAAA\n",
    b"Content-Type: x; " + b"name*0*=%' " * 700 + b"\nContent-Transfer-Encoding: base64\n\nAAAA\n",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("start", [b"MIME-Version: 1.0\n", b"From a Mon Jan 1 00:00:00 2024\n"])
def test_a_mail_made_to_be_slow_is_not(start: bytes, body: bytes) -> None:
    data = start + body
    begin = process_time()
    tally = Tally()
    for leaf in leaves(sniff(data[:512], len(data)) or "", Reader(data), len(data), "m", tally):
        leaf.content.skip(1 << 40)
    assert process_time() - begin < 10
    assert not tally.gaps


def test_a_large_attachment_passes_in_pieces() -> None:
    content = bytes(range(256)) * (24 << 12)
    mail = encoded(content, "MIME-Version: 1.0")
    pieces = (mail[at : at + 70_000] for at in range(0, len(mail), 70_000))
    tracemalloc.start()
    (sizes,) = [
        leaf.content.skip(1 << 40)
        for leaf in leaves("mail", Reader(more=pieces), len(mail), "m", Tally())
        if leaf.path == "part[1]"
    ]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sizes == len(content)
    assert peak < 24 << 20


def test_a_bomb_in_a_mail_is_cut() -> None:
    small = Limits(total_bytes=8 << 20, ratio_floor=1 << 20)
    documents, gaps = opened(letter(b__gz=gzip.compress(bytes(64 << 20))).as_bytes(), limits=small)
    assert sum(map(len, documents.values())) <= 9 << 20
    assert "not read to its end" in gaps[-1]


def test_what_is_attached_broken_is_told() -> None:
    _, gaps = opened(letter(a__gz=gzip.compress(ENV)[:-9]).as_bytes())
    assert gaps == ["box!/a.gz: gz stream ends early"]


@pytest.mark.parametrize(
    "text",
    [
        b"from x import y\n" * 9,
        b"From here on: all is text\n" * 9,
        b"Metadata-Version: 2.1\nName: x\nContent-Type: y\n",
        b"# Received: x\n" * 9,
        b"To: you",
        b"",
    ],
)
def test_text_is_no_mail(text: bytes) -> None:
    assert sniff(text, len(text)) is None


@pytest.mark.parametrize(
    "text", [b"Date: today\nall of it text\n", b"subject: x\n\nContent-Transfer-Encoding: none\n"]
)
def test_text_that_begins_like_a_mail_is_nothing_but_text(text: bytes) -> None:
    assert sniff(text, len(text)) == "mail"
    assert inside(text) == {}


_WORDS = st.sampled_from(
    [
        b"\n", b"\r\n", b"\n\n", b"--b", b"--b--", b"Content-Transfer-Encoding: base64", b"=", b"S0VZPTE=", b"=3D",
        b"Content-Transfer-Encoding: quoted-printable\n\n", b'Content-Type: x; name="', b"\nFrom a 00:00", b" ",
        b"Content-Type: text/plain", b"\nContent-Transfer-Encoding: base64\n\n", b"\n--b\nA:", b"\xff\x00", b"x" * 300,
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"MIME-Version: 1.0\n", b"From a 00:00\n"]),
    st.lists(st.one_of(_WORDS, st.binary(max_size=40)), max_size=40),
    st.integers(1, 300),
)
def test_any_mail_ends_without_an_exception_and_pieces_change_nothing(
    start: bytes, words: list[bytes], size: int
) -> None:
    data = start + b"".join(words)
    kind = sniff(data[:512], len(data))
    assert kind in {"mail", "mbox"}
    whole = list(unpack(kind, data, "x", Tally()))
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    assert [
        (leaf.path, bytes(leaf.content.take(1 << 30)))
        for leaf in leaves(kind, Reader(more=pieces), len(data), "x", Tally())
    ] == whole


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(min_size=1, max_size=3000), st.booleans(), st.integers(0, 400_000)),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_encoded_comes_out_wherever_it_lies(parts: list[tuple[bytes, bool, int]]) -> None:
    mail, want = b"MIME-Version: 1.0\n\n", {}
    for number, (content, as_base64, before) in enumerate(parts):
        # Not what is opened itself, or begins like a delimiter.
        content = b"<" + content.replace(b"\r", b"").replace(b"PK\x05\x06", b"")
        how = b"base64" if as_base64 else b"quoted-printable"
        coded = (
            base64.encodebytes(content) if as_base64 else quopri.encodestring(content).replace(b"-", b"=2D")
        )
        mail += b"text " * (before // 5) + b"\n--b\nContent-Type: x; name=n%d\n" % number
        mail += b"Content-Transfer-Encoding: %s\n\n%s\n--b--\n" % (
            how,
            coded.rstrip(b"\n") if as_base64 else coded,
        )
        want[f"n{number}"] = content
    seen = {name: content.rstrip(b"\n") for name, content in unpack("mail", mail, "x", Tally())}
    # What stands before the next part belongs to no part, if the one before it was closed.
    for name, content in want.items():
        assert seen[name].startswith(content.rstrip(b"\n")), name
