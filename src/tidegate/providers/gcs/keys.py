"""Service-account keys and HMAC keys.

Sources: cloud.google.com/iam/docs/service-account-creds,
cloud.google.com/storage/docs/authentication/hmackeys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._seal import facts_of
from tidegate.providers.gcs.revocation import REVOCATIONS

LONGEST_KEY_FILE = 64 * 1024
"""Characters of a key file that are read; real ones have about 2,400."""

_SHOWN = ("project_id", "client_email", "private_key_id", "client_id", "universe_domain")


def key_file_fields(text: str) -> dict[str, str]:
    """Return the fields of a key file that are no secret; read by pattern where the JSON is broken."""
    text = text[:LONGEST_KEY_FILE]
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if isinstance(read, dict):
        return {name: str(read[name]) for name in _SHOWN if isinstance(read.get(name), str | int)}
    return {
        name: found[1]
        for name in _SHOWN
        if (
            found := re.search(
                rf"{name}[\\\"']{{1,6}}\s{{0,20}}:\s{{0,20}}[\\\"']{{1,6}}([^\\\"']{{1,200}})", text
            )
        )
    }


def service_account_key(text: str, context: Mapping[str, str]) -> Grant:
    """Return the grant of a service account's private key: whatever the account may do, and to sign links."""
    fields = key_file_fields(text)
    email = fields.get("client_email") or context.get("email", "")
    project = fields.get("project_id") or context.get("project", "") or _project_of(email)
    warnings = ["what it permits depends on the roles of its service account, which the key does not tell"]
    if not email:
        warnings.append("the service account it belongs to is not known")
    rights = (Permission.MINT, Permission.ADMIN)
    return Grant(
        provider="gcp",
        kind="service_account_key",
        account=project or email or None,
        endpoint="storage.googleapis.com",
        scope=Scope.ACCOUNT,
        services=("gcs",),
        permissions=rights,
        matrix={"gcs": rights},
        protocols=("https",),
        signer=email or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["service_account_key"],
        facts=facts_of({**fields, "client_email": email, "project_id": project}),
        warnings=tuple(warnings),
    )


def hmac_key(context: Mapping[str, str]) -> Grant:
    """Return the grant of an HMAC pair: all of Cloud Storage that its account may use, and to sign links."""
    key_id = context.get("key_id", "")
    # 61 characters belong to a service account, 24 to a person.
    owner = {61: "service account", 24: "user account"}.get(len(key_id), "")
    rights = (Permission.MINT, Permission.ADMIN)
    return Grant(
        provider="gcp",
        kind="hmac_key",
        account=context.get("project") or key_id or None,
        container=context.get("bucket") or None,
        endpoint="storage.googleapis.com",
        scope=Scope.ACCOUNT,
        services=("gcs",),
        permissions=rights,
        matrix={"gcs": rights},
        protocols=("https", "http"),
        signer=key_id or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["hmac_key"],
        facts=facts_of({"key_id": key_id, "owner": owner}),
        warnings=("what it permits depends on the roles of its owner, which the key does not tell",),
    )


def user_credentials(context: Mapping[str, str]) -> Grant:
    """Return the grant of a person's refresh token: whatever that person may do, as far as its scopes go.

    A client id that is not gcloud's own belongs to an application, which may have asked for less.
    """
    client = context.get("client_id", "")
    project = context.get("project", "")
    rights = (Permission.ADMIN,)
    return Grant(
        provider="gcp",
        kind="user_credentials",
        account=project or None,
        endpoint="oauth2.googleapis.com",
        scope=Scope.ACCOUNT,
        services=("gcs",),
        permissions=rights,
        matrix={"gcs": rights},
        protocols=("https",),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["user_credentials"],
        facts=facts_of({"client_id": client, "project_id": project}),
        warnings=(
            "it signs in as a person; whose it is, and what the person agreed to, Google holds",
            "it works together with its client's id and secret, which stand in the same file or are public",
        ),
    )


def _project_of(email: str) -> str:
    found = re.fullmatch(r"[^@]{1,100}@([a-z0-9-]{1,60})\.iam\.gserviceaccount\.com", email)
    return found[1] if found else ""
