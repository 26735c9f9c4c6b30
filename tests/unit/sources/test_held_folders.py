"""Folders stay open between listing and reading where one process does both; none stays open after that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.model.document import Tally
from tidegate.sources.files import open_tree


def _tree(root: Path, folders: int) -> None:
    for number in range(folders):
        (root / f"{number:03}" / "empty").mkdir(parents=True)
        for name in ("a.txt", "b.log"):
            (root / f"{number:03}" / name).write_text(f"{number} {name}\n")
    (root / "big").mkdir()
    for number in range(600):
        (root / "big" / str(number)).write_text(f"{number}\n")


def _open() -> set[Path]:
    return set(Path("/dev/fd").iterdir())


@pytest.mark.parametrize("exclude", [(), ("*.txt",), ("*",)], ids=["all", "some", "none"])
def test_one_process_reads_what_many_would_and_leaves_no_folder_open(
    tmp_path: Path, exclude: tuple[str, ...]
) -> None:
    _tree(tmp_path, 150)
    before = _open()
    seen = []
    for jobs in (1, 2):
        source, tally, texts = open_tree(tmp_path, label="x", exclude=exclude), Tally(), {}
        for shard in source.shards(jobs, tally):
            for batch in source.batches(shard, tally):
                for start, end, label in zip(batch.starts, batch.ends, batch.labels, strict=True):
                    texts[label] = bytes(batch.data[start:end])
        source.close()
        assert not tally.gaps
        seen.append(texts)
    assert seen[0] == seen[1]
    assert len(seen[0]) == {(): 900, ("*.txt",): 750, ("*",): 0}[exclude]
    assert _open() == before


def test_a_reading_that_ends_early_leaves_no_folder_open(tmp_path: Path) -> None:
    _tree(tmp_path, 150)
    before = _open()
    source = open_tree(tmp_path, label="x")
    shards = source.shards(1, Tally())
    next(shards)
    assert _open() > before
    source.close()
    shards.close()
    assert _open() == before


def test_a_folder_that_became_a_link_after_it_was_seen_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret.txt").write_text("not of this tree\n")
    source, tally = open_tree(tmp_path / "tree", label="x"), Tally()
    walk = source._walk
    walk._hold()
    folders = walk.folders(tally)
    (tmp_path / "tree" / "a.txt").write_text("a\n")
    assert next(folders) == ("", ["a.txt"])
    (tmp_path / "tree" / "inner").rmdir()
    (tmp_path / "tree" / "inner").symlink_to(tmp_path / "other")
    assert list(folders) == []
    assert [gap.subject for gap in tally.gaps] == ["inner"]
    source.close()
