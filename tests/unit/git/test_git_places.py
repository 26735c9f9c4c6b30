from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from git_repositories import START, Repo, open_repo, read_source, text

from tidegate.model.document import Spot, Tally
from tidegate.model.place import Place
from tidegate.sources.git import GitSource


def places_of(source: GitSource, needle: bytes, kind: type | None = None) -> list[Place]:
    """Return the places of every document that holds `needle`, at its first line and column."""
    found, _ = read_source(source)
    spots = []
    for label, content in found:
        at = content.find(needle)
        if at >= 0 and (kind is None or isinstance(label, kind)):
            line_start = content.rfind(b"\n", 0, at) + 1
            spots.append(Spot(label, content.count(b"\n", 0, at) + 1, at - line_start + 1))
    tally = Tally()
    places = source.places(spots, tally)
    assert not tally.gaps
    assert len(places) == len(spots)
    return [place for own in places for place in own]


@pytest.fixture(scope="module")
def source(eventful: Repo) -> Iterator[GitSource]:
    source = open_repo(eventful.path)
    yield source
    source.close()


def commit_named(repo: Repo, subject: str) -> str:
    return repo.git("log", "--all", "--reflog", "--format=%H", "--fixed-strings", f"--grep={subject}", "-1")


def test_a_file_has_path_line_column_and_the_commit_that_brought_it(
    eventful: Repo, source: GitSource
) -> None:
    # The conflict of the merge left a blob behind that no commit holds.
    (place,) = (p for p in places_of(source, b"from the side") if p.commit is not None)
    assert (place.path, place.line, place.column) == ("data.txt", 61, 1)
    assert place.commit == commit_named(eventful, "On a side branch")
    assert place.author == "Ada Nauta <ada@contoso.example>"
    assert place.committed_at == datetime.fromtimestamp(START + 15 * 3600, UTC)
    assert place.in_head is False
    assert (place.source, place.target) == ("git", str(eventful.path))


@pytest.mark.parametrize(
    ("needle", "subject", "path", "in_head"),
    [
        (b"only in the merge", "Merge: with a file", "only.txt", True),
        (b"both\n", "Merge: with a file", "data.txt", True),
        (b"hidden from diff", "Attributes, and", "secret.key", True),
        ("breit".encode("utf-16-le"), "Attributes, and", "wide.txt", True),
        (b"side\n", "On a side branch", "side.txt", False),
        (b"dangling\n", "Soon dangling", "dangling.txt", False),
        (b"stashed, untracked\n", "untracked files on main", "untracked.txt", False),
        (b"one\n", "First", "readme.md", True),
        (b"-diff\n", "Attributes, and", ".gitattributes", True),
    ],
)
def test_each_blob_is_attributed_to_the_commit_that_brought_it(
    eventful: Repo, source: GitSource, needle: bytes, subject: str, path: str, in_head: bool
) -> None:
    place = places_of(source, needle, bytes)[0]
    assert (place.path, place.in_head) == (path, in_head)
    assert place.commit == commit_named(eventful, subject)


def test_a_note_a_staged_blob_and_a_blob_in_no_tree_have_places(eventful: Repo, source: GitSource) -> None:
    (note,) = places_of(source, b"a note on it")
    assert note.commit == eventful.git("rev-parse", "refs/notes/commits")
    (staged,) = places_of(source, b"staged only")
    assert (staged.path, staged.commit, staged.in_head) == ("staged.txt", None, False)
    (lost,) = places_of(source, b"in no tree\n")
    oid = eventful.git("hash-object", "--stdin", given=b"in no tree\n")
    assert (lost.path, lost.commit, lost.in_head) == (f"<unreachable blob {oid[:8]}>", None, False)


def test_messages_and_names_have_places_in_angle_brackets(eventful: Repo, source: GitSource) -> None:
    pull = [place for place in places_of(source, b"A pull") if place.path == "<commit message>"]
    assert [(p.line, p.column, p.commit, p.in_head) for p in pull] == [
        (1, 1, eventful.git("rev-parse", "refs/pull/7/head"), False)
    ]
    words = [place for place in places_of(source, b"with words") if place.path == "<tag message>"]
    assert [(p.line, p.column, p.commit) for p in words] == [(3, 1, eventful.git("rev-parse", "v1^{}"))]
    bo = places_of(source, b"Bo Wharf", tuple)
    assert {p.path for p in bo} == {"<author>", "<reflog>"}
    assert {(p.line, p.column) for p in bo if p.path == "<author>"} == {(1, 1)}
    merged = [p for p in places_of(source, b"only the merge has") if p.path == "<commit message>"]
    assert [p.in_head for p in merged] == [True]


def test_refs_configuration_reflogs_and_file_names_are_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit("First", a__txt="a\n", needle_path="b\n")
    repo.git("branch", "needle_ref")
    repo.git("pack-refs", "--all")
    repo.git("remote", "add", "origin", "https://me:needle_token@host.example/x.git")
    repo.git("update-ref", "-m", "needle_log", "refs/heads/other", first, "--create-reflog")
    (repo.path / ".git" / "FETCH_HEAD").write_text("needle_fetch\n")
    source = open_repo(repo.path)
    found = {
        needle: [(p.path, p.commit, p.in_head) for p in places_of(source, needle.encode())]
        for needle in ("needle_ref", "needle_token", "needle_log", "needle_path", "needle_fetch")
    }
    source.close()
    assert ("<ref name>", first, False) in found["needle_ref"]
    assert found["needle_token"] == [("<git config>", None, False)]
    assert found["needle_log"] == [("<reflog>", first, False)]
    assert found["needle_path"] == [("<path name>", None, True)]
    assert found["needle_fetch"] == [(".git/FETCH_HEAD", None, False)]


