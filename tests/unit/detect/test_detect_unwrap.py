"""Every wrapping is undone, and every byte that comes out knows where it stands."""

from __future__ import annotations

import pytest
from fake import alarms, link, secrets, signature

from tidegate.detect.engine import Detector
from tidegate.detect.unwrap import (
    decode_base64,
    decode_values,
    join_literals,
    raw_view,
    unescape,
    unquote,
    views,
)

HIDDEN = link(7)
AMP = HIDDEN.replace


def _rtf(text: str) -> str:
    return "".join(f"\\'{ord(c):02x}" if c in "&=%" else c for c in text)


def _quoted_printable(text: str) -> str:
    text = text.replace("=", "=3D")
    return "=\n".join(text[i : i + 70] for i in range(0, len(text), 70))


def _wrapped(text: str, width: int, between: str) -> str:
    return between.join(text[i : i + width] for i in range(0, len(text), width))


WRAPPINGS = {
    "json-escape": [
        AMP("&", "\\u0026"),
        AMP("&", "\\\\u0026"),
        AMP("&", "\\x26"),
        AMP("&", "\\u{26}"),
        AMP("/", "\\/").replace("&", "\\u0026"),
        AMP("=", "\\u003d").replace("&", "\\u0026"),
        AMP("&", "\\046"),
        AMP("&", "\\&").replace("?", "\\?"),
    ],
    "html-escape": [
        AMP("&", "&amp;"),
        AMP("&", "&amp;amp;"),
        AMP("&", "&#38;"),
        AMP("&", "&#x26;"),
        AMP("&", "&amp;").replace("=", "&equals;"),
    ],
    "percent-encoding": [
        AMP("%", "%25").replace("&", "%26").replace("=", "%3D").replace("?", "%3F"),
        AMP("%", "%2525").replace("&", "%2526").replace("=", "%253D").replace("?", "%253F"),
    ],
    "quoted-printable": [_quoted_printable(HIDDEN)],
    "rtf": [_rtf(HIDDEN)],
    "cmd-escape": [AMP("&", "^&").replace("%", "%%")],
    "line-continuation": [_wrapped(HIDDEN, 40, "\\\n    "), _wrapped(HIDDEN, 40, "`\r\n")],
    "concatenation": ['"' + _wrapped(HIDDEN, 50, '" + "') + '"', "'" + _wrapped(HIDDEN, 50, "'\n  '") + "'"],
    "line-wrap": [_wrapped(HIDDEN, 72, "\n"), _wrapped(HIDDEN, 72, "\r\n> "), _wrapped(HIDDEN, 72, "\n * ")],
}


@pytest.mark.parametrize(
    ("step", "text"),
    [(step, text) for step, texts in WRAPPINGS.items() for text in texts],
    ids=lambda v: v[:60],
)
def test_a_wrapped_link_is_read_and_said_to_have_been_wrapped(
    detector: Detector, step: str, text: str
) -> None:
    (found,) = alarms(detector, f"first line\nlink: {text}\nlast line\n")
    assert found.secret.reveal() == signature(7)
    assert found.spot.line == 2
    assert step in found.spot.unwrapped


@pytest.mark.parametrize("text", [t for texts in WRAPPINGS.values() for t in texts], ids=lambda v: v[:60])
def test_the_way_back_of_every_reading_leads_into_the_stretch_and_never_backwards(text: str) -> None:
    document = f"before {text} after".encode()
    for view in views(raw_view(document, 3, len(document) - 2)):
        way = [view.source(i) for i in range(len(view.data))]
        assert way == sorted(way)
        assert all(3 <= at < len(document) - 2 for at in way)


@pytest.mark.parametrize("text", [t for texts in WRAPPINGS.values() for t in texts], ids=lambda v: v[:60])
def test_a_byte_that_no_step_has_touched_leads_to_itself(text: str) -> None:
    document = f"{{mark {text} {{mark".encode()
    for view in views(raw_view(document, 0, len(document))):
        for sign in (b"{", b"k"):
            assert document[view.source(view.data.find(sign))] == sign[0]
            assert document[view.source(view.data.rfind(sign))] == sign[0]


def test_inside_of_a_replacement_the_way_back_is_where_it_begins() -> None:
    view = decode_values(raw_view(b"data: aGVsbG8gd29ybGQgYW5kIG1vcmU= end", 0, 38))
    assert view.data == b"data: hello world and more end"
    assert {view.source(i) for i in range(6, 26)} == {6}
    assert view.source(26) == 34


def test_a_view_of_a_stretch_counts_from_the_beginning_of_the_document() -> None:
    view = unescape(raw_view(b"....a\\u0026b", 4, 12))
    assert (view.data, [view.source(i) for i in range(3)]) == (b"a&b", [4, 5, 11])


def test_escapes_are_undone_three_deep_and_no_deeper() -> None:
    for depth in range(1, 4):
        text = b"&"
        for _ in range(depth):
            text = text.replace(b"&", b"&amp;")
        assert unescape(raw_view(text, 0, len(text))).data == b"&"
    text = b"&amp;amp;amp;amp;"
    assert unescape(raw_view(text, 0, len(text))).data == b"&amp;"


@pytest.mark.parametrize("text", [rb"\d+\w", rb"C:\users\me", rb"\q\z", b"a & b", b"100% sure", b"^caret"])
def test_what_is_no_escape_stays(text: bytes) -> None:
    assert unescape(raw_view(text, 0, len(text))).data == text


def test_a_step_that_changes_nothing_gives_the_same_view() -> None:
    view = raw_view(b"nothing to undo", 0, 15)
    assert unescape(view) is view
    assert unquote(view) is view
    assert join_literals(view) is view
    assert list(views(view)) == [view]


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        (b"aGk=", b"hi"),
        (b"aGk", b"hi"),
        (b"-_-_", b"\xfb\xff\xbf"),
        (b"+/+/", b"\xfb\xff\xbf"),
        (b"a", None),
        (b"", b""),
    ],
)
def test_base64_is_read_in_both_alphabets_padded_or_not(text: bytes, bytes_: bytes | None) -> None:
    assert decode_base64(text) == bytes_


def test_one_link_in_two_spellings_side_by_side_is_seen_at_both_places(detector: Detector) -> None:
    text = f"{HIDDEN}\n{HIDDEN.replace('&', '&amp;')}\n{HIDDEN.replace('&', chr(92) + 'u0026')}\n"
    assert [s.spot.line for s in alarms(detector, text)] == [1, 2, 3]
    assert set(secrets(detector, text)) == {signature(7)}
