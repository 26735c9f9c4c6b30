"""Sightings as the detector hands them on, all of them made up."""

from __future__ import annotations

from datetime import UTC, datetime

from tidegate.model.document import Spot
from tidegate.model.grant import Grant
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.providers import azure, gcs, other, s3

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SIG = "Zm9yZ2VkLXNpZ25hdHVyZS1mb3ItdGVzdHMtb25seSE="
"""The canonical form of a signature that signs nothing."""

DECODERS = {"azure": azure.PLUGIN, "s3": s3.PLUGIN, "gcs": gcs.PLUGIN, "other": other.PLUGIN}


def sighting(provider: str, kind: str, text: str, secret: str = SIG, /, **context: str) -> Sighting:
    return Sighting(
        rule=f"{provider}-{kind}",
        provider=provider,
        kind=kind,
        text=Secret(text),
        secret=Secret(secret),
        context=context,
        spot=Spot("README.md", 1, 1),
    )


def decode(
    provider: str, kind: str, text: str, secret: str = SIG, /, *, now: datetime = NOW, **context: str
) -> Grant:
    grant = DECODERS[provider].decode(sighting(provider, kind, text, secret, **context), now)
    assert grant is not None
    return grant


def redact(provider: str, kind: str, text: str, secret: str = SIG, /, **context: str) -> str:
    return DECODERS[provider].redact(sighting(provider, kind, text, secret, **context))
