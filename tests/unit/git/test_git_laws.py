from __future__ import annotations

import math
import shutil
import subprocess
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from dulwich.pack import create_delta
from git_repositories import START, Repo, open_repo, read_objects, read_source, text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.model.document import Spot, Tally
from tidegate.sources.delta import BrokenError, apply_delta, delta_sizes
from tidegate.sources.git.inflate import inflate, inflate_prefix, read_loose
from tidegate.sources.git.messages import parse_message, parse_tree, place_in_message
from tidegate.sources.git.order import preorder, roots
from tidegate.sources.git.repository import read_config

forests = st.lists(st.integers(0, 10**6), min_size=1, max_size=80).map(
    lambda draws: np.array([draw % (i + 1) - 1 for i, draw in enumerate(draws)], np.int64)
)


@given(forests, st.data())
def test_in_preorder_every_base_is_the_last_object_one_level_up(
    parents: np.ndarray, data: st.DataObject
) -> None:
    wanted = np.array(data.draw(st.lists(st.booleans(), min_size=len(parents), max_size=len(parents))))
    _, depths = roots(parents)
    order = preorder(parents, depths, wanted)
    path: list[int] = []
    for entry, depth in zip(order.entries.tolist(), order.depths.tolist(), strict=True):
        del path[depth:]
        assert (path[-1] if path else -1) == parents[entry]
        path.append(entry)
    assert set(np.flatnonzero(wanted)) <= set(order.entries.tolist())
    assert len(set(order.entries.tolist())) == len(order.entries)


@given(forests)
def test_few_bases_are_held_at_a_time(parents: np.ndarray) -> None:
    _, depths = roots(parents)
    order = preorder(parents, depths, np.full(len(parents), True))
    held: set[int] = set()
    most = 0
    for entry, depth, last in zip(
        order.entries.tolist(), order.depths.tolist(), order.last.tolist(), strict=True
    ):
        if depth and last:
            held.remove(int(parents[entry]))
        if (parents == entry).any():
            held.add(entry)
        most = max(most, len(held))
    assert not held
    assert most <= math.log2(len(parents)) + 1


@given(st.lists(st.integers(-1, 30), min_size=1, max_size=31))
def test_circles_of_deltas_are_noticed(draws: list[int]) -> None:
    parents = np.array([draw if draw < len(draws) else -1 for draw in draws], np.int64)
    tops, depths = roots(parents)
    for start in range(len(parents)):
        at, steps = start, 0
        while at >= 0 and steps <= len(parents):
            top, at, steps = at, int(parents[at]), steps + 1
        assert (tops[start], depths[start]) == (top, steps - 1) if at < 0 else tops[start] == -1


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_delta_makes_of_its_base_what_it_was_made_for(base: bytes, target: bytes) -> None:
    delta = b"".join(create_delta(base, target))
    assert delta_sizes(delta) == (len(base), len(target))
    assert apply_delta(base, delta) == target


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_end_as_an_object_or_as_broken(base: bytes, noise: bytes) -> None:
    attempts = (
        lambda: delta_sizes(noise)[1] < 1000 and apply_delta(base, noise),
        lambda: inflate(noise, 10),
        lambda: read_loose(noise, 1000),
        lambda: read_loose(zlib.compress(noise), 1000),
    )
    for attempt in attempts:
        with suppress(BrokenError):
            attempt()
    inflate_prefix(noise, 100)
    parse_message(noise)
    place_in_message(noise, "commit", 3, 3)
    list(parse_tree(noise, 20))


@pytest.mark.parametrize("declared", [0, 9, 11, 1 << 20])
def test_a_size_that_is_not_the_real_one_is_noticed(declared: int) -> None:
    with pytest.raises(BrokenError):
        inflate(zlib.compress(b"0123456789"), declared)


def test_an_empty_object_is_empty_and_a_stream_without_its_checksum_is_broken() -> None:
    assert inflate(zlib.compress(b""), 0) == b""
    with pytest.raises(BrokenError):
        inflate(zlib.compress(b"0123456789")[:-4], 10)
    with pytest.raises(BrokenError):
        inflate(b"", 0)


