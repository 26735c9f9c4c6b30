"""Ending an access key: whose it is, who else uses it, the steps.

Sources: docs.aws.amazon.com/IAM/latest/APIReference, API_GetAccessKeyLastUsed, API_ListAccessKeys,
API_UpdateAccessKey, API_DeleteAccessKey; …/IAM/latest/UserGuide/id_credentials_access-keys.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tidegate.errors import RefusedError, UsageError
from tidegate.model.closing import Call, Case, Known, Plan, Step, Way
from tidegate.providers.s3.closing.sdk import Client

PROVIDER = "s3_management"
SWITCH, REMOVE = "deactivate-key", "delete-key"
"""Ids of steps."""
ACTIVE, INACTIVE, GONE = "Active", "Inactive", "there is no such key"
MOST_USERS = 1000
"""Users whose keys are listed where the service cannot say whose a key is."""

_HOST = re.compile(r"iam(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu)")
_ABSENT = frozenset({"NoSuchEntity", "NoSuchEntityException"})


def owner(url: str, host: str | None) -> str | None:
    """Tell whether an address is IAM's: `""`, since it names no key; see `Closing.guards`.

    A host that is not Amazon's counts only when a `Host` header is given, as only an endpoint of the scope
    gives one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return None
    named = (parts.hostname or "").lower()
    return "" if _HOST.fullmatch(named) or host is not None else None


def iam_of(endpoint: str) -> tuple[str, str]:
    """Return IAM's host and region, in the part of Amazon where the bucket is."""
    if endpoint.endswith(".cn"):
        return "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"
    if "us-gov" in endpoint:
        return "iam.us-gov.amazonaws.com", "us-gov-west-1"
    return "iam.amazonaws.com", "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What IAM says of a key."""

    key_id: str
    user: str
    status: str
    last_used: str
    """One line for people."""
    others: tuple[tuple[str, str], ...]
    """The user's other keys: id and status."""


def learn(iam: Client, key_id: str) -> KeyFacts | None:
    """Ask whose key it is; `None` when the account does not know it. Raises `RequestError`."""
    try:
        return _learn(iam, key_id)
    except RefusedError as why:
        if why.status != 403:
            raise
        hint = (
            why.hint
            or "The owner needs iam:GetAccessKeyLastUsed and iam:ListAccessKeys, in the key's own account."
        )
        raise RefusedError(str(why), status=why.status, code=why.code, hint=hint) from None


def _learn(iam: Client, key_id: str) -> KeyFacts | None:
    used: Mapping[str, Any] = {}
    user = ""
    try:
        found = iam.read("get_access_key_last_used", "look whose key it is", AccessKeyId=key_id)
        user, used = str(found.get("UserName", "")), found.get("AccessKeyLastUsed", {})
    except RefusedError as why:
        if why.code in _ABSENT:
            return None
        if why.code == "AccessDenied" or why.status not in (400, 404, 405, 501):
            raise
        # Services that speak Amazon's language do not all know this request.
    known = bool(used)
    if not user:
        user = _search(iam, key_id)
        if not user and known:
            raise UsageError(
                "Amazon knows the key, and no user has it: it is the root user's",
                hint="Sign in as root and delete it there: Security credentials, Access keys.",
            )
        if not user:
            return None
    keys = listed(iam, user)
    if key_id not in keys:
        return None
    return KeyFacts(
        key_id=key_id,
        user=user,
        status=keys[key_id],
        last_used=_used(used),
        others=tuple((each, status) for each, status in keys.items() if each != key_id),
    )


def listed(iam: Client, user: str) -> dict[str, str]:
    """Return id -> status of a user's keys. Raises `RequestError`."""
    try:
        found = iam.read("list_access_keys", f"list the keys of {user}", UserName=user)
    except RefusedError as why:
        if why.code in _ABSENT:
            return {}
        raise
    keys = found.get("AccessKeyMetadata", [])
    return {str(each.get("AccessKeyId", "")): str(each.get("Status", ACTIVE)) for each in keys}