def test_the_same_content_at_several_paths_is_at_each_of_them_in_head(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit("First", old__txt="same\n")
    repo.git("mv", "old.txt", "new.txt")
    repo.commit("Second", copy__txt="same\n")
    source = open_repo(repo.path)
    places = places_of(source, b"same\n")
    source.close()
    assert {(p.path, p.in_head) for p in places} == {
        ("new.txt", True),
        ("copy.txt", True),
        ("old.txt", False),
    }
    assert next(p.commit for p in places if p.path == "old.txt") == first


def test_a_blob_that_only_a_tag_names_is_placed_by_the_tag(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="a\n")
    repo.git("tag", "-a", "-m", "a key", "key", repo.blob(b"tagged content\n"))
    source = open_repo(repo.path)
    (place,) = places_of(source, b"tagged content\n", bytes)
    source.close()
    assert place.path == "<blob of refs/tags/key>"


def test_a_file_in_an_archive_is_placed_behind_the_archives_path(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("conf/.env", "inner needle\n")
    repo = Repo(tmp_path / "repo")
    first = repo.commit("First", backup__zip=packed.getvalue())
    source = open_repo(repo.path)
    (place,) = places_of(source, b"inner needle")
    source.close()
    assert (place.path, place.commit, place.in_head) == ("backup.zip!/conf/.env", first, True)


def test_old_encodings_and_broken_dates_do_not_disturb(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    tree = repo.git("write-tree")
    for who in (b"J\xf6rg <j> 99999999999999999999 +0000", b"nobody", b""):
        raw = b"tree %s\nauthor %s\ncommitter %s\nencoding latin-1\n\nneedle\n" % (tree.encode(), who, who)
        repo.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", given=raw)
    source = open_repo(repo.path)
    places = places_of(source, b"needle")
    source.close()
    assert {p.author for p in places} == {"Jörg <j>", "nobody", None}
    assert {p.committed_at for p in places} == {None}


def test_attribution_works_on_shallow_and_partial_clones(eventful: Repo, tmp_path: Path) -> None:
    for name, option in (("shallow", "--depth=2"), ("partial", "--filter=blob:none")):
        clone = tmp_path / name
        eventful.git("config", "uploadpack.allowFilter", "true")
        eventful.git("clone", "-q", option, eventful.path.as_uri(), str(clone))
        source = open_repo(clone)
        (place,) = places_of(source, b"only in the merge\n", bytes)
        source.close()
        assert (place.path, place.in_head) == ("only.txt", True)
        assert place.commit is not None


def test_a_commit_made_by_a_clock_that_ran_ahead_does_not_take_its_childs_place(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.now += 10**6
    first = repo.commit("First, in the future", a__txt="a\n")
    repo.now = START
    repo.commit("Second", b__txt="b\n")
    repo.git("checkout", "-q", "-b", "other", first)
    repo.commit("Third", c__txt="c\n")
    source = open_repo(repo.path)
    (place,) = places_of(source, b"a\n", bytes)
    source.close()
    assert place.commit == first


def test_the_walk_of_history_is_not_begun_without_hits_in_blobs(
    eventful: Repo, source: GitSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    real = subprocess.Popen

    def noting(*arguments: object, **options: object) -> object:
        started.append(arguments[0])
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", noting)
    assert source.places([], Tally()) == []
    assert not started


def test_many_versions_of_a_file_are_each_attributed_to_their_own_commit(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    commits = [repo.commit(f"Change {i}", a__txt=text(1) + f"needle {i}\n") for i in range(15)]
    repo.pack("-f")
    source = open_repo(repo.path)
    places = places_of(source, b"needle", bytes)
    source.close()
    assert {p.commit for p in places} == set(commits)
    assert sum(p.in_head is True for p in places) == 1


def test_a_missing_commit_costs_no_more_than_its_own_history(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit("First", a__txt="needle a\n")
    lost = repo.commit("Lost", b__txt="needle b\n")
    third = repo.commit("Third", c__txt="needle c\n")
    repo.loose_path(lost).unlink()
    source = open_repo(repo.path)
    found, _ = read_source(source)
    spots = [Spot(label, 1, 1) for label, content in found if content.startswith(b"needle")]
    tally = Tally()
    places = [place for own in source.places(spots, tally) for place in own]
    source.close()
    assert {(p.path, p.commit) for p in places} == {("a.txt", first), ("b.txt", third), ("c.txt", third)}
    assert ["missing or damaged" in gap.reason for gap in tally.gaps] == [True]


def test_a_damaged_tree_leaves_what_head_holds_with_a_path(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("First", a__txt="needle a\n", b__txt="b\n")
    old = repo.git("rev-parse", "HEAD^{tree}")
    repo.commit("Second", b__txt="c\n")
    path = repo.loose_path(old)
    path.chmod(0o600)
    path.write_bytes(b"garbage")
    source = open_repo(repo.path)
    found, _ = read_source(source)
    spots = [Spot(label, 1, 1) for label, content in found if content in (b"needle a\n", b"b\n")]
    tally = Tally()
    places = {place.path: place for own in source.places(spots, tally) for place in own}
    source.close()
    assert places["a.txt"].in_head is True
    assert any(path.startswith("<blob ") for path in places)
    assert any("not walked to its end" in gap.reason for gap in tally.gaps)
