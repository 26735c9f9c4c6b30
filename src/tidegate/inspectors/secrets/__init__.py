"""Secrets in a piece of text: of what type, where, how often; never a value."""

from tidegate.inspectors.secrets.observe import INSPECTOR, Secrets, observe

__all__ = ["INSPECTOR", "Secrets", "observe"]
