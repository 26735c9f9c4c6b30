"""Folders of this machine: every file of a small one, a survey of a large one, and no byte beyond what may be read."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tidegate
from corpus_contents import messages
from tidegate.engine import folders, survey
from tidegate.engine.purse import Charged, SharedPurse, Sparing
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Counted, FileBytes, Memory, OverBudgetError
from tidegate.model.going import Going
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection

MODELS, KEYS, TEXTS, DULL = 20, 5, 200, 60
PICKLE = pickle.dumps({"layers": list(range(40))})
KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nmade up, and cut off\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a few hundred files: models, keys, texts of which one in ten holds a password, pictures."""
    top = tmp_path_factory.mktemp("many")
    for below in ("models", "texts", "pictures", *(f"home/{number}/.ssh" for number in range(KEYS))):
        (top / below).mkdir(parents=True)
    for number in range(MODELS):
        (top / "models" / f"{number}.pkl").write_bytes(PICKLE)
    for number in range(KEYS):
        (top / f"home/{number}/.ssh/id_rsa").write_bytes(KEY)
    for number in range(TEXTS):
        line = f"db_password: quiet-Otter-{number}-x41\n" if number % 10 == 0 else f"number: {number}\n"
        (top / "texts" / f"{number}.yaml").write_text("host: db.research.example\n" + line * 20)
    for number in range(DULL):
        (top / "pictures" / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(900))
    return top


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read of a file brought."""
    counted: list[int] = []
    plain = FileBytes.read

    def counting(self: FileBytes, offset: int, count: int) -> bytes:
        data = plain(self, offset, count)
        counted.append(len(data))
        return data

    monkeypatch.setattr(FileBytes, "read", counting)
    return counted


def names(result: Inspected) -> set[str]:
    return {Path(item.path).name for item in result.items}


def test_a_folder_that_fits_is_looked_into_file_by_file(folder: Path, read: list[int]) -> None:
    result = tidegate.inspect(folder, jobs=1, max_read=64 << 20)
    (contents,) = result.contents
    assert contents.items == contents.items_read == len(result.items) == MODELS + KEYS + TEXTS + DULL
    assert not result.gaps
    assert contents.complete
    assert sum(read) == contents.bytes_read == result.coverage.bytes_read


def test_of_one_that_does_not_fit_every_model_and_risky_name_is_looked_into_and_a_sample_stands_for_the_rest(
    folder: Path, read: list[int]
) -> None:
    most = 100_000
    result = tidegate.inspect(folder, jobs=1, max_read=most)
    (contents,) = result.contents
    seen = names(result)
    assert {f"{number}.pkl" for number in range(MODELS)} <= seen
    assert sum(Path(item.path).name == "id_rsa" for item in result.items) == KEYS
    assert contents.items == MODELS + KEYS + TEXTS + DULL
    assert contents.items_read < contents.items
    assert sum(read) == contents.bytes_read <= most
    share = next(each for each in contents.estimates if each.kind == "credentials")
    assert share.least <= (TEXTS / 10 + KEYS) / contents.items <= share.most
    assert any("a sample was drawn" in gap.reason for gap in result.gaps)
    assert not result.complete


@pytest.mark.parametrize("most", [1, 10_000, 60_000])
def test_nothing_beyond_what_was_allowed_is_read_however_little(
    folder: Path, read: list[int], most: int
) -> None:
    result = tidegate.inspect(folder, jobs=1, max_read=most)
    assert sum(read) <= most
    assert result.gaps


def test_one_seed_draws_the_same_and_another_one_others(folder: Path) -> None:
    first, again, other = (
        names(tidegate.inspect(folder, jobs=1, max_read=40_000, seed=seed)) for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_all_of_them_are_looked_into_where_that_is_asked_for(folder: Path, read: list[int]) -> None:
    result = tidegate.inspect(folder, jobs=1, max_read=100_000, every=True)
    assert sum(read) <= 100_000
    unread = sum(gap.stage == "inspect" for gap in result.gaps)
    assert len(result.items) + unread == MODELS + KEYS + TEXTS + DULL
    assert "used up" in result.gaps[-1].reason


def test_workers_pay_from_one_purse(folder: Path) -> None:
    result = tidegate.inspect(folder, jobs=2, max_read=100_000, every=True)
    assert 0 < result.coverage.bytes_read <= 100_000


@pytest.fixture
def roomy(folder: Path, tmp_path: Path) -> Path:
    """The folder and one large file beside it, so that a survey is made and its purse is never tight."""
    shutil.copytree(folder, tmp_path / "roomy")
    (tmp_path / "roomy" / "filling.dat").write_bytes(bytes(2 << 20))
    return tmp_path / "roomy"


def test_a_survey_by_processes_tells_the_same_in_the_same_order(roomy: Path) -> None:
    here, there = (tidegate.inspect(roomy, jobs=jobs, max_read=1 << 20) for jobs in (1, 2))
    assert len(here.items) == MODELS + KEYS + TEXTS + DULL + 1
    assert there.items == here.items
    assert there.contents == here.contents
    assert there.gaps == here.gaps


def test_a_worker_that_dies_of_a_file_costs_a_survey_that_file_alone(
    roomy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(data: Counted, name: str, **rest: Any) -> Inspection:
        if name.endswith("home/3/.ssh/id_rsa"):
            os._exit(9)
        return look(data, name, **rest)

    monkeypatch.setattr(survey, "look", deadly)
    result = tidegate.inspect(roomy, jobs=2, max_read=1 << 20)
    (lost,) = (gap for gap in result.gaps if "died" in gap.reason)
    assert "home/3/.ssh/id_rsa" in f"{lost.subject} {lost.reason}"
    assert len(result.items) == MODELS + KEYS + TEXTS + DULL


def test_a_worker_that_dies_of_a_file_costs_a_folder_that_file_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(data: Any, name: str, **rest: Any) -> Inspection:
        if name.endswith(("texts/3.yaml", "pictures/40.png")):
            os._exit(9)
        return look(data, name, **rest)

    monkeypatch.setattr(folders, "look", deadly)
    result = tidegate.inspect(folder, jobs=2)
    assert {(Path(gap.subject).name, "died" in gap.reason) for gap in result.gaps} == {
        ("3.yaml", True),
        ("40.png", True),
    }
    assert len(result.items) == MODELS + KEYS + TEXTS + DULL - 2


def test_workers_are_forked_with_the_key_of_the_run_so_that_one_password_is_one() -> None:
    code = (
        "import sys; from tidegate.engine.texts import texts; texts(None); "
        "sys.exit('tidegate.inspectors.fingerprints' not in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_files_with_odd_names_and_times_are_found_again(tmp_path: Path) -> None:
    odd = [b"\xff\xfe", "schl\u00fcssel \U0001f511".encode(), b"new\nline", b"\x1b[31m", b"n" * 240]
    odd = [name + b"%d.yaml" % number for name in odd for number in range(10)]
    for name in odd:
        (tmp_path / os.fsdecode(name)).write_bytes(b"db_password: quiet-Heron-y77\n" * 30)
    os.utime(tmp_path / os.fsdecode(odd[0]), (2**40, 2**40))
    result = tidegate.inspect(tmp_path, jobs=1, max_read=900 * 49)
    assert {os.fsencode(Path(item.path).name) for item in result.items} <= set(odd)
    assert result.contents[0].items == len(odd)
    assert result.contents[0].items_read > len(odd) / 3
    assert not [gap for gap in result.gaps if "error of ours" in gap.reason or "no such" in gap.reason]


def test_a_store_of_teams_in_a_surveyed_folder_is_counted_once(tmp_path: Path) -> None:
    store = tmp_path / "IndexedDB" / "https_teams.microsoft.com_0.indexeddb.leveldb"
    store.mkdir(parents=True)
    for name, data in messages.teams_store(conversations=6, each=5, people=4).items():
        (store / name).write_bytes(data)
    (tmp_path / "filling.dat").write_bytes(bytes(2 << 20))
    result = tidegate.inspect(tmp_path, jobs=1, max_read=1 << 20)
    assert [note.phrase for note in result.contents[0].noted] == ["25 Teams messages"]


def test_progress_says_what_is_planned_and_what_was_read(folder: Path) -> None:
    seen: list[Going] = []
    tidegate.inspect(folder, jobs=1, max_read=100_000, progress=seen.append)
    listed = [each for each in seen if each.listing]
    looked = [each for each in seen if not each.listing]
    assert listed[-1].done == MODELS + KEYS + TEXTS + DULL
    assert 0 < looked[-1].done <= looked[-1].planned
    assert looked[-1].bytes <= looked[-1].most_bytes == 100_000


def test_the_ends_of_a_file_are_not_paid_for_twice() -> None:
    data = Sparing(Memory(bytes(300_000)))
    for offset, count in ((0, 4096), (300_000 - 4096, 4096), (0, 300_000)):
        assert data.read(offset, count) == bytes(count)
    assert data.bytes_read == 300_000


def test_an_empty_purse_ends_reading() -> None:
    purse = SharedPurse(100)
    charged = Charged(Memory(bytes(60)), purse)
    assert charged.read(0, 60) == bytes(60)
    with pytest.raises(OverBudgetError, match="--max-read"):
        Charged(Memory(bytes(60)), purse).read(0, 60)
    assert purse.take(40)
    assert not purse.take(1)


@pytest.mark.parametrize("effort", [1 << 19, 1 << 20, 1 << 22])
def test_pickles_that_were_judged_while_listing_are_in_the_survey_that_follows(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, effort: int
) -> None:
    shutil.copytree(folder, tmp_path / "more")
    for number in range(100):
        (tmp_path / "more" / "models" / f"more{number}.pkl").write_bytes(PICKLE)
    each_alone = tidegate.inspect(tmp_path / "more", jobs=1)
    monkeypatch.setattr(folders, "EFFORT_BYTES", effort)
    told = tidegate.inspect(tmp_path / "more", jobs=1)
    (contents,) = told.contents
    assert contents.items == MODELS + KEYS + TEXTS + DULL + 100
    models = {item.path: item.verdict for item in told.items if item.verdict}
    assert models == {item.path: item.verdict for item in each_alone.items if item.verdict}
    assert len(models) == MODELS + 100


def test_a_folder_of_small_pickles_is_told_the_same_whether_it_is_listed_first_or_not(tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"{number}.pkl").write_bytes(pickle.dumps({"layers": [number, "x" * (number % 7)]}))
    (tmp_path / "large.pkl").write_bytes(pickle.dumps(bytes(1 << 17)))
    (tmp_path / "empty.pkl").write_bytes(b"")
    (tmp_path / "note.txt").write_text("nothing here")
    at_once, first = (tidegate.inspect(tmp_path, jobs=1, max_read=most) for most in (None, 1 << 30))
    assert at_once.items == first.items
    assert at_once.contents == first.contents
    assert at_once.gaps == first.gaps