@given(st.binary(max_size=200))
def test_any_configuration_is_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "config"
    path.write_bytes(b'[core]\nworktree = "x y"\n' + noise)
    assert read_config(path)["core.worktree"][0] == "x y"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = Repo(tmp_path_factory.mktemp("packed") / "repo")
    for i in range(6):
        repo.commit(f"Change {i}", data__txt=text(1, 20) + f"{i}\n")
    repo.git("tag", "-a", "-m", "tag", "v1")
    repo.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f")
    return repo.path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["*.pack", "*.idx"]),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_in_a_pack_or_its_index_never_end_the_reading(
    packed: Path, tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[float, int]]
) -> None:
    path = tmp_path_factory.mktemp("changed") / "repo"
    shutil.copytree(packed, path)
    (file,) = (path / ".git/objects/pack").glob(kind)
    data = bytearray(file.read_bytes())
    for at, value in changes:
        data[int(at * len(data))] = value
    file.chmod(0o600)
    file.write_bytes(data)
    found, tally = read_objects(path)
    assert tally.coverage.documents == len(found)
    shutil.rmtree(path)


commits = st.lists(
    st.tuples(
        st.lists(st.integers(0, 10**6), min_size=1, max_size=2),
        st.dictionaries(st.sampled_from(["a", "b", "d/a", "d/e/c"]), st.integers(0, 9), max_size=4),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(commits)
def test_every_blob_is_attributed_to_the_first_commit_that_has_it(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[list[int], dict[str, int]]]
) -> None:
    """Against a model: each commit's files are given in full, whatever its parents held."""
    repo = Repo(tmp_path_factory.mktemp("random") / "repo")
    stream = b""
    for number, (parents, files) in enumerate(drawn):
        stream += b"commit refs/heads/c%d\nmark :%d\n" % (number, number + 1)
        stream += b"committer Bo <bo@x> %d +0000\ndata 0\n" % (START + number * 60)
        for word, parent in zip(
            (b"from", b"merge"), dict.fromkeys(p % number for p in parents) if number else (), strict=False
        ):
            stream += b"%s :%d\n" % (word, parent + 1)
        stream += b"deleteall\n"
        for path, content in files.items():
            stream += b"M 100644 inline %s\ndata <<E\ncontent %d\nE\n" % (path.encode(), content)
    repo.git("fast-import", "--quiet", "--force", given=stream)
    names = dict(
        line.split(" ")[::-1]
        for line in repo.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    )
    source = open_repo(repo.path)
    found, _ = read_source(source)
    spots = [(Spot(label, 1, 1), content) for label, content in found if isinstance(label, bytes)]
    places = source.places([spot for spot, _ in spots], Tally())
    source.close()
    assert len(spots) == len({content for _, files in drawn for content in files.values()})
    for (_, content), own in zip(spots, places, strict=True):
        wanted = int(content.split()[1])
        first = next(i for i, (_, files) in enumerate(drawn) if wanted in files.values())
        assert {p.commit for p in own} == {names[f"refs/heads/c{first}"]}
        assert own[0].path in {path for path, value in drawn[first][1].items() if value == wanted}


def test_git_itself_agrees_on_the_first_commit_of_each_blob(eventful: Repo) -> None:
    source = open_repo(eventful.path)
    labels = [label for label, content in read_source(source)[0] if isinstance(label, bytes)]
    places = source.places([Spot(label, 1, 1) for label in labels], Tally())
    source.close()
    asked = 0
    for label, own in zip(labels, places, strict=True):
        out = subprocess.run(
            [
                "git",
                "log",
                "--all",
                "-m",
                "-t",
                "--reverse",
                "--date-order",
                "--format=%H",
                f"--find-object={label.hex()}",
            ],
            cwd=eventful.path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        if out:
            assert own[0].commit == out[0]
            asked += 1
    assert asked > 15
