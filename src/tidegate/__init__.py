"""Tidegate finds, measures and closes over-exposed cloud storage."""

from __future__ import annotations

import sys

from tidegate.version import VERSION

TYPE_CHECKING = (
    False  # what `typing` would say; without it and `types` this is imported in a tenth of the time
)
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from tidegate.api.asking import inventory, open_net, probe
    from tidegate.api.inspecting import inspect
    from tidegate.api.scanning import decode, scan
    from tidegate.model.baseline import Baseline
    from tidegate.model.contents import Contents
    from tidegate.model.finding import Finding
    from tidegate.model.grant import Grant, Permission, Scope, Validity
    from tidegate.model.inspected import Inspected
    from tidegate.model.inventory import Summary
    from tidegate.model.observation import Inspection, Observation, Verdict
    from tidegate.model.place import Place
    from tidegate.model.reach import Reach, State
    from tidegate.model.report import Coverage, Gap, Report
    from tidegate.model.severity import Severity

else:
    ModuleType = type(sys)

__version__ = VERSION

_HOMES = {
    "Baseline": "tidegate.model.baseline",
    "Contents": "tidegate.model.contents",
    "Coverage": "tidegate.model.report",
    "Finding": "tidegate.model.finding",
    "Gap": "tidegate.model.report",
    "Grant": "tidegate.model.grant",
    "Inspected": "tidegate.model.inspected",
    "Inspection": "tidegate.model.observation",
    "Observation": "tidegate.model.observation",
    "Permission": "tidegate.model.grant",
    "Place": "tidegate.model.place",
    "Reach": "tidegate.model.reach",
    "Report": "tidegate.model.report",
    "Scope": "tidegate.model.grant",
    "Severity": "tidegate.model.severity",
    "State": "tidegate.model.reach",
    "Summary": "tidegate.model.inventory",
    "Validity": "tidegate.model.grant",
    "Verdict": "tidegate.model.observation",
    "decode": "tidegate.api.scanning",
    "inspect": "tidegate.api.inspecting",
    "inventory": "tidegate.api.asking",
    "open_net": "tidegate.api.asking",
    "probe": "tidegate.api.asking",
    "scan": "tidegate.api.scanning",
}
"""Name -> module. Loaded at first use, so that the command line starts without what it does not need."""

__all__ = [
    "Baseline",
    "Contents",
    "Coverage",
    "Finding",
    "Gap",
    "Grant",
    "Inspected",
    "Inspection",
    "Observation",
    "Permission",
    "Place",
    "Reach",
    "Report",
    "Scope",
    "Severity",
    "State",
    "Summary",
    "Validity",
    "Verdict",
    "__version__",
    "decode",
    "inspect",
    "inventory",
    "open_net",
    "probe",
    "scan",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tidegate' has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(home), name)


class _Package(ModuleType):
    """Keeps `tidegate.inventory` the public function: importing the package of that name would set it."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
