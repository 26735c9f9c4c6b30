"""What to do about a grant, in order: end it, then clean up, then prevent the next one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tidegate.assess.words import day
from tidegate.model.grant import Grant, Scope, Validity
from tidegate.model.reach import Reach, State

_SOON = timedelta(days=1)

_CLEAN = (
    "Take it out of the files that hold it; if you also rewrite the history (git filter-repo), do so after "
    "it is dead: "
    "clones and forks keep it."
)
_LOGS = (
    "Look through the storage logs for who used it and what was overwritten, since it was first published."
)


def fixes(grant: Grant, now: datetime | None = None, reach: Reach | None = None) -> tuple[str, ...]:
    """Return what to do, in order, with the names filled in; `<…>` stands for what the grant does not tell.

    What can be run as it is, once those are filled in, stands in backticks.
    With `now`, a grant that ends within a day is first left to do so. `reach`: what the service answered.
    """
    if reach is not None and reach.state is State.CLOSED and grant.kind == "anonymous":
        return ("Nothing to close: the service refuses who shows no credential.",)
    if reach is not None and reach.state is State.CLOSED:
        return (
            "Nothing to revoke: the service refuses it already.",
            "See in the logs whether it was used while it worked, and what was overwritten.",
            _CLEAN,
        )
    answers = reach is not None and reach.state is State.OPEN
    if grant.validity is Validity.EXPIRED and not answers:
        return (
            "Nothing to revoke: it has ended.",
            (
                "See in the logs whether it was used before that, and check that whoever made it makes "
                "short ones now."
            ),
        )
    steps = _STEPS.get((grant.provider, grant.kind)) or _STEPS.get(("", grant.kind)) or _unknown
    soon = now and grant.expires_at and now < grant.expires_at and grant.expires_at - now <= _SOON
    wait = (
        (f"It ends by itself on {day(grant.expires_at)}: see whether you can wait.",)
        if soon and grant.expires_at
        else ()
    )
    if answers and grant.kind == "anonymous":
        return ("See whether it is meant to be open to anyone.", *steps(grant)[1:])
    return (*wait, *steps(grant))


def _name(value: str | None, otherwise: str) -> str:
    """Make a name ready to stand in a shell command."""
    return (
        shlex.quote(value) if value and re.fullmatch(r"[\w$][\w.$@/+=:-]{0,199}", value) else f"<{otherwise}>"
    )


def _account_sas(grant: Grant) -> tuple[str, ...]:
    account = _name(grant.account, "account")
    group = "-g <group>"
    return (
        (
            f"Turn on logging for {account}, and find out which key signed it (tidegate close tells its "
            "owner): only that one must be rotated."
        ),
        (
            "If its users can pause, block it at once without rotating, which can be taken back: "
            f"`az storage account update -n {account} {group} --allow-shared-key-access false`"
        ),
        (
            "Move users to the other key, then renew the one that signed it: "
            f"`az storage account keys renew -n {account} {group} --key <key1 or key2>`"
        ),
        "Probe the old link: it must be refused, while a link signed by the other key still works.",
        _LOGS,
        _CLEAN,
        (
            "Prevent the next one: share with user delegation SAS of hours (az storage container "
            "generate-sas --as-user --auth-mode login), and set a limit: "
            f"`az storage account update -n {account} {group} --sas-expiration-period 1.00:00:00`"
        ),
    )


def _service_sas(grant: Grant) -> tuple[str, ...]:
    if grant.policy is None:
        return _account_sas(grant)
    account, policy = _name(grant.account, "account"), _name(grant.policy, "policy")
    service = grant.services[0] if grant.services else "blob"
    group, flag = {
        "blob": ("container", "--container-name"),
        "file": ("share", "--share-name"),
        "queue": ("queue", "--queue-name"),
        "table": ("table", "--table-name"),
    }.get(service, ("container", "--container-name"))
    return (
        (
            "Delete the stored access policy, and never use that name again there, since it revives old "
            f"links: `az storage {group} policy delete --account-name {account} "
            f"{flag} {_name(grant.container, group)} --name {policy}`"
        ),
        "Probe the old link: it must be refused.",
        _LOGS,
        _CLEAN,
        (
            "Prevent the next one: give new links a policy of their own that ends soon, or use user "
            "delegation SAS."
        ),
    )


def _delegation(grant: Grant) -> tuple[str, ...]:
    account = _name(grant.account, "account")
    return (
        (
            "Revoke the account's user delegation keys, which takes some minutes to work: "
            f"`az storage account revoke-delegation-keys -n {account} -g <group>` "
            "or, as slowly, take the storage role from its signer: "
            f"`az role assignment delete --assignee {_name(grant.signer, 'object id')} "
            "--scope <storage account>`"
        ),
        "Probe the old link: it must be refused.",
        _LOGS,
        _CLEAN,
    )


def _account_key(grant: Grant) -> tuple[str, ...]:
    account = _name(grant.account, "account")
    return (
        f"See which of the two it is: `az storage account keys list -n {account} -g <group>`",
        (
            "Move its users to the other key, then renew it: "
            f"`az storage account keys renew -n {account} -g <group> --key <key1 or key2>`"
        ),
        "Every SAS that it signed dies with it: issue those that are still needed anew.",
        _LOGS,
        _CLEAN,
        (
            "Prevent the next one: sign in with managed identities, then forbid keys: "
            f"`az storage account update -n {account} -g <group> --allow-shared-key-access false`"
        ),
    )


def _entra(grant: Grant) -> tuple[str, ...]:
    app = _name(grant.account, "client id")
    return (
        (
            f"Find and delete it: `az ad app credential list --id {app}` "
            f"and then: `az ad app credential delete --id {app} --key-id <key id>`"
        ),
        "See in the sign-in logs of the service principal who used it.",
        _CLEAN,
        "Prevent the next one: use managed identities or workload identity federation, which have no secret.",
    )


def _open_azure(grant: Grant) -> tuple[str, ...]:
    account = _name(grant.account, "account")
    return (
        "Probe whether it is open, and whether it is meant to be.",
        f"If not: `az storage account update -n {account} -g <group> --allow-blob-public-access false`",
    )


def _access_key(grant: Grant) -> tuple[str, ...]:
    key_id = _name(grant.account, "key id")
    return (
        (
            "See whose it is and when it was last used: "
            f"`aws iam get-access-key-last-used --access-key-id {key_id}`"
        ),
        (
            "Make a second key, move its users, and end this one; delete it later, with delete-access-key: "
            f"`aws iam update-access-key --access-key-id {key_id} --status Inactive --user-name <user>`"
        ),
        "Look through CloudTrail for what it did since it was first published.",
        _CLEAN,
        "Prevent the next one: use roles (IAM Identity Center, OIDC), whose keys end by themselves.",
    )


def _presigned(grant: Grant) -> tuple[str, ...]:
    key_id, bucket = _name(grant.account, "key id"), _name(grant.container, "bucket")
    return (
        (
            f"If it must end now: deny the bucket {bucket} to s3:authType=REST-QUERY-STRING until it has "
            "ended, or deactivate its signer's key: "
            f"`aws iam update-access-key --access-key-id {key_id} --status Inactive`"
        ),
        (
            "Look through CloudTrail data events or the access logs for its use (AuthenticationMethod "
            "QueryString)."
        ),
        _CLEAN,
        "Prevent the next one: sign for minutes, and deny s3:signatureAge above that in the bucket's policy.",
    )


def _cloudfront(grant: Grant) -> tuple[str, ...]:
    return (
        (
            "Add a new public key to the key group, move signers to it, then remove "
            f"{_name(grant.account, 'key pair id')}."
        ),
        "Look through the distribution's access logs for its use.",
        _CLEAN,
    )


def _open_s3(grant: Grant) -> tuple[str, ...]:
    bucket = _name(grant.container, "bucket")
    return (
        "Probe whether it is open, and whether it is meant to be.",
        (
            f"If not: `aws s3api put-public-access-block --bucket {bucket} "
            "--public-access-block-configuration "
            "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`"
        ),
    )


def _service_account(grant: Grant) -> tuple[str, ...]:
    email, key = _name(grant.signer, "email"), _name(grant.facts.get("private_key_id"), "key id")
    return (
        (
            "Disable it, and delete it when nothing fails: "
            f"`gcloud iam service-accounts keys disable {key} --iam-account {email}`"
        ),
        "Look through the audit logs for what it did since it was first published (serviceAccountKeyName).",
        _CLEAN,
        (
            "Prevent the next one: forbid key files (constraint iam.disableServiceAccountKeyCreation), use "
            "workload identity."
        ),
    )


def _hmac(grant: Grant) -> tuple[str, ...]:
    key = _name(grant.signer, "key id")
    return (
        (
            f"Deactivate it: `gcloud storage hmac update {key} --deactivate` "
            f"and when nothing fails: `gcloud storage hmac delete {key}`"
        ),
        "Look through the audit logs for what it did since it was first published.",
        _CLEAN,
    )


def _signed_gcs(grant: Grant) -> tuple[str, ...]:
    return (
        (
            "If it must end now: take the account's right to the object, or disable the key that signed it: "
            f"`gcloud iam service-accounts keys list --iam-account {_name(grant.signer, 'email')}`"
        ),
        _CLEAN,
        "Prevent the next one: sign version 4 links for minutes; version 2 has no longest life.",
    )


def _firebase(grant: Grant) -> tuple[str, ...]:
    where = f"gs://{grant.container}/{grant.key}" if grant.container and grant.key else None
    return (
        (
            "Revoke the object's download token in the Firebase console (Storage), for "
            f"{_name(where, 'object')}."
        ),
        _CLEAN,
        "Prevent the next one: hand out short signed links instead; a download token never ends.",
    )


def _open_gcs(grant: Grant) -> tuple[str, ...]:
    bucket = f"gs://{grant.container}" if grant.container else None
    return (
        "Probe whether it is open, and whether it is meant to be.",
        f"If not: `gcloud storage buckets update {_name(bucket, 'bucket')} --public-access-prevention`",
    )


def _share(grant: Grant) -> tuple[str, ...]:
    what = "file" if grant.scope is Scope.OBJECT else "file or folder"
    return (
        f"Open the link without being signed in: if it shows the {what}, ask whether it is meant to.",
        "If not: remove the link in its sharing settings, or limit it to named people.",
    )


def _key_id(grant: Grant) -> tuple[str, ...]:
    return (
        (
            "Look for its secret beside it and in the history; if you find one: treat "
            f"{_name(grant.account, 'it')} as leaked."
        ),
    )


def _unknown(grant: Grant) -> tuple[str, ...]:
    return (grant.revocation.means, _CLEAN)


_STEPS: Mapping[tuple[str, str], Callable[[Grant], tuple[str, ...]]] = {
    ("azure", "account_sas"): _account_sas,
    ("azure", "service_sas"): _service_sas,
    ("azure", "user_delegation_sas"): _delegation,
    ("azure", "account_key"): _account_key,
    ("azure", "entra_secret"): _entra,
    ("azure", "anonymous"): _open_azure,
    ("aws", "access_key"): _access_key,
    ("aws", "access_key_id"): _key_id,
    ("aws", "presigned_url"): _presigned,
    ("aws", "post_policy"): _presigned,
    ("aws", "signed_url"): _cloudfront,
    ("aws", "anonymous"): _open_s3,
    ("gcp", "service_account_key"): _service_account,
    ("gcp", "hmac_key"): _hmac,
    ("gcp", "signed_url"): _signed_gcs,
    ("gcp", "download_token"): _firebase,
    ("gcp", "anonymous"): _open_gcs,
    ("", "share_link"): _share,
}
"""(provider, kind) -> its steps; all others get the grant's own revocation."""
