"""What stands near a credential is passed over only when the expression could not have matched."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tidegate.detect import stitch

FORMS = (
    b"AccountName=contosomodels;",
    b"storage_account = 'contosomodels'",
    b"account: contosomodels account: contosodata",
    b"resource azurerm_storage_account x {" + b" " * 500 + b'name = "contosomodels"',
    b"https://contosomodels.blob.core.windows.net/public",
    b"aws_access_key_id = AKIATIDEGATEFAKEKEY2",
    b"endpoint = https://minio.example.net bucket = contoso-public",
    b'<input name=policy value="eyJleHBpcmF0aW9u' + b"QUJD" * 700 + b'">',
    b"project_id: contoso-prod tenant_id = 00000000-0000-0000-0000-000000000000",
)
SOURCES = [(name, index) for name, each in stitch._SOURCES.items() for index in range(len(each))]


@pytest.mark.parametrize(("name", "index"), SOURCES)
@given(data=st.data())
def test_whatever_an_expression_matches_holds_one_of_its_words(
    name: str, index: int, data: st.DataObject
) -> None:
    source = stitch._SOURCES[name][index]
    text = data.draw(st.from_regex(source.regex))
    found = source.regex.search(text)
    assume(found is not None)
    assert found is not None
    assert any(word in found[0].lower() for word in source.words)


@pytest.mark.parametrize(("name", "index"), SOURCES)
def test_no_expression_matches_more_than_its_reach(name: str, index: int) -> None:
    source = stitch._SOURCES[name][index]
    assert re._parser.parse(source.regex.pattern).getwidth()[1] <= source.reach


@given(parts=st.lists(st.tuples(st.integers(0, 3_000), st.sampled_from(FORMS)), max_size=6))
def test_around_its_words_an_expression_finds_what_it_finds_in_all_of_a_text(
    parts: list[tuple[int, bytes]],
) -> None:
    text = b"".join(b"lorem ipsum\n" * (gap // 12) + form + b"\n" for gap, form in parts)
    for sources in stitch._SOURCES.values():
        for source in sources:
            whole = [found.span() for found in source.regex.finditer(text)]
            near = [
                found.span()
                for low, high in source.stretches(text.lower())
                for found in source.regex.finditer(text, low, high)
            ]
            assert near == whole
