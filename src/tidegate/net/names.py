"""Names of accounts, buckets, keys and hosts, and the patterns that stand for them."""

from __future__ import annotations

import re
from typing import Final

from tidegate.errors import ConfigError

PROVIDERS: Final = ("azure", "s3", "gcs")
SERVICES: Final = {
    "azure": ("blob", "dfs", "file", "queue", "table"),
    "s3": ("s3",),
    "gcs": ("gcs",),
}
"""provider -> its services, as `Sends.base` names them."""

MANAGEMENT: Final = {f"{provider}_management": provider for provider in PROVIDERS}
"""Control planes, where keys are replaced: a provider for the guard, with its own endpoints, whose names in
scope are those of the provider."""


def of_provider(provider: str) -> str:
    """Return whose names count: `azure` for `azure_management`."""
    return MANAGEMENT.get(provider, provider)


_PATTERN = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._@*-]{0,252}")
"""Accounts, buckets (old ones with capitals and underscores), key ids, service accounts, host names."""


def checked_pattern(pattern: str) -> str:
    """Return the pattern. Raises `ConfigError` for one that can be no account, bucket, key id or host."""
    if _PATTERN.fullmatch(pattern) is None:
        raise ConfigError(
            f"{pattern!r} names no account, bucket or host",
            hint="Write the bare name, such as contosomodels or contoso-*; no address, no slash.",
        )
    return pattern


def is_name(text: str) -> bool:
    """Tell whether the text can be one account, bucket, key id or host."""
    return "*" not in text and _PATTERN.fullmatch(text) is not None


def is_host_pattern(pattern: str) -> bool:
    """Tell whether a pattern may also stand for a host: `data.contoso.com`, `*.contoso.com`.

    A wildcard may only stand in front of a domain: `contoso.*` means buckets, not hosts of anybody.
    """
    _, wildcard, domain = pattern.rpartition("*")
    return domain.startswith(".") and domain.count(".") > 1 if wildcard else "." in pattern


def matches(pattern: str, name: str, *, fold: bool) -> bool:
    """Match the whole name; `*` stands for any characters. fold: capitals do not count."""
    text = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(text, name, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None
