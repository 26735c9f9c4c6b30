"""One case of S3: what hangs on the leaked credential or open bucket, what ends it, and the three probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tidegate.errors import (
    NoAnswerError,
    NotDoneError,
    OutOfScopeError,
    RefusedError,
    RequestError,
    UsageError,
)
from tidegate.model.closing import Case, Step, Study
from tidegate.model.grant import Grant
from tidegate.model.share import Tried
from tidegate.net.message import Request, Sends, Writes
from tidegate.providers.s3.access import Access, access_of
from tidegate.providers.s3.ask import FIRST_BYTE, What, hear
from tidegate.providers.s3.closing import buckets, keys
from tidegate.providers.s3.closing.sdk import Client, Sdk, Service
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.keys import account_of_key_id
from tidegate.providers.s3.probe_key import named_buckets
from tidegate.providers.s3.probe_open import list_one
from tidegate.providers.s3.signed import SignedLink, signed_link
from tidegate.providers.s3.where import Where, where

_KEY_KINDS = ("access_key", "presigned_url", "post_policy")
_PROVE = "prove whether a leaked credential is dead"
_PROVE_OPEN = "prove whether a bucket is open to anyone"
_NOT_THERE = "tidegate-proof-there-is-no-such-object"


class S3Closing:
    """See `tidegate.plugins.Closing`."""

    id = "s3"
    guards: Mapping[str, Callable[[str, str | None], str | None]] = {keys.PROVIDER: keys.owner}

    def open(self, case: Case, net: Sends, writer: Writes, environment: Mapping[str, str]) -> S3Closer:  # noqa: ARG002
        """Take the case; boto reads the environment itself. Raises `UsageError` for what IAM cannot end."""
        grant = case.credential.grant
        if grant.kind == "anonymous":
            if not grant.container:
                raise UsageError("it is not known which bucket it is", hint="Give its address, s3://bucket.")
            return OpenBucket(case, net, writer)
        if grant.kind not in _KEY_KINDS:
            raise UsageError(
                f"a {grant.kind.replace('_', ' ')} is not ended here", hint=grant.revocation.means
            )
        if not grant.signer:
            raise UsageError(
                "it is not known which key it is, or was signed with",
                hint="Give the key's id beside its secret with --credential-from.",
            )
        if grant.signer.startswith("ASIA"):
            raise UsageError(
                "it belongs to a session of a role: a session's key cannot be deactivated",
                hint=grant.revocation.means,
            )
        return KeyCase(case, net, writer)


class S3Closer:
    """What both kinds of case share; see `tidegate.plugins.Closer`."""

    def __init__(self, case: Case, net: Sends, writer: Writes) -> None:
        self.case = case
        self.grant = case.credential.grant
        self._net, self._writer = net, writer
        self._access = access_of(case.credential)
        self._sdk: Sdk | None = None

    def study(self) -> Study:
        raise NotImplementedError

    def state(self, step: Step) -> str:
        raise NotImplementedError

    def do(self, step: Step) -> None:
        raise NotImplementedError

    def probes(self) -> tuple[Tried, Tried, Tried]:
        raise NotImplementedError

    def sdk(self) -> Sdk:
        """Return Amazon's library with the owner's credentials. Raises `UsageError`."""
        if self._sdk is None:
            self._sdk = Sdk(self._net, self._writer)
        return self._sdk

    def owner(self) -> Access:
        """Return how the owner asks for the same thing."""
        return replace(self._access, key=self.sdk().owner)

    def tried(self, request: Callable[[], Request], what: What, *, anyone: bool = False) -> Tried:
        """Send one probe. anyone: nothing secret is sent, so that `AccessDenied` says: nobody is let in."""
        try:
            heard = hear(self._net, request(), what, control=True, anyone=anyone)
        except OutOfScopeError:
            raise
        except RequestError:
            return Tried(status=None, code="")
        dead = (Means.DENIED, Means.DEAD) if anyone else (Means.DEAD,)
        refused = heard.answer.status in (401, 403) and heard.means in dead
        return Tried(status=heard.answer.status, code=heard.answer.code, authentication=refused)


class KeyCase(S3Closer):
    """An access key, or a link that one signed."""

    def __init__(self, case: Case, net: Sends, writer: Writes) -> None:
        super().__init__(case, net, writer)
        self.key_id = self.grant.signer or ""
        self._made: Client | None = None

    def sdk(self) -> Sdk:
        found = super().sdk()
        if found.owner.key_id == self.key_id:
            raise UsageError(
                "the credentials found for the owner are the leaked key itself",
                hint="Sign in as somebody else who may change it: a key cannot prove its own end.",
            )
        return found

    def iam(self) -> Client:
        """Return the control plane. Raises `UsageError`, `OutOfScopeError`."""
        if self._made is None:
            host, region = keys.iam_of((self.grant.endpoint or "").lower())
            service = Service(
                self._net, "iam", provider=keys.PROVIDER, name=self.key_id, host=host, region=region
            )
            if self.grant.provider not in ("aws", "other") or (
                self.grant.provider == "other" and not service.at_endpoint
            ):
                raise UsageError(
                    f"the key is one of {_service(self.grant)}, not of Amazon",
                    hint='End it in that service, or name its IAM under [endpoints]: s3_management = "https://…".',
                )
            self._made = self.sdk().client(service)
        return self._made

    def study(self) -> Study:
        iam = self.iam()
        told = [("key", self.key_id)]
        account = account_of_key_id(self.key_id)
        if account:
            told.append(("account", f"{account}, as the key's id says"))
        facts = keys.learn(iam, self.key_id)
        if facts is None:
            words = (
                "the account of the owner's credentials has no such key: it is deleted, or another account's"
            )
            return Study(facts=tuple(told), plans=(), missing=(words,))
        told += [("user", facts.user), ("status", facts.status), ("use", facts.last_used)]
        told += [("other key", f"{each}, {status.lower()}") for each, status in facts.others]
        if facts.status == keys.INACTIVE:
            told.append(("note", "it is deactivated already; what is left is to delete it"))
        made = keys.plans(self.case, facts, iam, self.sdk().asked)
        return Study(facts=tuple(told), plans=tuple(made))

    def state(self, step: Step) -> str:
        user = _said(step.call.body, "UserName")
        return keys.listed(self.iam(), user).get(self.key_id, keys.GONE)

    def do(self, step: Step) -> None:
        if _said(step.call.body, "AccessKeyId") != self.key_id:
            raise NotDoneError("the step names another key than the one that leaked")
        self.iam().send(step.call, step.does)

    def probes(self) -> tuple[Tried, Tried, Tried]:
        link = signed_link(self.case.credential) if self.grant.kind == "presigned_url" else None
        return self._by_key() if link is None else self._by_link(link)

    def _by_link(self, link: SignedLink) -> tuple[Tried, Tried, Tried]:
        what = What.CONTENT if link.name else What.NAMES if link.bucket else What.BUCKETS
        first = FIRST_BYTE if what is What.CONTENT else ""
        owner = self.owner()
        query = {} if what is not What.NAMES else {"list-type": "2", "max-keys": "1"}
        headers = {"range": first} if first else {}
        leaked, wrong = (
            self.tried(
                lambda flip=flip: link.request(self._net, asked=_PROVE, byte_range=first, flip=flip),  # type: ignore[misc]
                what,
            )
            for flip in (False, True)
        )
        control = self.tried(
            lambda: owner.request(
                self._net, asked=_PROVE, bucket=link.bucket, name=link.name, query=query, headers=headers
            ),
            what,
        )
        return leaked, wrong, control

    def _by_key(self) -> tuple[Tried, Tried, Tried]:
        access, owner = self._access, self.owner()
        if access.key is None:
            raise UsageError(
                "the key itself is not known, so that its end cannot be proved",
                hint="Give it with --credential-from.",
            )
        found = named_buckets(self._net, access, self.case.credential)
        bucket = found[0] if found else ""
        what = What.NAMES if bucket else What.BUCKETS
        query = {"list-type": "2", "max-keys": "1"} if bucket else {}

        def ask(by: Access) -> Tried:
            return self.tried(lambda: by.request(self._net, asked=_PROVE, bucket=bucket, query=query), what)

        # The owner may ask for the list of all buckets only where the scope names the owner's key, too.
        if not bucket:
            control = self._control()
            return ask(access), ask(access.with_flipped_secret()), control
        return ask(access), ask(access.with_flipped_secret()), ask(owner)

    def _control(self) -> Tried:
        """Ask IAM for the key as the owner: the control where no bucket is known to ask for."""
        try:
            self.iam().read("list_users", "prove that the owner is served", MaxItems=1)
        except RefusedError as why:
            return Tried(status=why.status, code=why.code)
        except NoAnswerError:
            return Tried(status=None, code="")
        return Tried(status=200, code="")


class OpenBucket(S3Closer):
    """A bucket, or an object in it, that is open to anyone."""

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
                    f"the bucket is one of {_service(self.grant)}, not of Amazon",
                    hint='Shut it in that service, or name it under [endpoints]: s3 = "https://…".',
                )
            self._made = self.sdk().client(service)
        return self._made

    def _placed(self) -> Where:
        """Return where the bucket is: signatures are for one region, and Amazon tells which."""
        found = list_one(self._net, self.owner(), self.bucket, control=True)[-1]
        return found.access.where if found.access is not None else where(self.grant)

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

    def state(self, step: Step) -> str:
        return buckets.state(self.s3(), self.bucket, step.id)

    def do(self, step: Step) -> None:
        self.s3().send(step.call, step.does)

    def probes(self) -> tuple[Tried, Tried, Tried]:
        anyone, owner = self._access.without_key(), self.owner()
        name = self.grant.key if self.grant.key and not self.grant.key.endswith("/") else ""
        what = What.CONTENT if name else What.NAMES
        headers = {"range": FIRST_BYTE} if name else {}
        query = {} if name else {"list-type": "2", "max-keys": "1"}

        def ask(by: Access, name: str, what: What, query: Mapping[str, str]) -> Tried:
            def request() -> Request:
                return by.request(
                    self._net, asked=_PROVE_OPEN, bucket=self.bucket, name=name, query=query, headers=headers
                )

            return self.tried(request, what, anyone=by.key is None)

        return (
            ask(anyone, name, what, query),
            ask(anyone, _NOT_THERE, What.CONTENT, {}),
            ask(owner, name, what, query),
        )


def _service(grant: Grant) -> str:
    return grant.facts.get("service") or "an unknown service"


def _said(body: str, name: str) -> str:
    """Return a parameter of a request to IAM."""
    from urllib.parse import parse_qs  # noqa: PLC0415

    return parse_qs(body).get(name, [""])[0]


CLOSING = S3Closing()
