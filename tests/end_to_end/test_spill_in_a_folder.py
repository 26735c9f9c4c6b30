"""The lab's spill on disk: the report reads like the sentence on the incident, with little read for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from corpus import spilled
from corpus.command import Command
from tidegate.lab import spill


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    below = tmp_path_factory.mktemp("spill")
    for name, data in spill.files().items():
        (below / name).parent.mkdir(parents=True, exist_ok=True)
        (below / name).write_bytes(data)
    return below


@pytest.mark.parametrize("options", [(), ("--max-read", "5MiB")], ids=["file by file", "surveyed"])
def test_a_folder_tells_all_that_was_put_there_for_under_two_percent_of_its_bytes(
    folder: Path, tidegate: Command, options: tuple[str, ...]
) -> None:
    answer = tidegate("inspect", str(folder), "--format", "jsonl", *options)
    end = json.loads(answer.out.splitlines()[-1])
    (contents,) = end["contents"]
    spilled.check(contents)
    assert (answer.code, end["complete"], end["items_listed"]) == (1, True, contents["items"])


def test_its_text_begins_with_the_sentence_and_gives_cards_to_the_worst_alone(
    folder: Path, tidegate: Command
) -> None:
    said = tidegate("inspect", str(folder)).out
    words = re.sub(r"\s+", " ", said)
    assert f"In it lie {len(spill.files())} items, 274 MiB: {spilled.SENTENCE}." in words
    assert said.count("── CRITICAL") == spilled.MACHINES + spill.KEYS
    assert "dataset" in said
    assert "part-00000" not in said
    assert len(said.splitlines()) < 150
