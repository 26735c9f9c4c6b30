"""How each AWS or S3-compatible credential is ended, and what else dies with it. Data only.

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html ("Limiting presigned URL
capabilities"), …/IAM/latest/UserGuide/id_credentials_access-keys.html, …/id_roles_use_revoke-sessions.html,
…/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.grant import Revocation

REVOCATIONS: Mapping[str, Revocation] = {
    "presigned_url": Revocation(
        means=(
            "Deactivate the access key that signed it; or deny the bucket to "
            "s3:authType=REST-QUERY-STRING, or to an "
            "s3:signatureAge above a few milliseconds; or take the signer's right to the object."
        ),
        collateral=(
            "With the key: everything signed by or using the same key. With the bucket policy: every "
            "presigned link "
            "to this bucket, while signed-in users live on."
        ),
        individually=False,
    ),
    "presigned_elsewhere": Revocation(
        means="Delete the access key that signed it, in the store's own console or with its own commands.",
        collateral="Everything signed by or using the same key.",
        individually=False,
    ),
    "presigned_session": Revocation(
        means=(
            "Revoke the role's older sessions (deny before aws:TokenIssueTime), or deny the bucket to "
            "s3:authType=REST-QUERY-STRING. It ends by itself with its session."
        ),
        collateral="Every session of the same role begun before that moment.",
        individually=False,
    ),
    "post_policy": Revocation(
        means=(
            "Deactivate the access key that signed the form; or take the signer's right to write to the "
            "bucket."
        ),
        collateral="Everything signed by or using the same key.",
        individually=False,
    ),
    "access_key": Revocation(
        means="Make a second key, move its users, then deactivate and delete this one.",
        collateral=(
            "Everything that uses this key, and every presigned link it signed. The user's other key lives "
            "on."
        ),
        individually=True,
    ),
    "access_key_session": Revocation(
        means=(
            "Revoke the role's older sessions (deny before aws:TokenIssueTime). It ends by itself within "
            "36 hours."
        ),
        collateral="Every session of the same role begun before that moment.",
        individually=False,
    ),
    "signed_url": Revocation(
        means="Remove the public key from the distribution's key group, after moving users to a new one.",
        collateral="Every CloudFront link and cookie signed by the same key.",
        individually=False,
    ),
    "anonymous": Revocation(
        means=(
            "Turn on Block Public Access for the bucket or the account; take Principal * and AllUsers out "
            "of policy and ACL."
        ),
        collateral="Whoever reads it without signing in, public sites included. Presigned links live on.",
        individually=True,
    ),
}
