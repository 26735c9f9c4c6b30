from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tidegate.detect.engine import Detector
from tidegate.detect.rules import Rule, load_rules

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def rules() -> tuple[Rule, ...]:
    return load_rules()


@pytest.fixture(scope="session")
def detector(rules: tuple[Rule, ...], tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(rules, tmp_path_factory.mktemp("patterns"))
