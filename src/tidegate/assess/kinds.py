"""How bad it is that something of a kind is exposed, judged by its name alone."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.severity import Severity

_SEVERITIES: Mapping[str, Severity] = {
    "key": Severity.CRITICAL,
    "disk_image": Severity.HIGH,
    "backup": Severity.HIGH,
    "database": Severity.HIGH,
    "mail": Severity.HIGH,
    "model": Severity.LOW,
    "archive": Severity.LOW,
}
"""What people keep in such files; the weights are ours. A name proves nothing: inside may be worse."""


def severity_of(kind: str) -> Severity:
    """Return the severity of a kind of item; `INFO` for one that tells nothing by its name."""
    return _SEVERITIES.get(kind, Severity.INFO)
