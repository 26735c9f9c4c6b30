"""All forms: importing this module fills `FORMS`."""

from __future__ import annotations

from corpus import (
    aws,
    azure_hosts,
    azure_keys,
    azure_kinds,
    azure_spelled,
    azure_split,
    containers,
    databases,
    further,
    google,
    negatives,
    others,
)
from corpus.model import FORMS, Form

__all__ = ["ALL", "FAMILIES"]

FAMILIES = (
    azure_kinds,
    azure_hosts,
    azure_spelled,
    azure_split,
    containers,
    databases,
    azure_keys,
    further,
    aws,
    google,
    others,
    negatives,
)
ALL: tuple[Form, ...] = tuple(FORMS[i] for i in sorted(FORMS))
