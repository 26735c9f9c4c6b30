"""What one run is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tidegate.detect.rules import Rule
from tidegate.engine.ask import Online
from tidegate.model.baseline import Baseline
from tidegate.model.report import Coverage
from tidegate.records import dataclass
from tidegate.sources.targets import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run is asked to do."""

    targets: tuple[str, ...]
    rules: tuple[Rule, ...]
    wanted: Wanted
    jobs: int
    now: datetime
    """For validity; the report's own times are the clock's."""
    cache_dir: Path | None = None
    baseline: Baseline | None = None
    include_suppressed: bool = False
    progress: Callable[[Coverage], None] | None = None
    online: Online | None = None
    """What storage is asked with; `None`: nothing is sent."""
    storage_only: bool = False
    """Every target is storage: none is a path."""
    anonymous: bool = False
    """Of targets that are storage only the address is asked, without the credential in it."""