def _search(iam: Client, key_id: str) -> str:
    """Return the user who has the key, found by listing all users' keys; empty when none has."""
    seen, marker = 0, ""
    while seen < MOST_USERS:
        more = {"Marker": marker} if marker else {}
        found = iam.read("list_users", "list the users", **more)
        for each in found.get("Users", []):
            seen += 1
            name = str(each.get("UserName", ""))
            if name and key_id in listed(iam, name):
                return name
        marker = str(found.get("Marker", "")) if found.get("IsTruncated") else ""
        if not marker:
            break
    return ""


def _used(used: Mapping[str, Any]) -> str:
    date = used.get("LastUsedDate")
    if date is None:
        return "when it was last used is not told"
    where = f"for {used.get('ServiceName', '?')} in {used.get('Region', '?')}"
    return f"last used {date:%Y-%m-%d %H:%M} UTC {where}"


def plans(case: Case, facts: KeyFacts, iam: Client, reads: Sequence[Call]) -> list[Plan]:
    """Return the fast plan, and the one without downtime. Nothing is asked."""
    key_id, user = facts.key_id, facts.user
    hang = [each for each in case.known if _hangs(each, key_id)]
    breaks = _breaks(facts, hang)
    steps: list[Step] = []
    if facts.status == ACTIVE:
        call = iam.plan("update_access_key", UserName=user, AccessKeyId=key_id, Status=INACTIVE)
        steps.append(
            Step(
                id=SWITCH,
                does=f"deactivate the access key {key_id} of the user {user}",
                why="a deactivated key is refused, and so is every link that it signed",
                call=call,
                permission="iam:UpdateAccessKey",
                breaks=breaks,
                undo=f"aws iam update-access-key --user-name {user} --access-key-id {key_id} --status Active",
                before=ACTIVE,
                after=INACTIVE,
                repeatable=True,
            )
        )
    delete = Step(
        id=REMOVE,
        does=f"delete the access key {key_id} of the user {user}",
        why="a deactivated key can be activated again, by mistake or by whoever gets in",
        call=iam.plan("delete_access_key", UserName=user, AccessKeyId=key_id),
        permission="iam:DeleteAccessKey",
        before=INACTIVE,
        after=GONE,
        repeatable=True,
    )
    spares = (
        *(f"the user's other key {each} ({status.lower()})" for each, status in facts.others),
        "every other user and role, and what they signed",
    )
    common: dict[str, Any] = {
        "finding": case.finding,
        "provider": "s3",
        "account": key_id,
        "spares": spares,
        "reads": tuple(reads),
    }
    made = [Plan(way=Way.FAST, steps=tuple(steps), **common)] if steps else []
    first = _first(facts, hang) if steps else ()
    return [*made, Plan(way=Way.NO_DOWNTIME, steps=(*steps, delete), first=first, **common)]


def _hangs(each: Known, key_id: str) -> bool:
    """Say whether another credential is this key's: by its signer, or by what stands in the link."""
    named = (each.signer, each.account, *(value.partition("/")[0] for value in each.parameters.values()))
    return key_id in named


def _breaks(facts: KeyFacts, hang: Sequence[Known]) -> tuple[str, ...]:
    return (
        f"whatever uses this key: {facts.last_used}",
        "every presigned link that it signed; Amazon keeps no list of them",
        *(f"{each.id}: {each.words}" for each in hang),
    )


def _first(facts: KeyFacts, hang: Sequence[Known]) -> tuple[str, ...]:
    """Return what people do before the key is taken away from what uses it."""
    spare = [each for each, status in facts.others if status == ACTIVE]
    if spare:
        second = f"give what uses {facts.key_id} the user's other key {spare[0]}"
    elif facts.others:
        second = (
            f"the user has two keys, which is the most: activate or delete {facts.others[0][0]}, then make "
            f"a new one (aws iam create-access-key --user-name {facts.user}) and give it to what uses "
            f"{facts.key_id}"
        )
    else:
        second = (
            f"make a second key (aws iam create-access-key --user-name {facts.user}) and give it to what "
            f"uses {facts.key_id}"
        )
    again = f"make anew with the new key: {', '.join(each.id for each in hang)}" if hang else ""
    wait = f"wait until {facts.key_id} is used no more (aws iam get-access-key-last-used)"
    return tuple(line for line in (second, again, wait) if line)
