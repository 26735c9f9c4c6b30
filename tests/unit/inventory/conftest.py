from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from tidegate.inventory import _known
from tidegate.inventory.names import Ruler

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def names_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache's folder with what the rules of names are made into, which takes 3 s; the loop is compiled, too."""
    folder = tmp_path_factory.mktemp("cache") / "tidegate"
    _known._make(folder)
    Ruler(few=0, cache_dir=folder).rules(pl.Series(["a"]))
    return folder
