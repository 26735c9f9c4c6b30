from __future__ import annotations

import gc
import pickle
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

import pytest
from git_repositories import Repo, all_objects, open_repo, read_objects, read_source, text

from tidegate.errors import SourceError
from tidegate.model.document import Tally
from tidegate.sources.git import Bounds, is_repository, open_git
from tidegate.sources.git.pack import REF_DELTA, read_entries, read_index
from tidegate.sources.git.shards import open_pack

PACKINGS = {
    "loose": [],
    "one pack": [("repack", "-q", "-a", "-d", "-f")],
    "deep deltas": [("repack", "-q", "-a", "-d", "-f", "--window=50", "--depth=200")],
    "no deltas": [("repack", "-q", "-a", "-d", "-f", "--window=0")],
    "reference deltas": [("-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f")],
    "index of version 1": [("-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f")],
}


def copy(repo: Repo, to: Path) -> Repo:
    shutil.copytree(repo.path, to, symlinks=True)
    other = Repo.__new__(Repo)
    other.path, other.now = to, repo.now
    return other


def assert_nothing_is_lost_unsaid(whole: dict[str, bytes], found: dict[str, bytes], tally: Tally) -> None:
    """What is not exactly as it was is named in a gap, or its whole pack is."""
    assert tally.gaps
    if any(gap.subject.endswith(".pack") for gap in tally.gaps):
        return
    lost = {oid for oid, content in whole.items() if found.get(oid) != content}
    unnamed = lost - {gap.subject.removeprefix("object ") for gap in tally.gaps}
    counted = sum(int(gap.reason.split()[0]) for gap in tally.gaps if gap.subject == "objects")
    assert len(unnamed) <= counted


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_object_is_read_as_git_reads_it(eventful: Repo, tmp_path: Path, packing: str) -> None:
    repo = copy(eventful, tmp_path / "repo")
    for command in PACKINGS[packing]:
        repo.git(*command)
    found, tally = read_objects(repo.path)
    assert found == all_objects(repo.path)
    assert not tally.gaps
    assert tally.coverage.documents == len(found)
    assert tally.coverage.commits == sum(content.startswith(b"tree ") for content in found.values())
    assert tally.coverage.bytes > sum(map(len, found.values()))


def test_reference_deltas_are_really_tested(eventful: Repo, tmp_path: Path) -> None:
    repo = copy(eventful, tmp_path / "repo")
    repo.git(*PACKINGS["reference deltas"][0])
    (pack,) = (repo.path / ".git/objects/pack").glob("*.pack")
    entries, _ = read_entries(open_pack(pack), read_index(pack.with_suffix(".idx"), 20), 20)
    assert (entries.kinds == REF_DELTA).sum() > 5


def test_several_packs_and_loose_objects_are_one_and_what_is_in_two_of_them_is_read_once(
    eventful: Repo, tmp_path: Path
) -> None:
    repo = copy(eventful, tmp_path / "repo")
    repo.pack("-f")
    for kept in (repo.path / ".git/objects/pack").glob("*.pack"):
        kept.with_suffix(".keep").touch()
    repo.commit("More", data__txt=text(1) + "more\n")
    everything = repo.git("rev-list", "--objects", "--all", "--no-object-names").encode()
    repo.git("pack-objects", "-q", ".git/objects/pack/pack", given=everything)
    repo.commit("Loose", data__txt=text(1) + "loose\n")
    found, tally = read_objects(repo.path)
    assert len(list((repo.path / ".git/objects/pack").glob("*.pack"))) == 2
    assert found == all_objects(repo.path)
    assert not tally.gaps


def test_sha256_repositories_are_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", "--object-format=sha256")
    for i in range(6):
        repo.commit(f"Change {i}", data__txt=text(1) + f"{i}\n")
    repo.pack("-f")
    repo.commit("Loose", other__txt="other\n")
    found, tally = read_objects(repo.path)
    assert found == all_objects(repo.path)
    assert len(next(iter(found))) == 64
    assert not tally.gaps


def test_a_bare_repository_and_a_linked_worktree_read_the_same_objects(
    eventful: Repo, tmp_path: Path
) -> None:
    repo = copy(eventful, tmp_path / "repo")
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--mirror", str(repo.path), str(bare))
    assert read_objects(bare)[0] == all_objects(bare)
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", str(linked), "side")
    found, tally = read_objects(linked)
    assert found == all_objects(repo.path)
    assert not tally.gaps
    with_worktree, without = open_repo(linked), open_repo(bare)
    assert with_worktree.worktree == linked
    assert without.worktree is None
    assert with_worktree.head == repo.git("rev-parse", "side")
    assert without.head == repo.git("rev-parse", "main")
    with_worktree.close()
    without.close()


