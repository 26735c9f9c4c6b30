"""Every form of the corpus, scanned by itself: found once, told as what it is, its secret shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tidegate
from corpus.forms import ALL
from corpus.judge import leaks, problems
from corpus.mint import identifiable_key, marvin32
from corpus.model import NOW, Form
from tidegate.model.codec import to_dict


@pytest.mark.parametrize("form", ALL, ids=lambda f: f.id)
def test_a_form_is_told_as_what_it_is(form: Form, tmp_path: Path, cache_dir: Path) -> None:
    case = form.build()
    for name, data in case.files.items():
        (tmp_path / name).write_bytes(data)

    report = to_dict(tidegate.scan([str(tmp_path)], jobs=1, now=NOW, cache_dir=cache_dir))

    assert problems(case, report) == [], form.what
    assert leaks(case.secrets, json.dumps(report, ensure_ascii=False)) == []


def test_the_checksum_of_the_corpus_is_the_published_one() -> None:
    mixed = marvin32(b"abc", 0xD53CD9CECD0893B7)
    assert mixed >> 32 ^ mixed & 0xFFFFFFFF == 0x6BE02A86
    assert identifiable_key("a")[76:80] == "+ASt"


def test_the_corpus_is_the_same_in_every_run() -> None:
    for form in ALL:
        # `build` is cached; the function below it is not.
        assert form.build.__wrapped__().secrets == form.build().secrets, form.id  # type: ignore[attr-defined]
