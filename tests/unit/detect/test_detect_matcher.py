"""The forms that are sought, and the file in which their compiled form is kept between runs."""

from __future__ import annotations

import base64
import multiprocessing
import os
import stat
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from fake import link

from tidegate.detect.matcher import BASE64, WIDE2, Matcher, base64_forms, unpacked
from tidegate.detect.rules import Rule, load_rules
from tidegate.errors import RuleError

TEXT = f"{link(1)}\n{base64.b64encode(link(2).encode()).decode()}\n".encode() + link(3).encode("utf-16-le")


@pytest.mark.parametrize("literal", [b"&sig=", b"AccountKey", b"DefaultEndpointsProtocol=", b"?>?>?>"])
@pytest.mark.parametrize("lead", range(7))
def test_base64_that_holds_a_literal_shows_one_of_its_forms(literal: bytes, lead: int) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(b"\xfb\xef\x7a"[: lead % 3] + b"~" * (lead // 3 * 3) + literal + b"\xff\xfe")
        found = [(form, phase) for form, phase in base64_forms(literal) if form in text]
        assert found
        for form, phase in found:
            assert (text.index(form) + len(form)) % 4 == phase


def test_a_literal_too_short_for_base64_has_no_form_there() -> None:
    assert base64_forms(b"abc") == []


def test_hits_come_in_the_order_of_their_ends(rules: tuple[Rule, ...]) -> None:
    matcher = Matcher(rules)
    hits = list(unpacked(matcher.scan(TEXT * 3)))
    assert [end for _, end in hits] == sorted(end for _, end in hits)
    assert {BASE64, WIDE2} < {matcher.meanings[expression].clothes for expression, _ in hits}


def test_an_anchor_that_does_not_compile_is_named_with_its_file(rules: tuple[Rule, ...]) -> None:
    broken = replace(rules[0], anchors=("fine[a-z]{4}", "broken("), file="mine.toml")
    with pytest.raises(RuleError, match=r"mine\.toml.*broken\("):
        Matcher([broken])


@cache
def _without() -> list[int]:
    return list(Matcher(load_rules()).scan(TEXT))


def cached(folder: Path) -> Path:
    (file,) = folder.glob("patterns-*.hs")
    return file


@pytest.fixture
def folder(rules: tuple[Rule, ...], tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "tidegate"
    Matcher(rules, folder)
    return folder


def used(folder: Path, rules: tuple[Rule, ...]) -> bool:
    """Tell whether a fresh matcher takes the file: one that it does not take it writes anew."""
    file = cached(folder)
    before = file.lstat().st_ino
    assert list(Matcher(rules, folder).scan(TEXT)) == _without()
    return file.lstat().st_ino == before and not file.is_symlink()


def test_the_file_is_used_and_gives_the_same_hits(rules: tuple[Rule, ...], folder: Path) -> None:
    assert used(folder, rules)


def test_file_and_folder_are_for_this_user_alone(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(cached(folder).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_could_have_written_is_not_used(
    rules: tuple[Rule, ...], folder: Path, mode: int
) -> None:
    cached(folder).chmod(mode)
    assert not used(folder, rules)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_could_have_written_is_not_used(
    rules: tuple[Rule, ...], folder: Path, mode: int
) -> None:
    folder.chmod(mode)
    assert not used(folder, rules)


@pytest.mark.parametrize("whose", ["file", "folder"])
def test_what_belongs_to_another_user_is_not_used(
    rules: tuple[Rule, ...], folder: Path, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(cached(folder) if whose == "file" else folder, 12345, -1)
    else:
        # Nobody but root can give a file away: be somebody else instead.
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert not used(folder, rules)


def test_a_link_is_not_followed_to_the_file(rules: tuple[Rule, ...], folder: Path, tmp_path: Path) -> None:
    file = cached(folder)
    elsewhere = file.rename(tmp_path / "elsewhere")
    file.symlink_to(elsewhere)
    content = elsewhere.read_bytes()
    Matcher(rules, folder)
    assert not file.is_symlink()
    assert elsewhere.read_bytes() == content


def test_a_link_is_not_followed_to_the_folder(rules: tuple[Rule, ...], folder: Path, tmp_path: Path) -> None:
    link_ = tmp_path / "link"
    link_.symlink_to(folder)
    before = cached(folder).stat().st_ino
    Matcher(rules, link_)
    assert cached(folder).stat().st_ino != before


def test_a_pipe_in_its_place_does_not_hang(rules: tuple[Rule, ...], folder: Path) -> None:
    file = cached(folder)
    file.unlink()
    os.mkfifo(file)
    assert Matcher(rules, folder).scan(TEXT)


@pytest.mark.parametrize("size", [0, 1, 20, 51, 52, 1_000, -1])
def test_a_file_that_was_cut_off_is_not_used(rules: tuple[Rule, ...], folder: Path, size: int) -> None:
    content = cached(folder).read_bytes()
    cached(folder).write_bytes(content[:size])
    assert not used(folder, rules)


@pytest.mark.parametrize("part", [0.0, 0.0003, 0.1, 0.5, 0.999])
def test_a_file_with_a_flipped_bit_is_not_used(rules: tuple[Rule, ...], folder: Path, part: float) -> None:
    content = bytearray(cached(folder).read_bytes())
    content[int(len(content) * part)] ^= 4
    cached(folder).write_bytes(content)
    assert not used(folder, rules)


def test_other_rules_have_a_file_of_their_own(rules: tuple[Rule, ...], folder: Path) -> None:
    Matcher(rules[:3], folder)
    assert len(list(folder.glob("patterns-*.hs"))) == 2


def test_where_nothing_can_be_written_the_patterns_are_compiled(
    rules: tuple[Rule, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert Matcher(rules, tmp_path / "file" / "cache").scan(TEXT)


def test_writers_at_the_same_time_leave_one_whole_file(rules: tuple[Rule, ...], tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=Matcher, args=(rules, folder)) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 6
    assert list(folder.iterdir()) == [cached(folder)]
    assert used(folder, rules)
