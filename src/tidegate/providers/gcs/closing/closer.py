"""Which case it is; and which addresses belong to the control plane."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tidegate.errors import UsageError
from tidegate.model.closing import Case
from tidegate.net.message import Sends, Writes
from tidegate.providers.gcs.closing.base import GcsCloser
from tidegate.providers.gcs.closing.buckets import OpenBucket
from tidegate.providers.gcs.closing.keys import HmacKey, ServiceKey
from tidegate.providers.gcs.closing.sdk import IAM_HOST, MANAGEMENT
from tidegate.providers.gcs.owner import STORAGE_HOST

_EMAIL = re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9._-]{1,120}")
_IAM_PATH = re.compile(
    r"/v1/projects/-/serviceAccounts/(?P<email>[^/:?]{3,220})"
    r"(?:/keys(?:/[A-Za-z0-9_-]{1,128}(?::disable|:enable)?)?)?"
)
_HMAC_PATH = re.compile(
    r"/storage/v1/projects/[A-Za-z0-9:.-]{1,100}/hmacKeys(?:/(?P<id>[A-Za-z0-9]{4,128}))?"
)


def owner(url: str, host: str | None) -> str | None:
    """Return the service account or HMAC key that an address is about; see `Closing.guards`."""
    try:
        parts = urlsplit(url)
        name = (host or parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return None
    if name == IAM_HOST and (found := _IAM_PATH.fullmatch(parts.path)):
        return found["email"].replace("%40", "@")
    if name == STORAGE_HOST and (found := _HMAC_PATH.fullmatch(parts.path)):
        return found["id"] or ""
    return None


class GcsClosing:
    """See `tidegate.plugins.Closing`."""

    id = "gcs"
    guards: Mapping[str, Callable[[str, str | None], str | None]] = {MANAGEMENT: owner}

    def open(self, case: Case, net: Sends, writer: Writes, environment: Mapping[str, str]) -> GcsCloser:  # noqa: ARG002
        """Take the case; Google's library reads the environment itself. Raises `UsageError`."""
        grant = case.credential.grant
        if grant.kind == "anonymous":
            if not grant.container:
                raise UsageError("it is not known which bucket it is", hint="Give its address, gs://bucket.")
            return OpenBucket(case, net, writer)
        if grant.kind not in ("hmac_key", "service_account_key", "signed_url"):
            raise UsageError(
                f"a {grant.kind.replace('_', ' ')} is not ended here", hint=grant.revocation.means
            )
        signer = grant.signer or ""
        if signer.startswith("GOOG"):
            if len(signer) == 24:
                raise UsageError(
                    "it is the HMAC key of a person, which only that person can end",
                    hint="In the console: Cloud Storage, Settings, Interoperability.",
                )
            return HmacKey(case, net, writer, signer)
        if not _EMAIL.fullmatch(signer):
            raise UsageError(
                "it is not known which service account it belongs to",
                hint="Give the whole key file or link with --credential-from.",
            )
        return ServiceKey(case, net, writer, signer)


CLOSING = GcsClosing()
