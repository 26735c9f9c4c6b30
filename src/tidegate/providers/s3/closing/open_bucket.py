"""One open bucket: what lets anyone in is taken away, and the three probes."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.errors import UsageError
from tidegate.model.closing import Case, Step, Study
from tidegate.model.share import Tried
from tidegate.net.message import Request, Sends, Writes
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.ask import FIRST_BYTE, What
from tidegate.providers.s3.closing import buckets
from tidegate.providers.s3.closing.base import S3Closer, service_words
from tidegate.providers.s3.closing.sdk import Client, Service
from tidegate.providers.s3.probe_open import list_one
from tidegate.providers.s3.where import Where, where

_PROVE_OPEN = "prove whether a bucket is open to anyone"
_NOT_THERE = "tidegate-proof-there-is-no-such-object"


class BucketCase(S3Closer):
    """What is ended by changing a bucket."""

    def __init__(self, case: Case, net: Sends, writer: Writes) -> None:
        super().__init__(case, net, writer)
        self.bucket = self.grant.container or ""
        self._made: Client | None = None

    def s3(self) -> Client:
        """Return the bucket's service. Raises `UsageError`, `OutOfScopeError`."""
        if self._made is None:
            place = self._placed()
            service = Service(
                self._net,
                "s3",
                provider=place.provider,
                name=self.bucket,
                host=f"{self.bucket}.{place.host}",
                region=place.region,
            )
            if self.grant.provider != "aws" and not service.at_endpoint:
                raise UsageError(
                    f"the bucket is one of {service_words(self.grant)}, not of Amazon",
                    hint='Shut it in that service, or name it under [endpoints]: s3 = "https://…".',
                )
            self._made = self.sdk().client(service)
        return self._made

    def _placed(self) -> Where:
        """Return where the bucket is: signatures are for one region, and Amazon tells which."""
        found = list_one(self._net, self.owner(), self.bucket, control=True)[-1]
        return found.access.where if found.access is not None else where(self.grant)

    def state(self, step: Step) -> str:
        return buckets.state(self.s3(), self.bucket, step.id)

    def do(self, step: Step) -> None:
        self.s3().send(step.call, step.does)


class OpenBucket(BucketCase):
    """A bucket, or an object in it, that is open to anyone."""

    def study(self) -> Study:
        shut = buckets.learn(self.s3(), self.bucket)
        told = (
            ("bucket", self.bucket),
            ("block", "this service has none" if shut.block is None else buckets.block_words(shut.block)),
            ("policy", "none" if shut.policy is None else buckets.policy_words(shut.policy)),
            ("access list", buckets.acl_words(shut.acl) if shut.acl else "none"),
            ("note", "the account's own public access block is left alone: it would shut every bucket"),
        )
        made, missing = buckets.plans(self.case, self.bucket, shut, self.s3())
        return Study(facts=told, plans=tuple(made), missing=tuple(missing))

    def probes(self) -> tuple[Tried, Tried, Tried]:
        anyone, owner = self._access.without_key(), self.owner()
        name = self.grant.key if self.grant.key and not self.grant.key.endswith("/") else ""
        what = What.CONTENT if name else What.NAMES
        headers = {"range": FIRST_BYTE} if name else {}
        query = {} if name else {"list-type": "2", "max-keys": "1"}

        def ask(by: Access, name: str, what: What, query: Mapping[str, str]) -> Tried:
            def make(one: Access) -> Request:
                return one.request(
                    self._net, asked=_PROVE_OPEN, bucket=self.bucket, name=name, query=query, headers=headers
                )

            return self.tried_by(by, make, what)

        return (
            ask(anyone, name, what, query),
            ask(anyone, _NOT_THERE, What.CONTENT, {}),
            ask(owner, name, what, query),
        )
