"""Every form of the corpus, scanned by itself: found once, told as what it is, its secret shown nowhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import tidegate
from corpus.forms import ALL
from corpus.judge import leaks, problems
from corpus.mint import identifiable_key, marvin32
from corpus.model import ANY, FORMS, NOW, Case, Form
from tidegate.model.codec import grant_to_dict, to_dict


def _alone(case: Case) -> bool:
    """Tell whether a form is one short text with one credential whose kind is known."""
    if len(case.files) != 1 or len(case.wants) != 1 or not case.wants[0].kind:
        return False
    (data,) = case.files.values()
    return len(data) < 10_000 and data.isascii() and b"\0" not in data and case.wants[0].path in case.files


ALONE = [f for f in ALL if _alone(f.build())]


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


@pytest.mark.parametrize("form", ALONE, ids=lambda f: f.id)
def test_decode_says_of_a_form_what_a_scan_says(form: Form, cache_dir: Path) -> None:
    case = form.build()
    (text,) = (data.decode() for data in case.files.values())
    (want,) = case.wants
    grant = tidegate.decode(text, now=NOW, cache_dir=cache_dir)
    assert grant is not None
    told = grant_to_dict(grant)
    assert told["kind"] in want.kind
    assert want.account in (ANY, told["account"])
    assert want.may <= set(told["permissions"])
    assert want.expires_at in (ANY, told["expires_at"])
    assert leaks(case.secrets, json.dumps(told, ensure_ascii=False) + repr(grant)) == []


def test_the_judge_tells_what_is_wrong(tmp_path: Path, cache_dir: Path) -> None:
    case = FORMS["A01"].build()
    (tmp_path / "README.md").write_bytes(case.files["README.md"])
    report = to_dict(tidegate.scan([str(tmp_path)], jobs=1, now=NOW, cache_dir=cache_dir))
    for change in (
        {"account": "contosoelse"},
        {"kind": ("service_sas",)},
        {"rule": "aws-"},
        {"may": frozenset({"mint"})},
        {"may_not": frozenset({"read"})},
        {"validity": "expired"},
        {"path": "other.md"},
        {"lines": (7, 9)},
        {"confidence": ("low",)},
        {"provider": ("aws",)},
    ):
        wrong = replace(case, wants=(replace(case.wants[0], **change),))
        assert len(problems(wrong, report)) == 1, change
    assert problems(replace(case, wants=()), report)
    assert problems(replace(case, wants=case.wants * 2), report)
    assert problems(replace(case, suppressed=1), report)
    assert problems(replace(case, gaps=1), report)
    assert leaks(case.secrets, f"see {case.secrets[0][5:20]}")
