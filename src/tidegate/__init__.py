"""Tidegate finds, measures and closes over-exposed cloud storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.version import VERSION

if TYPE_CHECKING:
    from tidegate.api import decode, scan
    from tidegate.model.baseline import Baseline
    from tidegate.model.finding import Finding, Severity
    from tidegate.model.grant import Grant, Permission, Scope, Validity
    from tidegate.model.place import Place
    from tidegate.model.report import Coverage, Gap, Report

__version__ = VERSION

_HOMES = {
    "Baseline": "tidegate.model.baseline",
    "Coverage": "tidegate.model.report",
    "Finding": "tidegate.model.finding",
    "Gap": "tidegate.model.report",
    "Grant": "tidegate.model.grant",
    "Permission": "tidegate.model.grant",
    "Place": "tidegate.model.place",
    "Report": "tidegate.model.report",
    "Scope": "tidegate.model.grant",
    "Severity": "tidegate.model.finding",
    "Validity": "tidegate.model.grant",
    "decode": "tidegate.api",
    "scan": "tidegate.api",
}
"""Name -> module. Loaded at first use, so that the command line starts without what it does not need."""

__all__ = [
    "Baseline",
    "Coverage",
    "Finding",
    "Gap",
    "Grant",
    "Permission",
    "Place",
    "Report",
    "Scope",
    "Severity",
    "Validity",
    "__version__",
    "decode",
    "scan",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tidegate' has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(home), name)
