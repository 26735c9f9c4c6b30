"""What the rules of names are made into, and what is kept of it for the next start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tidegate.inventory import _compiled
from tidegate.inventory import names as columns
from tidegate.inventory.names import Ruler
from tidegate.kinds import names

PATHS = [each for rule in names.rules() for each in (*rule.examples, *rule.counterexamples)]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_compiled, "_made", [])


def test_what_was_kept_tells_the_same(names_made: Path) -> None:
    assert _compiled.known_already(names_made) is not None
    told = Ruler(few=0, cache_dir=names_made).rules(pl.Series(PATHS))
    assert told.tolist() == names.winners(PATHS)


def test_names_beyond_a_few_thousand_are_told_by_what_was_kept(names_made: Path) -> None:
    ruler = Ruler(cache_dir=names_made)
    paths = [f"{number}/{path}" for number in range(40) for path in PATHS]
    told = np.concatenate([ruler.rules(pl.Series(paths[:10])), ruler.rules(pl.Series(paths[10:]))])
    assert _compiled._made
    assert told.tolist() == names.winners(paths)


def test_names_that_hold_the_same_needles_are_told_alike_be_they_many_or_few(
    names_made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [f"{start}{path}" for start in ("", "a long folder/") for path in PATHS]
    told = Ruler(few=0, cache_dir=names_made).rules(pl.Series(paths))
    monkeypatch.setattr(columns, "_MANY", 1)
    assert told.tolist() == Ruler(few=0, cache_dir=names_made).rules(pl.Series(paths)).tolist()
    assert told.tolist() == names.winners(paths)


@pytest.mark.parametrize("harm", ["cut", "changed", "open to all"])
def test_nothing_is_taken_from_a_file_that_is_not_as_it_was_kept(
    names_made: Path, tmp_path: Path, harm: str
) -> None:
    (file,) = names_made.iterdir()
    content = bytearray(file.read_bytes())
    if harm == "changed":
        content[-1] ^= 1
    copy = tmp_path / file.name
    copy.write_bytes(content[:-1] if harm == "cut" else content)
    copy.chmod(0o666 if harm == "open to all" else 0o600)
    assert _compiled.known_already(tmp_path) is None
