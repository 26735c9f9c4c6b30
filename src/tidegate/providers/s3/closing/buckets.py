"""Shutting an open bucket: what lets anyone in, and the steps.

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html ("The meaning
of public"), …/acl-overview.html, …/AmazonS3/latest/API/API_PutPublicAccessBlock.html.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.model.closing import Case, Plan, Step, Way
from tidegate.providers.s3.closing.sdk import Client

BLOCK, POLICY, ACL = "block-public-access", "bucket-policy", "bucket-acl"
"""Ids of steps."""
FLAGS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL_ON: Final = "all four on"
NONE: Final = "none"

_ANYONE: Final = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_NO_BLOCK: Final = frozenset({"NoSuchPublicAccessBlockConfiguration"})
_NO_POLICY: Final = frozenset({"NoSuchBucketPolicy"})
_UNKNOWN_REQUEST: Final = frozenset(
    {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "501", "405"}
)
_LONGEST_UNDO: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """How a bucket is shut now."""

    block: Mapping[str, bool] | None
    """Flag -> on; `None`: the service has no such thing."""
    policy: Mapping[str, Any] | None
    acl: Mapping[str, Any]
    """Owner and grants, as the service wrote them; empty where it has none."""


def learn(s3: Client, bucket: str) -> Shut:
    """Ask for the three of them. Raises `RequestError`."""
    return Shut(block=_block(s3, bucket), policy=_policy(s3, bucket), acl=_acl(s3, bucket))


def state(s3: Client, bucket: str, step: str) -> str:
    """Return what one step changes, in the words of `Step.before`. Raises `RequestError`."""
    if step == BLOCK:
        return block_words(_block(s3, bucket))
    if step == POLICY:
        return policy_words(_policy(s3, bucket))
    return acl_words(_acl(s3, bucket))


def _block(s3: Client, bucket: str) -> dict[str, bool] | None:
    try:
        found = s3.read("get_public_access_block", f"read the public access block of {bucket}", Bucket=bucket)
    except RefusedError as why:
        if why.code in _NO_BLOCK:
            return dict.fromkeys(FLAGS, False)
        if why.code in _UNKNOWN_REQUEST or why.status in (405, 501):
            return None
        raise
    told = found.get("PublicAccessBlockConfiguration", {})
    return {flag: bool(told.get(flag)) for flag in FLAGS}


def _policy(s3: Client, bucket: str) -> dict[str, Any] | None:
    try:
        found = s3.read("get_bucket_policy", f"read the policy of {bucket}", Bucket=bucket)
    except RefusedError as why:
        if why.code in _NO_POLICY:
            return None
        raise
    try:
        policy = json.loads(found.get("Policy", ""))
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise NoAnswerError(f"could not read the policy of {bucket}: the answer is none that is known")
    return policy


def _acl(s3: Client, bucket: str) -> dict[str, Any]:
    try:
        found = s3.read("get_bucket_acl", f"read the access list of {bucket}", Bucket=bucket)
    except RefusedError as why:
        if why.code in _UNKNOWN_REQUEST or why.status in (405, 501):
            return {}
        raise
    return {"Owner": found.get("Owner", {}), "Grants": found.get("Grants", [])}


def block_words(block: Mapping[str, bool] | None) -> str:
    """Say which flags are on."""
    on = [flag for flag in FLAGS if block is not None and block[flag]]
    return ALL_ON if len(on) == len(FLAGS) else ", ".join(on) or NONE


def policy_words(policy: Mapping[str, Any] | None) -> str:
    """Name a policy by its hash."""
    if policy is None:
        return NONE
    return f"policy {_hash(policy)}"


def acl_words(acl: Mapping[str, Any]) -> str:
    """Name an access list by what it gives to anyone, and its hash."""
    return f"{', '.join(_public(acl)) or 'nobody'} ({_hash(_grants(acl))})"


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _grants(acl: Mapping[str, Any]) -> list[Any]:
    return sorted(acl.get("Grants", []), key=lambda grant: json.dumps(grant, sort_keys=True))


def _public(acl: Mapping[str, Any]) -> list[str]:
    found = {
        f"{uri.rpartition('/')[2]} {grant.get('Permission', '?')}"
        for grant in acl.get("Grants", [])
        if (uri := grant.get("Grantee", {}).get("URI", "")) in _ANYONE
    }
    return sorted(found)


def without_public(policy: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[str], list[str]]:
    """Return the policy without what lets anyone in, what that was, and what stays although it names anyone.

    A statement with a condition (an address range, a network) stays: what it lets in is not known from here.
    A statement that allows all but some (`NotPrincipal`) lets anyone in.
    """
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    kept: list[Any] = []
    removed: list[str] = []
    conditional: list[str] = []
    for number, each in enumerate(listed, 1):
        if not isinstance(each, dict) or each.get("Effect") != "Allow" or not _for_anyone(each):
            kept.append(each)
            continue
        name = f"statement {number}" + (f" ({each['Sid']})" if isinstance(each.get("Sid"), str) else "")
        actions = each.get("Action", each.get("NotAction", "?"))
        words = f"{name}: {', '.join(map(str, actions)) if isinstance(actions, list) else actions}"[:200]
        if each.get("Condition"):
            conditional.append(words)
            kept.append(each)
        else:
            removed.append(words)
    return ({**policy, "Statement": kept} if kept else None), removed, conditional


def _for_anyone(statement: Mapping[str, Any]) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    values = list(principal.values()) if isinstance(principal, dict) else [principal]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return "*" in flat


def plans(case: Case, bucket: str, shut: Shut, s3: Client) -> tuple[list[Plan], list[str]]:
    """Return the plans and what could not be planned. Nothing is asked."""
    missing: list[str] = []
    block = _block_step(bucket, shut, s3)
    narrow = [step for step in (_policy_step(bucket, shut, s3, missing), _acl_step(bucket, shut, s3)) if step]
    common: dict[str, Any] = {"finding": case.finding, "provider": "s3", "account": bucket}
    spares = ("users and roles who sign in, and presigned links",)
    made = []
    if block is not None:
        made.append(Plan(way=Way.FAST, steps=(block,), spares=spares, **common))
    else:
        if shut.block is None:
            missing.append(
                "this service has no public access block: only policy and access list can be changed"
            )
        if narrow:
            made.append(Plan(way=Way.FAST, steps=tuple(narrow), spares=spares, **common))
    steps = (*narrow, *((block,) if block else ()))
    if narrow:
        first = (
            f"find out who reads {bucket} without signing in: server access logs, or CloudTrail data events",
            "give them roles, or presigned links that end; websites go through CloudFront, signed in",
        )
        made.append(Plan(way=Way.NO_DOWNTIME, steps=steps, first=first, spares=spares, **common))
    if not narrow and block is not None:
        missing.append(
            "neither policy nor access list of the bucket lets anyone in: single objects or access points do"
        )
    if not made:
        missing.append("everything that could be changed on the bucket is already as it should be")
    return made, missing


def _block_step(bucket: str, shut: Shut, s3: Client) -> Step | None:
    before = block_words(shut.block)
    if shut.block is None or before == ALL_ON:
        return None
    was = ",".join(f"{flag}={str(on).lower()}" for flag, on in shut.block.items())
    back = f"aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration {was}"
    return Step(
        id=BLOCK,
        does=f"turn on all four flags of Block Public Access of the bucket {bucket}",
        why="it overrules every policy and access list that lets anyone in, single objects' too",
        call=s3.plan(
            "put_public_access_block",
            Bucket=bucket,
            PublicAccessBlockConfiguration=dict.fromkeys(FLAGS, True),
        ),
        permission="s3:PutBucketPublicAccessBlock",
        breaks=(
            "whoever reads it without signing in: websites, downloads, accounts that a public policy names",
        ),
        undo=back,
        before=before,
        after=ALL_ON,
        repeatable=True,
    )


def _policy_step(bucket: str, shut: Shut, s3: Client, missing: list[str]) -> Step | None:
    if shut.policy is None:
        return None
    left, removed, conditional = without_public(shut.policy)
    missing += [f"left in the policy, since it has a condition: {each}" for each in conditional]
    if not removed:
        return None
    call = (
        s3.plan("delete_bucket_policy", Bucket=bucket)
        if left is None
        else s3.plan("put_bucket_policy", Bucket=bucket, Policy=json.dumps(left))
    )
    was = json.dumps(shut.policy)
    return Step(
        id=POLICY,
        does=f"take what lets anyone in out of the policy of the bucket {bucket}",
        why=f"it lets anyone in: {'; '.join(removed[:5])}",
        call=call,
        permission="s3:DeleteBucketPolicy" if left is None else "s3:PutBucketPolicy",
        breaks=("whoever reads it without signing in by these statements",),
        undo=f"put back the policy: {was}" if len(was) <= _LONGEST_UNDO else None,
        before=policy_words(shut.policy),
        after=policy_words(left),
        repeatable=True,
    )


def _acl_step(bucket: str, shut: Shut, s3: Client) -> Step | None:
    public = _public(shut.acl)
    if not public:
        return None
    kept = [grant for grant in shut.acl["Grants"] if grant.get("Grantee", {}).get("URI", "") not in _ANYONE]
    left = {"Owner": shut.acl["Owner"], "Grants": kept}
    return Step(
        id=ACL,
        does=f"take anyone out of the access list of the bucket {bucket}",
        why=f"it gives: {', '.join(public)}",
        call=s3.plan("put_bucket_acl", Bucket=bucket, AccessControlPolicy=left),
        permission="s3:PutBucketAcl",
        breaks=("whoever lists or writes it without signing in",),
        undo=_acl_undo(bucket, public),
        before=acl_words(shut.acl),
        after=acl_words(left),
        repeatable=True,
    )


def _acl_undo(bucket: str, public: Sequence[str]) -> str:
    return f"give {', '.join(public)} back in the access list of {bucket} (aws s3api put-bucket-acl)"
