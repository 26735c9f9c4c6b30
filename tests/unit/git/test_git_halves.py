"""A piece of an object store that is cut in two still has every object, and nothing beside."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from git_repositories import Repo

from tidegate.engine.halve import halves
from tidegate.model.document import Tally
from tidegate.sources.git import open_git
from tidegate.sources.git.shards import LooseShard, PackShard


@pytest.mark.parametrize("packed", [False, True])
def test_the_halves_of_a_shard_hold_what_the_shard_holds(
    packed: bool, eventful: Repo, tmp_path: Path
) -> None:
    path = tmp_path / "copy"
    shutil.copytree(eventful.path, path)
    if packed:
        subprocess.run(["git", "repack", "-adfqk", "--depth=20"], cwd=path, check=True)
    pieces = 0
    with closing(open_git(str(path))) as source:
        for shard in source.shards(2, Tally()):
            whole, cut = Tally(), Tally()
            expected = _texts(source, shard, whole)
            smallest = list(_cut(shard))
            found = [text for part in smallest for text in _texts(source, part, cut)]
            assert sorted(found) == sorted(expected)
            assert (cut.gaps, cut.coverage) == (whole.gaps, whole.coverage)
            pieces += sum(isinstance(part[0], PackShard if packed else LooseShard) for part in smallest)
    assert pieces > 20


def _cut(shard: Any) -> Any:
    parts = halves(shard)
    if parts is None:
        yield shard
    else:
        yield from _cut(parts[0])
        yield from _cut(parts[1])


def _texts(source: Any, shard: Any, tally: Tally) -> list[tuple[str, bytes]]:
    return [
        (repr(label), bytes(batch.data[start:end]))
        for batch in source.batches(shard, tally)
        for start, end, label in zip(batch.starts, batch.ends, batch.labels, strict=True)
    ]
