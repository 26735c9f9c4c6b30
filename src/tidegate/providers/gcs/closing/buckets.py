"""Shutting an open bucket: public access prevention, and what its policy gives to anyone.

Sources: cloud.google.com/storage/docs/public-access-prevention,
…/storage/docs/access-control/making-data-public ("Stop sharing").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tidegate.errors import NoAnswerError
from tidegate.model.closing import Case, Plan, Step, Study, Way
from tidegate.model.share import Tried
from tidegate.net.message import Sends, Writes
from tidegate.providers.gcs.answers import is_byte
from tidegate.providers.gcs.closing.base import GcsCloser
from tidegate.providers.gcs.closing.sdk import Storage
from tidegate.providers.gcs.json_api import JsonApi

PREVENT, POLICY = "public-access-prevention", "bucket-policy"
"""Ids of steps."""
ENFORCED, INHERITED = "enforced", "inherited"
ANYONE: Final = ("allUsers", "allAuthenticatedUsers")

_BREAKS: Final = ("whoever reads it without signing in: websites, downloads",)
_NOT_THERE = "tidegate-proof-there-is-no-such-object"


class OpenBucket(GcsCloser):
    """A bucket, or an object in it, that is open to anyone."""

    def __init__(self, case: Case, net: Sends, writer: Writes) -> None:
        super().__init__(case, net, writer)
        self.bucket = self.grant.container or ""
        self._made: Storage | None = None

    def _storage(self) -> Storage:
        if self._made is None:
            self._made = self.sdk().storage("gcs", self.bucket)
        return self._made

    def _prevention(self) -> tuple[str, bool]:
        """Return public access prevention, and whether access lists of single objects count."""
        storage = self._storage()

        def look() -> tuple[str, bool]:
            bucket = storage.client.bucket(self.bucket)
            bucket.reload(retry=None)
            told = bucket.iam_configuration
            word = told.get("publicAccessPrevention", INHERITED)
            return (ENFORCED if word == ENFORCED else INHERITED), not told.uniform_bucket_level_access_enabled

        found: tuple[str, bool] = storage.ask(f"read the settings of {self.bucket}", look)
        return found

    def _policy(self) -> Any:
        storage = self._storage()
        policy = storage.ask(
            f"read the policy of {self.bucket}",
            lambda: storage.client.bucket(self.bucket).get_iam_policy(requested_policy_version=3, retry=None),
        )
        sound = isinstance(policy.bindings, list) and all(
            isinstance(each, dict)
            and isinstance(members := each.get("members", []), list | set | frozenset | tuple)
            and all(isinstance(member, str) for member in members)
            for each in policy.bindings
        )
        if not sound:
            raise NoAnswerError(
                f"could not read the policy of {self.bucket}: the answer is none that is known"
            )
        return policy

    def study(self) -> Study:
        prevention, lists = self._prevention()
        policy = self._policy()
        public = _public(policy.bindings)
        told = (
            ("bucket", self.bucket),
            ("prevention", f"{prevention} (public access prevention)"),
            ("policy", f"{', '.join(public) or 'nobody'} without signing in, or as anyone who does"),
        )
        missing = []
        if lists:
            missing.append(
                "access lists of single objects count here and are not read; prevention overrules them"
            )
        plans = []
        clean = (self._clean(policy, public),) if public else ()
        shut = () if prevention == ENFORCED else (self._shut(prevention),)
        if shut or clean:
            plans.append(self._plan(Way.FAST, shut or clean))
        if clean:
            first = (
                f"find out who reads {self.bucket} without signing in: usage logs show it, audit logs do not",
                "give them accounts, or signed links that end",
            )
            plans.append(self._plan(Way.NO_DOWNTIME, (*clean, *shut), first))
        if not plans:
            missing.append("everything that could be changed on the bucket is already as it should be")
        return Study(facts=told, plans=tuple(plans), missing=tuple(missing))

    def _plan(self, way: Way, steps: tuple[Step, ...], first: tuple[str, ...] = ()) -> Plan:
        return Plan(
            finding=self.case.finding,
            provider="gcs",
            account=self.bucket,
            way=way,
            steps=steps,
            first=first,
            spares=("accounts that the policy names, and signed links",),
        )

    def _clean(self, policy: Any, public: Sequence[str]) -> Step:
        """Return the step that takes anyone out of the policy, which is changed in place."""
        storage = self._storage()
        before = _hash(policy.bindings)
        policy.bindings = _without_anyone(policy.bindings)
        return Step(
            id=POLICY,
            does=f"take anyone (allUsers, allAuthenticatedUsers) out of the policy of {self.bucket}",
            why=f"it lets anyone in: {', '.join(public[:10])}",
            call=storage.plan(lambda: storage.client.bucket(self.bucket).set_iam_policy(policy, retry=None)),
            permission="storage.buckets.setIamPolicy",
            breaks=_BREAKS,
            undo=_policy_undo(self.bucket, public),
            before=before,
            after=_hash(policy.bindings),
            repeatable=True,
        )

    def _shut(self, prevention: str) -> Step:
        """Return the step that enforces public access prevention."""
        storage = self._storage()

        def enforce() -> None:
            # Not by `Bucket.patch`: it writes back uniform access too, from what it happens to know.
            what = {"iamConfiguration": {"publicAccessPrevention": ENFORCED}}
            storage.client._patch_resource(storage.client.bucket(self.bucket).path, what, retry=None)

        return Step(
            id=PREVENT,
            does=f"enforce public access prevention on the bucket {self.bucket}",
            why="it overrules every policy and access list that lets anyone in",
            call=storage.plan(enforce),
            permission="storage.buckets.update",
            breaks=_BREAKS,
            undo=f"gcloud storage buckets update gs://{self.bucket} --no-public-access-prevention",
            before=prevention,
            after=ENFORCED,
            repeatable=True,
        )

    def state(self, step: Step) -> str:
        return self._prevention()[0] if step.id == PREVENT else _hash(self._policy().bindings)

    def do(self, step: Step) -> None:
        self._storage().send(step.call, step.does)

    def probes(self) -> tuple[Tried, Tried, Tried]:
        nobody = JsonApi(net=self._net)
        mine = JsonApi(net=self._net, token=self.sdk().token())
        name = self.grant.key if self.grant.key and not self.grant.key.endswith("/") else ""
        absent = self.tried(nobody.ask_read(self.bucket, _NOT_THERE), is_byte, anyone=True)
        if name:
            return (
                self.tried(nobody.ask_read(self.bucket, name), is_byte, anyone=True),
                absent,
                self.tried(mine.ask_read(self.bucket, name), is_byte),
            )
        return (
            self.tried(nobody.ask_list(self.bucket), nobody.is_list, anyone=True),
            absent,
            self.tried(mine.ask_list(self.bucket), mine.is_list),
        )


def _public(bindings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a policy gives to anyone: `roles/storage.objectViewer to allUsers`."""
    return sorted(
        f"{binding.get('role', '?')} to {member}"
        for binding in bindings
        for member in binding.get("members", ())
        if member in ANYONE
    )


def _without_anyone(bindings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    kept = []
    for binding in bindings:
        members = [member for member in binding.get("members", ()) if member not in ANYONE]
        if members:
            kept.append({**binding, "members": set(members)})
    return kept


def _hash(bindings: Sequence[Mapping[str, Any]]) -> str:
    """Name a policy by a hash that does not depend on any order."""
    told = sorted(
        json.dumps({**binding, "members": sorted(binding.get("members", ()))}, sort_keys=True)
        for binding in bindings
    )
    return f"policy {hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]}"


def _policy_undo(bucket: str, public: Sequence[str]) -> str:
    return "; ".join(
        f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={member} --role={role}"
        for role, _, member in (each.partition(" to ") for each in public[:10])
    )
