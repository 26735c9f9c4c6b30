"""What the rules of names are made into, and what is kept of it for the next start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tidegate.inventory import _known, _native
from tidegate.inventory import names as columns
from tidegate.inventory._automata import automaton
from tidegate.inventory.names import Ruler
from tidegate.kinds import names

PATHS = [each for rule in names.rules() for each in (*rule.examples, *rule.counterexamples)]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_known, "_made", [])


def test_what_was_kept_tells_the_same(names_made: Path) -> None:
    assert _known.known_already(names_made) is not None
    told = Ruler(few=0, cache_dir=names_made).rules(pl.Series(PATHS))
    assert told.tolist() == names.winners(PATHS)


def test_names_beyond_a_few_are_told_by_what_was_kept(
    names_made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_FEW_IF_KEPT", 20_000)
    ruler = Ruler(cache_dir=names_made)
    paths = [f"{number}/{path}" for number in range(40) for path in PATHS]
    told = np.concatenate([ruler.rules(pl.Series(paths[:10])), ruler.rules(pl.Series(paths[10:]))])
    assert _known._made
    assert told.tolist() == names.winners(paths)


def test_an_automaton_fits_what_its_pattern_does() -> None:
    made = 0
    for rule in names.patterns():
        found = automaton(rule.pattern, 5_000)
        if found is None:
            continue
        made += 1
        for path in (*rule.examples, *rule.counterexamples, *PATHS[::20]):
            for name in (path, path.upper(), f"\u00e9{path}", f"x/{path}\u540d", path[:-1]):
                state = 0
                for byte in name.encode():
                    state = (
                        found.decided if state == found.decided else found.steps[state, found.classes[byte]]
                    )
                assert (found.ends[state] == 1) == rule.fits(name), (rule.id, name)
    assert made >= len(names.patterns()) - 1


@pytest.mark.parametrize("pattern", ["a[äö]b", "[^/]{0,50}x[^/]{0,50}y[^/]{0,50}z"])
def test_there_is_no_automaton_of_what_it_cannot_tell_or_would_be_too_large(pattern: str) -> None:
    assert automaton(pattern, 200) is None


def in_pages(paths: list[str], folder: Path, group: int) -> pl.Series:
    pl.DataFrame({"name": paths}).write_parquet(folder / "names", row_group_size=group, data_page_size=40_000)
    return pl.read_parquet(folder / "names")["name"]


@pytest.mark.parametrize("group", [700, 100_000])
def test_names_are_told_alike_where_they_lie_in_pages_and_where_they_were_put_together(
    names_made: Path, tmp_path: Path, group: int
) -> None:
    long = [f"a folder with a name/{number:03}-{path}" for number in range(4) for path in PATHS]
    ruler = Ruler(few=0, cache_dir=names_made)
    column = in_pages(long, tmp_path, group)
    told = ruler.rules(column).tolist()
    assert told == names.winners(long)
    assert told == ruler.rules(pl.Series(long)).tolist()


@pytest.mark.parametrize(
    "odd",
    [
        "short",
        "user-" * 400 + "/home/.ssh/id_rsa",
        "a folder with a name/user\0list.csv",
        "a folder with a name/" + "long/" * 60 + "user.csv",
    ],
)
def test_one_odd_name_among_many_changes_nothing(names_made: Path, tmp_path: Path, odd: str) -> None:
    paths = [f"a folder with a name/{number:05}-user list.csv" for number in range(900)]
    paths[400] = odd
    column = in_pages(paths, tmp_path, 100_000)
    assert Ruler(few=0, cache_dir=names_made).rules(column).tolist() == names.winners(paths)


def test_names_cut_out_of_longer_ones_are_told_as_what_they_are(names_made: Path, tmp_path: Path) -> None:
    paths = [f"a folder with a name/{number:05}-user list.csv" for number in range(900)]
    column = in_pages(paths, tmp_path, 100_000)
    for cut in (column.str.slice(0, 33), column.str.slice(4), column.filter(column.str.contains("[02468]-"))):
        assert Ruler(few=0, cache_dir=names_made).rules(cut).tolist() == names.winners(cut)


@pytest.mark.parametrize(
    "path", ["user.bak.gz", "clients_clients-x.bak.zip", "home.7z", "my home-bz2", "homebz2"]
)
def test_what_wins_one_name_wins_hundreds_that_are_alike(names_made: Path, tmp_path: Path, path: str) -> None:
    paths = [f"a folder with a name/{number:03}/{path}" for number in range(300)]
    column = in_pages(paths, tmp_path, 100_000)
    assert Ruler(few=0, cache_dir=names_made).rules(column).tolist() == names.winners(paths)


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
    assert _known.known_already(tmp_path) is None


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the modules of which the loops are compiled, beside which they are kept."""
    ours = Path(_native.__file__).parent
    copy = tmp_path / "tidegate" / "inventory"
    copy.mkdir(parents=True)
    for file in ours.glob("*.py"):
        (copy / file.name).write_bytes(file.read_bytes())
    (copy.parent / "kinds").mkdir()
    (copy.parent / "kinds" / "names.py").write_bytes((ours.parent / "kinds" / "names.py").read_bytes())
    monkeypatch.setattr(_native, "__file__", str(copy / "_native.py"))
    return copy


def test_loops_compiled_of_other_code_are_not_taken(copied: Path) -> None:
    first = _native._kept_in()
    assert first == _native._kept_in()
    with (copied / "_tables.py").open("a") as tables:
        tables.write("FILTER_BITS = 19\n")
    second = _native._kept_in()
    assert first is not None
    assert second is not None
    assert (first.parent, first.is_dir(), second.is_dir()) == (second.parent, True, True)
    assert first != second


def test_loops_that_another_user_could_have_put_there_are_not_taken(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    beside = _native._kept_in()
    assert beside is not None
    assert beside.is_relative_to(copied)
    beside.chmod(0o777)
    instead = _native._kept_in()
    assert instead == tmp_path / "cache" / "tidegate" / beside.name
    instead.chmod(0o770)
    assert _native._kept_in() is None
    beside.rename(tmp_path / "elsewhere")
    beside.symlink_to(tmp_path / "elsewhere")
    assert _native._kept_in() is None
