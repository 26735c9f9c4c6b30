"""Built-in rules are kept as JSON for the next start: the same rules, and never those of other texts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tidegate.detect import rules
from tidegate.detect.rules import load_rules


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "tidegate"
    load_rules((), folder)
    return folder


def test_what_was_kept_is_what_the_files_say(folder: Path) -> None:
    (file,) = folder.glob("rules-*.json")
    assert load_rules((), folder) == load_rules()
    assert [file] == list(folder.glob("rules-*.json"))


def test_rules_of_other_texts_are_read_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "detect"
    shutil.copytree(Path(rules.__file__).parent / "rules", copy / "rules")
    changed = copy / "rules" / "azure-sas.toml"
    changed.write_text(changed.read_text().replace('title = "', 'title = "Another ', 1))
    monkeypatch.setattr(rules, "__file__", str(copy / "rules.py"))
    (sas,) = (rule for rule in load_rules((), folder) if rule.id == "azure-sas")
    assert sas.title.startswith("Another ")
    assert len(list(folder.glob("rules-*.json"))) == 2


@pytest.mark.parametrize("harm", ["cut", "changed", "open to all"])
def test_what_cannot_be_trusted_is_not_taken(folder: Path, harm: str) -> None:
    (file,) = folder.glob("rules-*.json")
    whole = file.read_bytes()
    content = whole.replace(b"Azure", b"Bzure")
    file.write_bytes(whole[:-1] if harm == "cut" else content if harm == "changed" else whole)
    file.chmod(0o666 if harm == "open to all" else 0o600)
    before = file.stat().st_ino
    assert load_rules((), folder) == load_rules()
    assert (file.read_bytes(), file.stat().st_ino == before) == (whole, False)
