"""How credentials of other providers are ended, and what else dies with it. Data only.

Sources: huggingface.co/docs/hub/security-tokens, help.aliyun.com/document_detail/116401.html,
alibabacloud.com/help/en/ram/user-guide/disable-an-accesskey-pair-of-a-ram-user,
cloud.tencent.com/document/product/598/40487, backblaze.com/docs/cloud-storage-application-keys, and the
share services' help pages on removing a link.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.grant import Revocation

REVOCATIONS: Mapping[str, Revocation] = {
    "access_token": Revocation(
        means=(
            "Invalidate the token in the Hugging Face settings (Access Tokens) and make a new, "
            "fine-grained one."
        ),
        collateral="Everything that uses this token. The account's other tokens live on.",
        individually=True,
    ),
    "token": Revocation(
        means="Revoke the token at the service that gave it out, and make a new one that may do less.",
        collateral="Everything that uses this token.",
        individually=True,
    ),
    "share_link": Revocation(
        means="Remove the link in the file's or folder's sharing settings, or limit it to named people.",
        collateral="Everybody who was given the same link.",
        individually=True,
    ),
    "signed_url": Revocation(
        means="Disable the access key that signed it, or take its right to the object.",
        collateral="Everything signed by or using the same key.",
        individually=False,
    ),
    "alibaba_access_key": Revocation(
        means=(
            "Make a second AccessKey, move its users, then disable this one in the RAM console (or with "
            "aliyun ram UpdateAccessKey --Status Inactive) and delete it."
        ),
        collateral="Everything that uses this key, and every link it signed.",
        individually=True,
    ),
    "alibaba_session": Revocation(
        means="Take the role's rights, or deny its sessions by policy. It ends by itself with its session.",
        collateral="Every session of the same role.",
        individually=False,
    ),
    "application_key": Revocation(
        means="Delete the application key and make a new one, limited to a bucket and a prefix.",
        collateral="Everything that uses this key, and every link it signed.",
        individually=True,
    ),
    "private_key": Revocation(
        means="Replace the key pair wherever its public half is trusted.",
        collateral="Everything that signs in, signs or decrypts with this key.",
        individually=True,
    ),
}
