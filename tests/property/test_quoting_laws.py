"""Long secrets are percent-encoded by a table; it must give what the standard library gives."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.quoting import percent_encoded


@given(st.text())
def test_the_table_encodes_as_the_standard_library_does_in_all_three_forms(text: str) -> None:
    encoded = percent_encoded(text)
    assert encoded == quote(text, safe="")
    assert encoded.replace("%2F", "/") == quote(text)
    assert encoded.replace("%20", "+") == quote_plus(text)
