"""Puts `tests/` on the path, so that the corpus can be imported, and builds once what many tests scan."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from corpus.command import Command
from corpus.forms import ALL


@pytest.fixture(scope="session")
def tidegate(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Return the command; compiled rules are kept for the session."""
    return Command(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds every form below its id."""
    root = tmp_path_factory.mktemp("corpus")
    for form in ALL:
        for name, data in form.build().files.items():
            (root / form.id).mkdir(exist_ok=True)
            (root / form.id / name).write_bytes(data)
    return root
