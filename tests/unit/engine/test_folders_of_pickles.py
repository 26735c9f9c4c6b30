"""A folder of small pickles is judged where it is listed, and as file by file."""

from __future__ import annotations

import collections
import pickle
from pathlib import Path

import pytest

from tidegate.api.inspecting import inspect
from tidegate.inspectors.look import look
from tidegate.inspectors.pickles.forms import forms
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict

BAD = b"\x80\x04cos\nsystem\n(S'echo x'\ntR."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """90 pickles of one form in two folders, and among them what is none, or bad."""
    for number in range(90):
        held = {"label": f"c{number}", "seen": collections.Counter({"a": 1}), "score": number / 7}
        place = tmp_path / "data" / ("a" if number % 2 else "b") / f"{number}.pkl"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(pickle.dumps(held, 4))
    (tmp_path / "data/a/bad.pkl").write_bytes(BAD)
    (tmp_path / "data/a/picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "data/b/empty.pkl").write_bytes(b"")
    (tmp_path / "data/b/cut.pkl").write_bytes(pickle.dumps([1] * 40, 4)[:-9])
    (tmp_path / "data/b/large.pkl").write_bytes(pickle.dumps([bytes(80_000), collections.Counter()], 4))
    (tmp_path / "data/a/link.pkl").symlink_to("bad.pkl")
    return tmp_path / "data"


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_is_judged_as_if_it_were_the_only_one(folder: Path, jobs: int) -> None:
    forms.cache_clear()
    result = inspect(folder, jobs=jobs)
    found = {item.path: (item.kind, item.verdict, item.evidence, item.size_bytes) for item in result.items}
    forms.cache_clear()
    alone = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            item = look(Memory(path.read_bytes()), str(path))
            alone[str(path)] = (item.kind, item.verdict, item.evidence, item.size_bytes)
            forms.cache_clear()
    assert found == alone
    assert result.items[0].verdict is Verdict.DANGEROUS
    assert not result.gaps
    assert result.coverage.items_read == len(alone)
    (contents,) = result.contents
    assert (contents.items, contents.items_read) == (len(alone), len(alone))


def test_a_policy_has_forms_of_its_own(tmp_path: Path) -> None:
    for number in range(80):
        raw = b"\x80\x04\x8c\x04shop\x8c\x06Basket\x93)\x81}\x8c\x01nK" + bytes([number]) + b"sb."
        (tmp_path / f"{number}.pkl").write_bytes(raw)
    allowed = inspect(tmp_path, jobs=1, policy=["shop.Basket"])
    assert {item.verdict for item in allowed.items} == {Verdict.CLEAN}
    assert {item.verdict for item in inspect(tmp_path, jobs=1).items} == {Verdict.UNKNOWN}


def test_bytes_that_may_be_read_are_counted_for_pickles_of_one_form_too(folder: Path) -> None:
    result = inspect(folder, jobs=1, max_read=2_000)
    assert sum(item.bytes_read for item in result.items) <= 2_000
    assert result.gaps
