"""What came of inspecting: every item that was looked into, and what was not."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.contents import Contents
from tidegate.model.observation import Inspection
from tidegate.model.report import Coverage, Gap
from tidegate.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """The result of one run of `inspect`; pure data."""

    version: str
    started_at: datetime
    ended_at: datetime
    targets: tuple[str, ...]
    items: tuple[Inspection, ...]
    """Worst first; then by path."""
    gaps: tuple[Gap, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    contents: tuple[Contents, ...] = ()
    """Of each target but single files: what lies behind or below it, by names, reading and estimates."""
    places: tuple[str, ...] = ()
    """Of each of `contents`, as in `targets`."""

    @property
    def complete(self) -> bool:
        """Everything that was to be looked into was, whole, and that was not nothing."""
        return not self.gaps and self.coverage.items_read > 0 and all(item.complete for item in self.items)
