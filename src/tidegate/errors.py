"""Every error Tidegate raises on purpose.

    TidegateError
    ├── UsageError        the command or its options make no sense          exit 2
    ├── ConfigError       a configuration, rule or baseline file is wrong   exit 2
    │   ├── RuleError     a rule does not hold what it promises
    │   └── PluginError   a plug-in module lacks what its seam asks for
    ├── SourceError       a target cannot be read at all                    a gap in a scan
    ├── UnsafeError       what was to be shared would harm who gets it    exit 1
    ├── ReportError       a saved report cannot be understood               exit 2
    └── RequestError      a request brought nothing that can be used        a gap, or an unknown state
        ├── OutOfScopeError   the scope does not name what was to be asked  exit 4
        ├── NoAnswerError     nothing came back that could be read
        ├── RefusedError      the service said no
        ├── NotDoneError      the service said no to a write: it changed nothing
        └── BudgetError       what the user allowed is used up

What a scanned file, repository or server does wrong is never one of these: it ends as a `Gap`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "BudgetError",
    "ConfigError",
    "NoAnswerError",
    "NotDoneError",
    "OutOfScopeError",
    "PluginError",
    "RefusedError",
    "ReportError",
    "RequestError",
    "RuleError",
    "SourceError",
    "TidegateError",
    "UnsafeError",
    "UsageError",
]


class TidegateError(Exception):
    """Something Tidegate refuses, with what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        """One sentence: what to do next. May be empty."""


class UsageError(TidegateError):
    """The command line, or a call of the public API, asks for something that cannot be done."""


class ConfigError(TidegateError):
    """A file the user wrote for Tidegate is wrong; the message names the file and the key."""


class RuleError(ConfigError):
    """A rule file is malformed, or one of its examples does not hold."""


class PluginError(ConfigError):
    """A plug-in module has no `PLUGIN`, or its plug-in lacks a member, or two share an id."""


class SourceError(TidegateError):
    """A target cannot be read at all: no such path, not a repository, no permission."""


class ReportError(TidegateError):
    """A saved report is not one of ours, or not whole."""


class UnsafeError(TidegateError):
    """What was to be shared would run code on whoever loads it: no link is made."""


class RequestError(TidegateError):
    """A request was not made, or brought nothing that can be used."""


class OutOfScopeError(RequestError):
    """Nothing was sent: the scope does not name what was to be asked. The hint is the line to add."""

    def __init__(self, message: str, *, hint: str = "", unnamed: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.unnamed = unnamed
        """The scope does not have the name; else the name is there, and something else forbids it."""
        self.done: Any = None
        """The `Report` (or `Inspected`) of the other targets, where there were any; else `None`."""


class NoAnswerError(RequestError):
    """No connection, a time or size limit, a broken answer: it tells nothing about the credential."""


class RefusedError(RequestError):
    """The service answered, and refused."""

    def __init__(self, message: str, *, status: int, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        """HTTP status."""
        self.code = code
        """The service's own code; may be empty."""


class NotDoneError(RequestError):
    """The service said no to a write, and nothing changed. The message gives its code."""


class BudgetError(RequestError):
    """The requests, bytes or time that the scope file allows are used up; nothing more is sent."""
