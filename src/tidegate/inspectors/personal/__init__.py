"""Personal, payment and health data in text: of what sort, how many distinct; never a value."""

from tidegate.inspectors.personal.observe import INSPECTOR, observe

__all__ = ["INSPECTOR", "observe"]
