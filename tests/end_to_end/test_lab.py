"""The replay of the incident: what the command tells is what was put there, and little was read for it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from corpus import spilled
from corpus.command import Command
from tidegate.lab import azurite_home, ext4

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import examples


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, tidegate: Command) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("lab")
    assert azurite_home.find() is not None
    done = tidegate("lab", "--folder", str(folder), timeout_s=300)
    assert done.code == 0, done.err
    return folder, done.out


def test_the_lab_tells_what_it_put_there_and_ends_with_the_page(lab: tuple[Path, str]) -> None:
    folder, said = lab
    found = json.loads((folder / "report.json").read_text())["findings"][0]["contents"]
    spilled.check(found)
    sentence = f"{spilled.SENTENCE} that everyone would load"
    assert sentence in re.sub(r"\s+", " ", said)
    assert sentence in re.sub(r"\s+", " ", (folder / "report.txt").read_text("utf-8"))
    assert "read, overwrite and delete" in said
    assert "until 2051-10-06" in said
    assert len(said.splitlines()) <= 50
    assert said.endswith(f"{folder / 'report.html'}\n")
    assert "made-up" not in said


def test_the_link_is_ended_by_the_key_that_signed_it_and_only_what_was_announced_is_written(
    lab: tuple[Path, str],
) -> None:
    folder, said = lab
    text = re.sub(r"\s+", " ", said)
    assert "signed by key1 of northlakeresearch (tried: key2 did not)" in text
    assert (
        "Proved the leaked link 403 AuthorizationFailure, a forged copy 403 AuthorizationFailure, its owner 200"
        in text
    )
    assert "the weekly mirror's link, signed by key2: 200, as before" in text
    assert "used: 200; leaked and found again in NOTES.md:1; revoked: dead (403, 403, 200)" in text
    (kept,) = folder.glob("closings/*/*/plan.json")
    plan = json.loads(kept.read_text())["plan"]
    announced = {
        (call["method"], call["url"]) for call in (*(s["call"] for s in plan["steps"]), *plan["reads"])
    }
    audit = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    changed = {(each["method"], each["url"]) for each in audit if each["method"] not in ("GET", "HEAD")}
    policies = {(m, u) for m, u in changed if m == "PUT" and u.endswith("models?restype=container&comp=acl")}
    assert changed - policies == announced  # the policy is the new share's own


def test_the_page_on_the_incident_shows_what_is_printed(lab: tuple[Path, str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "incident-2023.md"
    assert examples.like(examples.printed_by(page, "tidegate lab"), lab[1].splitlines()), lab[1]


def test_a_disk_has_the_marks_of_ext4_and_of_a_fixed_vhd_and_refuses_what_does_not_fit() -> None:
    disk = ext4.image({"home/a/.ssh/id": b"x" * 5000, "etc/hostname": b"ws\n", "empty": b""}, 1 << 20)
    assert disk[1024 + 56 : 1024 + 58] == b"\x53\xef"
    assert ext4.fixed_vhd(disk)[-512:-504] == b"conectix"
    with pytest.raises(ValueError, match="do not fit"):
        ext4.image({"large": bytes(1 << 20)}, 1 << 20)
