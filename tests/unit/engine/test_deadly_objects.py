"""Of the objects of one delta tree a worker's death costs the one that it died of."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lists import link, signature

from tidegate.detect.engine import Detector
from tidegate.engine.work import run_shards
from tidegate.model.document import Batch, Tally
from tidegate.sources.git import Bounds, GitSource
from tidegate.sources.git.shards import PackShard

VERSIONS = 40
DEADLY = 17


class _Deadly(GitSource):
    """Dies of what has the word in it. Every part is a shard: a single one would be read here."""

    def shards(self, jobs: int, tally: Tally) -> Iterator[Any]:
        for shard in super().shards(jobs, tally):
            yield from ((part,) for part in shard)

    def batches(self, shard: Any, tally: Tally) -> Iterator[Batch]:
        for batch in super().batches(shard, tally):
            if b"deadly" in bytes(batch.data):
                os._exit(9)
            yield batch


@pytest.fixture(scope="module")
def one_tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Many versions of one text, each a delta of another; and the id of the deadly one."""
    path = tmp_path_factory.mktemp("deltas")

    def git(*arguments: str, given: bytes = b"") -> str:
        done = subprocess.run(["git", *arguments], cwd=path, input=given, capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    text = random.Random(7).randbytes(6000).hex()
    texts = [
        f"{text[: 100 * n]}\nsee {link(n)}\n{'deadly' if n == DEADLY else 'well'}\n{text[100 * n :]}\n"
        for n in range(VERSIONS)
    ]
    names = [git("hash-object", "-w", "--stdin", given=each.encode()) for each in texts]
    pack = path / ".git" / "objects" / "pack" / "pack"
    given = "".join(f"{name} text\n" for name in names).encode()
    git("pack-objects", "-q", "--depth=50", "--window=50", str(pack), given=given)
    git("prune-packed")
    return path, names[DEADLY]


def test_only_the_object_that_a_worker_died_of_is_lost(
    one_tree: tuple[Path, str], detector: Detector
) -> None:
    path, deadly = one_tree
    tally = Tally()
    made = _Deadly(path, "x", outside=False, containers=True, bounds=Bounds(), owned=None)
    with closing(made) as source:
        packed = [
            part for shard in source.shards(2, Tally()) for part in shard if isinstance(part, PackShard)
        ]
        assert sum(int((part.depths == 0).sum()) for part in packed) == 1
        found = [each for shard in run_shards(source, detector, 2, tally) for each in shard]
    assert {each.secret.reveal() for each in found} == {signature(n) for n in range(VERSIONS) if n != DEADLY}
    assert [gap.subject.partition(" of ")[0] for gap in tally.gaps] == [f"object {deadly}"]
    assert tally.coverage.documents == VERSIONS - 1
