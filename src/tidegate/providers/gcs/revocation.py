"""How each Google credential is ended, and what else dies with it. Data only.

Sources: cloud.google.com/storage/docs/access-control/signed-urls, …/docs/authentication/hmackeys,
cloud.google.com/iam/docs/keys-disable-enable, firebase.google.com/docs/storage/web/download-files,
cloud.google.com/storage/docs/public-access-prevention.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.grant import Revocation

REVOCATIONS: Mapping[str, Revocation] = {
    "signed_url": Revocation(
        means=(
            "Disable or delete the key that signed it, or disable the service account, or take its right "
            "to the object."
        ),
        collateral="Every link signed by the same key, and everything that signs in with it.",
        individually=False,
    ),
    "hmac_key": Revocation(
        means="Set the HMAC key to INACTIVE, then delete it; make a new one for its users.",
        collateral=(
            "Everything that uses this HMAC key, and every link it signed. The account's other keys live on."
        ),
        individually=True,
    ),
    "service_account_key": Revocation(
        means="Disable this key of the service account, see what fails, then delete it.",
        collateral=(
            "Everything that signs in with this key file, and every link it signed. Other keys live on."
        ),
        individually=True,
    ),
    "user_credentials": Revocation(
        means=(
            "The person removes the application from the connections of their Google account, or runs "
            "gcloud auth application-default revoke; an administrator can do it for them."
        ),
        collateral="Every sign-in of that person with the same application, on all their machines.",
        individually=False,
    ),
    "download_token": Revocation(
        means="Revoke the object's download token in the Firebase console, or replace its metadata entry.",
        collateral="Everybody who holds the same download link of this object.",
        individually=True,
    ),
    "anonymous": Revocation(
        means=(
            "Enforce public access prevention; take allUsers and allAuthenticatedUsers out of policy and ACL."
        ),
        collateral="Whoever reads it without signing in, public sites included. Signed links live on.",
        individually=True,
    ),
}