def test_alternates_are_read_when_allowed_and_else_a_gap(eventful: Repo, tmp_path: Path) -> None:
    repo = copy(eventful, tmp_path / "repo")
    shared = tmp_path / "shared"
    repo.git("clone", "-q", "--shared", "--no-checkout", str(repo.path), str(shared))
    found, tally = read_objects(shared, outside=True)
    assert found == all_objects(shared)
    assert not tally.gaps
    found, tally = read_objects(shared)
    assert not found
    assert "outside of the target" in tally.gaps[0].reason


def test_a_shallow_clone_says_that_history_is_missing(eventful: Repo, tmp_path: Path) -> None:
    clone = tmp_path / "shallow"
    eventful.git("clone", "-q", "--depth=2", eventful.path.as_uri(), str(clone))
    found, tally = read_objects(clone)
    assert found == all_objects(clone)
    assert ["shallow clone" in gap.reason for gap in tally.gaps] == [True]


def test_a_partial_clone_is_read_as_far_as_it_is_there_and_fetches_nothing(
    eventful: Repo, tmp_path: Path
) -> None:
    origin = copy(eventful, tmp_path / "origin")
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "partial"
    origin.git("clone", "-q", "--no-checkout", "--filter=blob:none", origin.path.as_uri(), str(clone))
    before = all_objects(clone)
    found, tally = read_objects(clone)
    assert found == before == all_objects(clone)
    assert not any(content == b"one\n" for content in found.values())
    assert ["partial clone" in gap.reason for gap in tally.gaps] == [True]


