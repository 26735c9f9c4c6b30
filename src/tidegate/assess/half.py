"""Half a credential: its secret was seen, and not what it belongs to, without which it opens nothing."""

from __future__ import annotations

from tidegate.model.grant import Grant

_BELONGS = {
    "access_key": "the key id",
    "hmac_key": "the key id",
    "application_key": "the key id",
    "service_account_key": "the service account",
}


def other_half(grant: Grant) -> str:
    """Return what was not seen: `the application`; empty when the credential is whole.

    Not the tenant of an application, nor a custom domain's account: whoever has the rest can look these up.
    """
    if grant.kind == "entra_secret":
        return "" if grant.account else "the application"
    if grant.kind == "account_key" or grant.kind.endswith("_sas"):
        return "" if grant.account or grant.endpoint else "the storage account"
    if grant.account or grant.signer:
        return ""
    return _BELONGS.get(grant.kind, "")
