"""Puts `tests/` on the path, so that the corpus can be imported, and keeps one rule cache a session."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for compiled rules, so that they are compiled once."""
    return tmp_path_factory.mktemp("cache")
