from __future__ import annotations

import zlib
from contextlib import closing
from pathlib import Path

import pytest
from git_repositories import Repo, open_repo, read_source, text
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.sources.delta import BrokenError
from tidegate.sources.git import heads
from tidegate.sources.git.ancestry import Ancestry
from tidegate.sources.git.deltaops import OddError
from tidegate.sources.git.heads import heads_of, kept
from tidegate.sources.git.inflate import inflate
from tidegate.sources.git.view import SEEN
from tidegate.sources.gitcommand import CatFile

ids = st.binary(min_size=20, max_size=20)
names = st.sampled_from([b"Ada", b"", b"A > B", b"<<", b"\xff\xfe", b"author committer 1 +0000"])
dates = st.integers(0, 10**10 - 1)


@st.composite
def commits(draw: st.DrawFn) -> tuple[bytes, bytes, list[bytes], int]:
    """Content, tree, parents, date; with what may stand behind, which says other things."""
    tree, parents, date = draw(ids), draw(st.lists(ids, max_size=4)), draw(dates)
    lines = [b"tree " + tree.hex().encode(), *(b"parent " + each.hex().encode() for each in parents)]
    lines.append(b"author " + draw(names) + b" <a@b.example> %d +0100" % draw(dates))
    lines.append(b"committer " + draw(names).replace(b">", b"") + b" <c@d.example> %d -0930" % date)
    lines += draw(st.sampled_from([[], [b"encoding latin-1"], [b"gpgsig -----", b" tree " + b"0" * 40]]))
    lines.append(draw(st.sampled_from([b"", b"\nparent " + b"1" * 40, b"\ncommitter X <y> 1 +0000"])))
    return b"\n".join(lines) + draw(st.sampled_from([b"", b"\n", b"\n" * 30])), tree, parents, date


@settings(max_examples=150)
@given(made=st.lists(commits(), max_size=12))
def test_many_heads_at_once_say_what_each_says(made: list[tuple[bytes, bytes, list[bytes], int]]) -> None:
    heads = heads_of([content for content, *_ in made], 20)
    assert [row.tobytes() for row in heads.trees] == [tree for _, tree, _, _ in made]
    assert heads.counts.tolist() == [len(parents) for _, _, parents, _ in made]
    assert [row.tobytes() for row in heads.parents] == [each for _, _, own, _ in made for each in own]
    assert heads.dates.tolist() == [date for *_, date in made]


GOOD = b"tree " + b"a" * 40 + b"\nauthor A <a> 5 +0000\ncommitter A <a> 7 +0000\n\n"


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"tree ", b"x" * 300, GOOD[:46], GOOD[:80], GOOD.replace(b"tree", b"free"),
        GOOD.replace(b"aaaa", b"gggg"), GOOD.replace(b" 7 ", b" x "), GOOD.replace(b"> 7 +0000", b""),
        GOOD.replace(b"\nauthor", b"\nparent " + b"a" * 39 + b"\nauthor"),
        GOOD.replace(b"\nauthor", b"\nparent " + b"a" * 41 + b"\nauthor"),
        GOOD[:45] + b"\nparent " + b"b" * 40,
    ],
)  # fmt: skip
def test_a_commit_that_git_would_not_write_is_none_wherever_it_stands(bad: bytes) -> None:
    for contents in ([bad], [GOOD, bad], [bad, GOOD], [GOOD, bad, GOOD * 2]):
        with pytest.raises(OddError):
            heads_of(contents, 20)


@settings(max_examples=200)
@given(noise=st.lists(st.binary(max_size=200), max_size=3), cut=st.integers(0, len(GOOD)))
def test_noise_among_commits_is_odd_and_nothing_worse(noise: list[bytes], cut: int) -> None:
    for contents in (noise, [GOOD[:cut], *noise], [*noise, GOOD[:cut] + GOOD]):
        try:
            heads = heads_of(contents, 20)
        except OddError:
            continue
        assert len(heads.dates) == len(contents)


def test_what_was_kept_while_reading_says_the_same_as_the_commits_read_again(eventful: Repo) -> None:
    with closing(open_repo(eventful.path)) as source, closing(CatFile(source.view, 1 << 20)) as git:
        found, _ = read_source(source, jobs=2)
        commits = {label[1] for label, _ in found if isinstance(label, tuple) and label[0] == "commit"}
        oids, _ = kept(source.view / SEEN, 20)
        assert {row.tobytes() for row in oids} == commits
        blobs = {label for label, _ in found if isinstance(label, bytes)}
        assert source._catalogue is not None
        folders = (source.view / SEEN, source.view / "none", None)
        answers = [
            dict(Ancestry(source._catalogue, git, 20, heads=folder, fewest=0).origins(blobs, sorted(commits)))
            for folder in folders
        ]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0]


def test_of_many_commits_some_are_put_down_early_and_none_is_read_before_all_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "_AT_ONCE", 2)
    keeper = heads.Keeper(tmp_path)
    oids = [bytes([number]) * 20 for number in range(5)]
    for oid in oids:
        keeper.add(oid, b"tree " + b"a" * 40 + b"\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nwords\n")
    assert not len(kept(tmp_path, 20)[0])
    keeper.close()
    found, said = kept(tmp_path, 20)
    assert sorted(each.tobytes() for each in found) == oids
    assert len(said.dates) == 5


def test_of_a_pack_with_damage_no_heads_are_kept(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    for number in range(9):
        repo.commit(f"Change {number}", data__txt=text(number))
    repo.pack()
    (pack,) = (repo.path / ".git/objects/pack").glob("*.pack")
    content = bytearray(pack.read_bytes())
    content[40:60] = bytes(20)
    pack.chmod(0o644)
    pack.write_bytes(content)
    with closing(open_repo(repo.path)) as source:
        _, tally = read_source(source)
        assert tally.gaps
        assert not len(kept(source.view / SEEN, 20)[0])


@pytest.mark.parametrize("size", [1, 40, 300, 500, 700, 5_000])
@pytest.mark.parametrize("strategy", [zlib.Z_FIXED, zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY])
def test_every_code_is_inflated_to_exactly_the_size_that_was_said(size: int, strategy: int) -> None:
    plain = (text(1) * 9).encode()[:size]
    engine = zlib.compressobj(6, zlib.DEFLATED, 15, 8, strategy)
    packed = engine.compress(plain) + engine.flush()
    assert inflate(memoryview(packed), size) == plain
    for data, said in ((packed, size - 1), (packed, size + 1), (packed[:-1], size), (packed[:2], size)):
        with pytest.raises(BrokenError):
            inflate(data, said)