def test_an_empty_repository_has_no_documents(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    found, tally = read_objects(repo.path)
    assert not found
    assert tally.coverage.documents == 0


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for path in (tmp_path / "plain", tmp_path / "absent"):
        assert not is_repository(path)
        with pytest.raises(SourceError):
            open_git(str(path))


def test_a_damaged_object_is_a_gap_and_the_rest_is_read(eventful: Repo, tmp_path: Path) -> None:
    repo = copy(eventful, tmp_path / "repo")
    oid = repo.blob(text(5, 3000).encode())
    whole = all_objects(repo.path)
    loose = repo.loose_path(oid)
    data = bytearray(loose.read_bytes())
    data[len(data) // 2] ^= 0xFF
    loose.chmod(0o600)
    loose.write_bytes(data)
    found, tally = read_objects(repo.path)
    assert [gap.subject for gap in tally.gaps] == [f"object {oid}"]
    assert found.keys() == whole.keys()
    rest = found.pop(oid)
    assert rest.split(b"\0")[-1][:2000] in whole.pop(oid)
    assert found == whole


def test_a_damaged_pack_loses_only_what_is_damaged(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    for i in range(30):
        repo.commit(f"Change {i}", data__txt=text(1) + f"{i}\n", **{f"file{i}": text(100 + i)})
    repo.pack("-f")
    whole = all_objects(repo.path)
    (pack,) = (repo.path / ".git/objects/pack").glob("*.pack")
    data = bytearray(pack.read_bytes())
    middle = len(data) * 3 // 4
    data[middle : middle + 40] = bytes(40)
    pack.chmod(0o600)
    pack.write_bytes(data)
    found, tally = read_objects(repo.path)
    assert_nothing_is_lost_unsaid(whole, found, tally)
    assert sum(found.get(oid) == content for oid, content in whole.items()) > len(whole) // 2


@pytest.mark.parametrize("keep", [0, 5, 40, 0.3, 0.9])
def test_a_pack_cut_short_is_a_gap_and_no_crash(eventful: Repo, tmp_path: Path, keep: float) -> None:
    repo = copy(eventful, tmp_path / "repo")
    repo.pack("-f")
    whole = all_objects(repo.path)
    (pack,) = (repo.path / ".git/objects/pack").glob("*.pack")
    data = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    found, tally = read_objects(repo.path)
    assert_nothing_is_lost_unsaid(whole, found, tally)


@pytest.mark.parametrize("keep", [0, 7, 500, 1100, -1])
def test_an_index_cut_short_is_a_gap_and_no_crash(eventful: Repo, tmp_path: Path, keep: int) -> None:
    repo = copy(eventful, tmp_path / "repo")
    repo.pack("-f")
    (pack,) = (repo.path / ".git/objects/pack").glob("*.pack")
    index = pack.with_suffix(".idx")
    data = index.read_bytes()
    index.chmod(0o600)
    index.write_bytes(data[:keep])
    _, tally = read_objects(repo.path)
    assert any("index" in gap.reason for gap in tally.gaps)


def test_an_object_missing_from_head_is_a_gap_that_names_the_file(eventful: Repo, tmp_path: Path) -> None:
    repo = copy(eventful, tmp_path / "repo")
    repo.loose_path(repo.git("rev-parse", "HEAD:only.txt")).unlink()
    _, tally = read_objects(repo.path)
    assert [(gap.subject, gap.reason) for gap in tally.gaps] == [
        ("only.txt", "its object is missing from the repository")
    ]


def test_a_blob_beyond_the_bound_is_a_gap_and_its_deltas_are_too(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    for i in range(3):
        repo.commit(f"Change {i}", large__txt=text(7, 3000) + f"{i}\n", small__txt=f"{i}\n")
    repo.pack("-f")
    found, tally = read_objects(repo.path, bounds=Bounds(object_bytes=50_000))
    assert sorted(len(content) for content in found.values() if len(content) < 5) == [2, 2, 2]
    assert max(map(len, found.values())) < 50_000
    assert len(tally.gaps) == 3
    assert all("MiB" in gap.reason for gap in tally.gaps)


def test_bases_given_up_for_memory_are_made_good_by_git(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    for i in range(10):
        repo.commit(f"Change {i}", a__txt=text(7, 800) + f"{i}\n")
    repo.pack("-f", "--depth=3")
    found, tally = read_objects(repo.path, bounds=Bounds(held_bytes=0))
    assert found == all_objects(repo.path)
    assert not tally.gaps


def test_a_delta_tree_that_grows_without_measure_is_cut(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    for i in range(10):
        repo.commit(f"Change {i}", a__txt=text(7, 800) + f"{i}\n")
    repo.pack("-f")
    found, tally = read_objects(repo.path, bounds=Bounds(growth=2, growth_floor=1))
    assert any("grows more than" in gap.reason for gap in tally.gaps)
    assert len([content for content in found.values() if len(content) > 10_000]) < 10


def test_a_loose_object_that_lies_about_its_size_is_a_gap(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="a\n")
    for number, header in enumerate((b"blob 5\0", b"blob 99999999999999999999\0", b"blob x\0", b"nothing")):
        path = repo.loose_path(f"{number:02x}" * 20)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(header + bytes(1 << 20)))
    found, tally = read_objects(repo.path)
    assert len(tally.gaps) == 4
    assert b"a\n" in found.values()


def test_shards_can_be_read_by_another_process_and_hold_every_object_once(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    for i in range(40):
        repo.commit(f"Change {i}", a__txt=text(7) + f"{i}\n", **{f"own{i}": text(i, 20)})
    repo.pack("-f")
    source = open_repo(repo.path)
    tally = Tally()
    shards = pickle.loads(pickle.dumps(list(source.shards(4, tally))))
    other = pickle.loads(pickle.dumps(source))
    labels = [label for shard in shards for batch in other.batches(shard, tally) for label in batch.labels]
    own = [label for label, _ in read_source(source)[0]]
    source.close()
    assert sorted(map(repr, labels)) == sorted(map(repr, own))
    assert len(set(labels)) == len(labels)


def test_closing_removes_every_temporary_folder(
    eventful: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for target in (str(eventful.path), eventful.path.as_uri()):
        source = open_git(target)
        assert list(tmp_path.iterdir())
        read_source(source)
        source.close()
        assert not list(tmp_path.iterdir())


def test_an_address_is_cloned_with_all_its_refs(eventful: Repo) -> None:
    source = open_git(eventful.path.as_uri())
    try:
        found, tally = read_source(source)
        assert source.worktree is None
    finally:
        source.close()
    assert not tally.gaps
    assert any(content.endswith(b"\n\nA pull\n") for _, content in found)


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% canary",
        "git://host/x",
        "http://host/x",
        "--upload-pack=touch canary",
        "https://user:hunter2@127.0.0.1:1/x.git",
        "ssh://-oProxyCommand=touch%20canary/x",
        "file:///no/such/place",
        "git@-oProxyCommand=touch:x",
    ],
)
def test_an_address_that_is_refused_or_fails_says_so_without_its_password(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as caught:
        open_git(address)
    assert "hunter2" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_test_helper_knows_when_git_fails(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        all_objects(tmp_path)


def test_nothing_is_left_of_a_source_that_nobody_closes(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("One", a="1\n")
    source = open_repo(repo.path)
    view = source.view
    assert view.exists()
    del source
    gc.collect()
    assert not view.exists()


def test_nothing_is_left_of_a_source_that_an_interrupt_keeps_from_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("One", a="1\n")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tidegate.sources.git.view._link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_repo(repo.path)
    assert list((tmp_path / "temporary").iterdir()) == []
