"""Laws of kinds by names: many at once are told as each by itself, whatever stands beside it."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.inventory import _known
from tidegate.inventory.names import Ruler
from tidegate.kinds import names

EXAMPLES = sorted({each for rule in names.rules() for each in (*rule.examples, *rule.counterexamples)})
ENDINGS = sorted(names.by_ending())
PARTS = sorted({part for path in EXAMPLES for part in path.split("/")})
ODD = ["é", "ß", "K", "ſ", "名", "\0", "\n", " ", "..", "/", "//", ".gz", ".GZ", "_", "-", "A", "0" * 300]


@pytest.fixture(scope="module")
def ruler(tmp_path_factory: pytest.TempPathFactory) -> Ruler:
    _known._made.clear()
    return Ruler(few=0, cache_dir=tmp_path_factory.mktemp("cache") / "tidegate")


pieces = st.one_of(
    st.sampled_from(PARTS), st.sampled_from(ENDINGS), st.sampled_from(ODD), st.text(max_size=4)
)
paths = st.one_of(
    st.sampled_from(EXAMPLES),
    st.lists(pieces, max_size=5).map("".join),
    st.lists(pieces, max_size=5).map("/".join),
    st.tuples(st.sampled_from(EXAMPLES), st.integers(0, 40)).map(lambda cut: cut[0][: cut[1]]),
    st.tuples(st.sampled_from(EXAMPLES), st.sampled_from(EXAMPLES)).map("-".join),
    st.sampled_from(EXAMPLES).map(str.upper),
)


@given(st.lists(paths, max_size=30), st.booleans(), st.sampled_from(["", "a/", "a folder that is long/b/"]))
def test_many_names_are_told_as_each_is(ruler: Ruler, told: list[str], in_order: bool, folder: str) -> None:
    together = [folder + each for each in (sorted(told) if in_order else told)]
    together = [each.encode("utf-8", "replace").decode() for each in together]
    assert ruler.rules(pl.Series(together, dtype=pl.String)).tolist() == names.winners(together)


@given(st.sampled_from(EXAMPLES), st.integers(0, 60), st.integers(0, 60))
def test_a_name_is_told_as_by_itself_after_one_that_begins_alike(
    ruler: Ruler, path: str, first: int, second: int
) -> None:
    together = [path[:first], path, path[:second], f"{path[:first]}x{path[first:]}", path]
    assert ruler.rules(pl.Series(together)).tolist() == names.winners(together)
