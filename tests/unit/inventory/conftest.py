from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tidegate.inventory import _known

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def names_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache's folder with what the rules of names are made into, which takes 3 s."""
    folder = tmp_path_factory.mktemp("cache") / "tidegate"
    _known._make(folder)
    return folder
