"""Which key signed what: told by signing again and comparing fingerprints, so that no signature is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from tidegate.model.closing import Known
from tidegate.model.secret import Secret
from tidegate.providers._time import instant
from tidegate.providers.azure import canonical


def signer(
    parameters: Mapping[str, str],
    target: canonical.Target,
    fingerprint: str,
    keys: Mapping[str, Secret],
) -> str | None:
    """Return the name of the key that made a signature of this fingerprint; `None`: none of these.

    parameters: the token's, decoded, without `sig`. Where a link has more than one spelling of what it names,
    both are tried.
    """
    for name, key in keys.items():
        for path in dict.fromkeys((target.path, unquote(target.path))):
            at = canonical.Target(
                account=target.account, service=target.service, path=path, snapshot=target.snapshot
            )
            try:
                text = canonical.string_to_sign(parameters, at)
                made = canonical.sign(text, key.reveal())
            except (ValueError, LookupError):
                continue
            if Secret(made).fingerprint == fingerprint:
                return name
    return None


def of_known(known: Known, keys: Mapping[str, Secret]) -> str | None:
    """Return the key that another link hangs on; `None` when that is none of these, or cannot be told."""
    if known.kind == "account_key":
        return next((name for name, key in keys.items() if key.fingerprint == known.fingerprint), None)
    if known.kind not in ("account_sas", "service_sas"):
        return None
    path = "/".join(part for part in (known.container, known.path) if part)
    services = (
        ("blob",) if "sr" in known.parameters or "ss" in known.parameters else ("blob", "queue", "table")
    )
    for service in services:
        at = canonical.Target(account=known.account, service=service, path=path)
        found = signer(known.parameters, at, known.fingerprint, keys)
        if found is not None:
            return found
    return None


def ended(known: Known, now: datetime) -> bool:
    """Tell whether a link has ended by its own date; without one it goes on."""
    text = known.parameters.get("se", "")
    when = instant(text) if text else None
    return when is not None and when <= now
