"""Ending a presigned link whose key cannot be deactivated: its object is closed to all presigned links.

A session's key ends by itself, and nobody can end it alone. What can be ended is the way in: one statement in
the bucket's policy denies the object to whoever does not sign by header.
Source: docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html (`s3:authType`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tidegate.errors import OutOfScopeError, RequestError, UsageError
from tidegate.model.closing import Plan, Step, Study, Way
from tidegate.model.secret import Secret
from tidegate.model.share import Tried, Wish
from tidegate.net.message import Request
from tidegate.providers.s3 import presign
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.ask import FIRST_BYTE, What, hear
from tidegate.providers.s3.closing import buckets
from tidegate.providers.s3.closing.base import PROVE
from tidegate.providers.s3.closing.open_bucket import BucketCase
from tidegate.providers.s3.share.policy import MOST_BYTES, statement
from tidegate.providers.s3.signed import signed_link

_LOOKING: Final = timedelta(minutes=5)


class SessionLink(BucketCase):
    """A presigned link that a session of a role signed."""

    def study(self) -> Study:
        s3 = self.s3()
        policy = buckets.learn(s3, self.bucket).policy
        what = f"the object {self.grant.key}" if self.grant.key else "the list"
        ends = self.grant.expires_at
        told = [
            ("signed by", f"the session key {self.grant.signer}: it ends by itself within 36 hours"),
            ("policy", "none" if policy is None else buckets.policy_words(policy)),
        ]
        if ends is not None:
            told.append(("ends", f"{ends:%Y-%m-%d %H:%M} UTC, or with its session, whichever is sooner"))
        wanted = self._denial()
        before = dict(policy or {"Version": "2012-10-17"})
        held = before.get("Statement", [])
        statements = held if isinstance(held, list) else [held]
        if wanted in statements:
            words = "the policy denies it already; the link is dead unless another address leads there"
            return Study(facts=tuple(told), plans=(), missing=(words,))
        after = {**before, "Statement": [*statements, wanted]}
        text = json.dumps(after)
        if len(text) > MOST_BYTES:
            words = "the bucket's policy would be longer than the service takes: shorten it first"
            return Study(facts=tuple(told), plans=(), missing=(words,))
        back = "aws s3api delete-bucket-policy --bucket " + self.bucket
        step = Step(
            id=buckets.POLICY,
            does=f"deny {what} of the bucket {self.bucket} to all that do not sign by header",
            why="a link is signed in its address; the session that signed it cannot be ended alone",
            call=s3.plan("put_bucket_policy", Bucket=self.bucket, Policy=text),
            permission="s3:PutBucketPolicy",
            breaks=(
                f"every other presigned link to {what}, and who reads it without signing in",
                *(
                    f"{each.id}: {each.words}"
                    for each in self.case.known
                    if (each.container, each.path) == (self.bucket, self.grant.key or "")
                ),
            ),
            undo=back if policy is None else f"take the statement {wanted['Sid']} out of the policy",
            before=buckets.NONE if policy is None else buckets.policy_words(policy),
            after=buckets.policy_words(after),
            repeatable=True,
        )
        plan = Plan(
            finding=self.case.finding,
            provider="s3",
            account=self.bucket,
            way=Way.FAST,
            steps=(step,),
            spares=("everything else in the bucket, and whoever signs by header: programs, the console",),
            then=(
                "revoke the role's older sessions, if more than this link may have leaked "
                "(IAM: the role, Revoke active sessions)",
                f"when the link has ended, take the statement {wanted['Sid']} out again",
            ),
        )
        return Study(facts=tuple(told), plans=(plan,))

    def _denial(self) -> dict[str, Any]:
        """Return the statement. All actions: a link does not tell for which one it was signed."""
        now = datetime.now(UTC)
        wish = Wish(
            id=self.case.finding,
            provider="s3",
            account=self.bucket,
            container=self.bucket,
            path=self.grant.key or "",
            rights=("read" if self.grant.key else "list",),
            ends_at=now,
        )
        made = statement(self._access, wish)
        return {**made, "Action": "s3:*"} if self.grant.key else made

    def probes(self) -> tuple[Tried, Tried, Tried]:
        """Ask with the link, with a new one of the owner's own, and as the owner by header.

        What a policy denies is refused after the signature was found right: a forged copy would be refused
        for another reason, and tell nothing. The new link, of which nobody knows, must be refused alike.
        """
        link = signed_link(self.case.credential)
        if link is None:
            raise UsageError("the link names no host to ask")
        what = What.CONTENT if link.name else What.NAMES
        first = FIRST_BYTE if link.name else ""
        headers = {"range": first} if first else {}
        query = {} if link.name else {"list-type": "2", "max-keys": "1"}

        def leaked() -> Request:
            return link.request(self._net, asked=PROVE, byte_range=first)

        def by_owner(by: Access) -> Request:
            return by.request(
                self._net, asked=PROVE, bucket=self.bucket, name=link.name, query=query, headers=headers
            )

        return (
            self._denied(leaked(), what),
            self._denied(self._new_link(link.name, query, first), what),
            self.tried_by(self.owner(), by_owner, what),
        )

    def _denied(self, request: Request, what: What) -> Tried:
        try:
            heard = hear(self._net, request, what, control=True)
        except OutOfScopeError:
            raise
        except RequestError:
            return Tried(status=None, code="")
        status, code = heard.answer.status, heard.answer.code
        return Tried(status=status, code=code, authentication=status == 403 and code == "AccessDenied")

    def _new_link(self, name: str, query: dict[str, str], first: str) -> Request:
        """Return a request with a link that the owner signs now, for nobody."""
        owner = self.owner()
        assert owner.key is not None
        root = self._placed().root(self._net, self.bucket, self.bucket)
        given = presign.parameters(
            owner.key,
            region=self._placed().region,
            at=datetime.now(UTC),
            seconds=int(_LOOKING.total_seconds()),
            more=query,
        )
        made = presign.link("GET", f"{root.url}/{quote(name, safe='/-._~')}", given, owner.key)
        before, _, signed = made.reveal().partition("?")
        parts = signed.split("&")
        secret = [each for each in parts if each.startswith(("X-Amz-Signature=", "X-Amz-Security-Token="))]
        shown = "&".join(each for each in parts if each not in secret)
        return Request(
            provider="s3",
            name=self.bucket,
            url=f"{before}?{shown}",
            secret_query=Secret("&".join(secret)),
            headers={"range": first} if first else {},
            host=root.host,
            asked="prove that any presigned link to it is refused",
        )
