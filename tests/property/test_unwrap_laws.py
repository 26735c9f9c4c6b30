"""Laws of reading what is wrapped: the way back is exact, and any bytes end."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.detect.matcher import base64_forms
from tidegate.detect.peel import Base64Run, peel_wide
from tidegate.detect.unwrap import View, decode_values, join_literals, raw_view, unescape, unquote, views

MARK = b"<<HERE>>"
"""No step touches it, and no step makes it."""
PIECES = st.sampled_from(
    [
        b"\\u0026", b"\\\\u003d", b"\\x26", b"\\n", b"\\t", b"\\/", b"\\u{26}", b"\\046", b"\\", b"\\\\\\",
        b"&amp;", b"&amp;amp;", b"&#38;", b"&#x3d;", b"&equals;", b"&", b"&#99999999;",
        b"%26", b"%2526", b"%252526", b"%3D", b"%25", b"%", b"%zz",
        b"=3D", b"=\n", b"=  \r\n", b"=", b"\\'26", b"\\'3d", b"^&", b"^", b"%%41",
        b"\n", b"\r\n  ", b"  \n> ", b" \\\n  ", b"`\r\n", b" _\n",
        b'" + "', b"'\n'", b'" "', b'"', b"'",
        b" aGVsbG8gd29ybGQgYW5kIG1vcmU= ", b" bm90IGEgc2VjcmV0 ", b"plain", b" ", b"a=b", b"sig=", b"\x00", b"\xff\xe9",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.binary(max_size=6), max_size=24).map(b"".join)


def mark_of(view: View) -> int:
    """Return where in the document the view's mark stands, byte for byte."""
    at = view.data.index(MARK)
    way = [view.source(at + i) for i in range(len(MARK))]
    assert way == list(range(way[0], way[0] + len(MARK)))
    assert view.span(at, at + len(MARK)) == (way[0], way[0] + len(MARK))
    return way[0]


@given(before=TEXTS, after=TEXTS)
def test_a_planted_mark_leads_back_to_its_place_in_every_reading(before: bytes, after: bytes) -> None:
    document = before + b" " + MARK + b" " + after
    for view in views(raw_view(document, 0, len(document))):
        if MARK in view.data:
            assert mark_of(view) == len(before) + 1


@given(before=TEXTS, after=TEXTS, outside=st.binary(max_size=9))
def test_escapes_and_joining_never_lose_a_mark(before: bytes, after: bytes, outside: bytes) -> None:
    document = outside + before + b" " + MARK + b" " + after
    view = raw_view(document, len(outside), len(document))
    for step in (unescape, join_literals, unquote, decode_values):
        view = step(view)
        assert mark_of(view) == len(outside) + len(before) + 1


@given(text=TEXTS)
def test_the_way_back_never_runs_backwards_and_stays_inside(text: bytes) -> None:
    for view in views(raw_view(text, 0, len(text))):
        way = [view.source(i) for i in range(len(view.data))]
        assert way == sorted(way)
        assert all(0 <= at < len(text) for at in way)


@given(text=TEXTS)
def test_a_reading_is_given_once_and_the_plainest_first(text: bytes) -> None:
    given_ = [view.data for view in views(raw_view(text, 0, len(text)))]
    assert given_[0] == text
    assert len(set(given_)) == len(given_)


@given(text=st.binary(max_size=200).filter(lambda b: b"\\" not in b and b"&" not in b))
def test_a_text_without_the_signs_of_escapes_is_left_alone(text: bytes) -> None:
    view = raw_view(text, 0, len(text))
    assert unescape(view) is view


@given(
    literal=st.sampled_from([b"&sig=", b"AccountKey", b"hf_token", b"?>?>?>?>"]),
    before=st.binary(max_size=40),
    after=st.binary(max_size=40),
    links=st.booleans(),
)
def test_base64_shows_a_form_of_every_literal_in_it(
    literal: bytes, before: bytes, after: bytes, links: bool
) -> None:
    encode = base64.urlsafe_b64encode if links else base64.b64encode
    text = encode(before + literal + after)
    assert any(form in text for form, _ in base64_forms(literal))


@given(
    before=st.binary(max_size=40),
    after=st.binary(max_size=60),
    noise=st.text("abcXYZ019/+_-", max_size=9),
    width=st.sampled_from([0, 41, 64, 76]),
)
def test_a_literal_in_base64_is_read_whatever_letters_stand_before_it(
    before: bytes, after: bytes, noise: str, width: int
) -> None:
    literal = b"&sig=0123456789"
    text = base64.b64encode(before + literal + after)
    if width:
        text = b"\n".join(text[i : i + width] for i in range(0, len(text), width))
    document = noise.encode() + text
    for form, phase in base64_forms(literal[:5]):
        at = document.find(form)
        if at >= 0:
            peeled = Base64Run(document, at + len(form)).decode(at + len(form), phase)
            if peeled is not None and literal in peeled.data:
                start = peeled.source(peeled.data.index(literal))
                assert 0 <= start < len(document)
                return
    # A form that a line break cuts is not seen by the matcher either.
    assert width
    assert not any(form in document for form, _ in base64_forms(literal[:5]))


@given(
    text=st.text(st.characters(codec="latin-1", exclude_characters="\x00"), min_size=9, max_size=60),
    around=st.text(max_size=12),
    codec=st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]),
    odd=st.integers(0, 3),
)
def test_wide_text_is_read_up_to_the_letters_beyond_latin(
    text: str, around: str, codec: str, odd: int
) -> None:
    width = 2 if "16" in codec else 4
    planted = "https://" + "".join(c if c.isascii() and c.isprintable() else "." for c in text)
    document = b"\xff" * odd + (around + planted + around).encode(codec, "surrogatepass")
    mark = (
        b"\x00".join(b"h t t p s : / /".split())
        if width == 2
        else (b"\x00" * 3).join(b"h t t p s : / /".split())
    )
    at = document.find(mark) + len(mark)
    peeled = peel_wide(document, at, width)
    assert peeled is not None
    # Beside letters of which nobody can tell whose the high byte is, one sign may be covered.
    assert b"ttps://" in peeled.data
    begin = peeled.data.index(b"ttps://")
    assert document[peeled.source(begin)] == ord("t")


@pytest.mark.parametrize("width", [2, 4])
@given(document=st.binary(min_size=1, max_size=400), data=st.data())
def test_any_bytes_can_be_peeled(width: int, document: bytes, data: st.DataObject) -> None:
    hit = data.draw(st.integers(1, len(document)))
    for peeled in (peel_wide(document, hit, width), Base64Run(document, hit).decode(hit, hit % 4)):
        if peeled is not None:
            assert 0 <= peeled.start <= peeled.end <= len(document) + width
            assert all(peeled.source(i) >= 0 for i in range(len(peeled.data)))
