"""What stands near a credential is passed over only when the expression could not have matched."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tidegate.detect import stitch

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
