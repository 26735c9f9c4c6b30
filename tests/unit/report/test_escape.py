"""Text from outside moves no cursor, hides nothing, and is no markup, link, mention, formula or command."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from report.samples import HOSTILE
from tidegate.report._escape import csv_cell, markdown, markdown_code, markup, safe
from tidegate.report._json import dumps

any_text = st.text(st.characters(), max_size=60) | st.sampled_from(HOSTILE)


@given(any_text)
def test_safe_text_has_only_visible_characters_on_one_line(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co"} for char in shown)


@given(st.text("abc /._-äß中"))
def test_ordinary_names_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202egnp", r"\u202egnp"),
        ("caf\udce9", r"caf\xe9"),
        ("a\r\nb", r"a\r\nb"),
        ("\U000e0041", r"\U000e0041"),
        ("\u3164", r"\u3164"),
    ],
)
def test_what_is_unseen_becomes_visible(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(any_text)
def test_no_ci_runner_takes_a_command_from_a_name(text: str) -> None:
    shown = safe(text)
    assert "##[" not in shown
    assert "##vso[" not in shown
    assert not any(
        shown[at : at + 2] == "::" and shown[at + 2 : at + 3].isalpha()
        for at in range(len(shown))
        if shown[at + 2 : at + 3].isascii()
    )


def test_a_tower_of_marks_is_cut() -> None:
    assert safe("z" + "\u0301" * 40).count("\u0301") == 4


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _inline(source: str) -> list[tuple[str, str]]:
    (block,) = [token for token in MARKDOWN.parse(source) if token.type == "inline"]
    return [(token.type, token.content) for token in block.children or ()]


@given(any_text)
def test_markdown_text_is_literal(text: str) -> None:
    source = markdown(f"x{text}")
    assert {token.type for token in MARKDOWN.parse(source)} == {"paragraph_open", "inline", "paragraph_close"}
    pieces = _inline(source)
    assert {kind for kind, _ in pieces} <= {"text", "code_inline", "text_special"}
    assert "".join(content for _, content in pieces) == safe(f"x{text}").strip()


@pytest.mark.parametrize(
    "text", ["- item", "1. item", "+ x", "=== ", "# head", "> quote", "12) x", "    code", "| a | b |"]
)
def test_markdown_text_starts_no_block(text: str) -> None:
    assert [token.type for token in MARKDOWN.parse(markdown(text))] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


@given(any_text)
def test_mentions_and_references_stand_in_code_where_nothing_looks_for_them(text: str) -> None:
    for kind, content in _inline(markdown(f"x {text} @team #12 x")):
        if kind != "code_inline":
            assert "@" not in content
            assert "#" not in content


@given(any_text.filter(lambda text: safe(text).strip()))
def test_a_code_span_holds_the_whole_name_even_in_a_table(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {markdown_code(text)} | end |\n"
    cells = [token for token in MARKDOWN.parse(table) if token.type == "inline"][2:]
    assert [cell.content for cell in cells][1] == "end"
    (child,) = cells[0].children or ()
    assert child.type == "code_inline"
    assert child.content.strip() == safe(text).replace("|", r"\x7c").strip()


@given(any_text)
def test_html_text_has_no_tag_and_no_quote(text: str) -> None:
    assert not set("<>\"'") & set(markup(text))


@given(any_text)
def test_no_cell_starts_a_formula(text: str) -> None:
    assert not csv_cell(text).lstrip(' "').startswith(("=", "+", "-", "@", "|", "%", "＝"))


@given(any_text)
def test_a_cell_survives_a_csv_reader(text: str) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow([csv_cell(text), "end"])
    (row,) = csv.reader(io.StringIO(out.getvalue()))
    assert row == [csv_cell(text), "end"]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.sampled_from(HOSTILE).filter(lambda t: "\udce9" not in t)
)
def test_json_reads_back_the_same_and_shows_nothing_dangerous(text: str) -> None:
    shown = dumps({"name": text}, indent=1)
    assert json.loads(shown) == {"name": text}
    assert shown.replace("\n", "").isprintable()
    assert "##[" not in shown


def test_bytes_that_were_no_utf8_are_written_so_that_every_reader_takes_them() -> None:
    shown = dumps("caf\udce9 \ud800")
    assert json.loads(shown) == r"caf\xe9 \ud800"
    assert shown.encode()
