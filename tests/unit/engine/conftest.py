from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(load_rules(), tmp_path_factory.mktemp("patterns"))
