"""How each Azure credential is ended, and what else dies with it. Data only.

Sources: learn.microsoft.com/azure/storage/common/storage-sas-overview ("Best practices"),
…/storageservices/define-stored-access-policy, …/storage/blobs/storage-blob-user-delegation-sas-create-cli
("Revoke a user delegation SAS"), …/storage/common/sas-expiration-policy, …/shared-key-authorization-prevent.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.grant import Revocation

KEY_SIGNED = Revocation(
    means=(
        "Regenerate the account key that signed it (key1 or key2); until then, block it with a SAS "
        "expiration "
        "policy set to Block, or by disallowing shared key access."
    ),
    collateral=(
        "Every account SAS and service SAS signed by the same key, and everything that uses this key "
        "itself: "
        "applications, Functions, Data Factory, mounts. The other key's SAS and user delegation SAS live "
        "on."
    ),
    individually=False,
)

REVOCATIONS: Mapping[str, Revocation] = {
    "account_sas": KEY_SIGNED,
    "service_sas": KEY_SIGNED,
    "policy_sas": Revocation(
        means=(
            "Delete or rename the stored access policy it names, on that container, share, queue or table. "
            "Never create a policy of that name again: it would revive every old link."
        ),
        collateral=(
            "Every SAS that names the same policy of the same container. Setting the policies replaces all "
            "of "
            "them and the public access level: read them first."
        ),
        individually=True,
    ),
    "user_delegation_sas": Revocation(
        means=(
            "Take the role from the principal that signed it, or revoke the account's user delegation keys "
            "(az storage account revoke-delegation-keys); both take effect with a delay, as they are "
            "cached."
        ),
        collateral=(
            "With the role: all that this principal does within its scope. With the delegation keys: every "
            "user "
            "delegation SAS of the account. SAS signed by account keys live on."
        ),
        individually=False,
    ),
    "account_key": Revocation(
        means="Move its users to the other key, then regenerate this one.",
        collateral=(
            "Every account SAS and service SAS that this key signed, and everything that uses the key "
            "itself: "
            "applications, Functions, Data Factory, mounts."
        ),
        individually=False,
    ),
    "entra_secret": Revocation(
        means=(
            "Delete this secret from the app registration (az ad app credential delete) and issue a new one."
        ),
        collateral=(
            "What signs in with this secret; other secrets and certificates of the application live on."
        ),
        individually=True,
    ),
    "anonymous": Revocation(
        means=(
            "Set the container's public access level to private, or disallow blob anonymous access for the "
            "account."
        ),
        collateral=(
            "Whoever reads it without signing in, public sites included. SAS and signed-in users live on."
        ),
        individually=True,
    ),
    "service_bus": Revocation(
        means=(
            "Regenerate the key of the shared access policy it names, in its Service Bus, Event Hubs or "
            "Relay namespace."
        ),
        collateral="Everything that uses the same key of the same shared access policy.",
        individually=False,
    ),
    "logic_apps": Revocation(
        means=(
            "Regenerate the access key of the logic app (Settings, Access keys), which signs the trigger's "
            "address."
        ),
        collateral="Every other caller's address signed by the same key of this logic app.",
        individually=False,
    ),
}
