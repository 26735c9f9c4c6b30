"""One case of S3: which it is; a key, or the one that signed a link, and the three probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qs

from tidegate.errors import NoAnswerError, NotDoneError, RefusedError, UsageError
from tidegate.model.closing import Case, Step, Study
from tidegate.model.share import Tried
from tidegate.net.message import Sends, Writes
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.ask import FIRST_BYTE, What
from tidegate.providers.s3.closing import keys
from tidegate.providers.s3.closing.base import PROVE, S3Closer, service_words
from tidegate.providers.s3.closing.links import SessionLink
from tidegate.providers.s3.closing.open_bucket import OpenBucket
from tidegate.providers.s3.closing.sdk import Client, Sdk, Service
from tidegate.providers.s3.keys import account_of_key_id
from tidegate.providers.s3.probe_key import named_buckets
from tidegate.providers.s3.signed import SignedLink, signed_link

_KEY_KINDS = ("access_key", "presigned_url", "post_policy")


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
        session = grant.signer.startswith("ASIA")
        if session and grant.kind == "presigned_url" and grant.container:
            return SessionLink(case, net, writer)
        if session:
            raise UsageError(
                "it belongs to a session of a role: a session's key cannot be deactivated",
                hint=grant.revocation.means,
            )
        return KeyCase(case, net, writer)


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
                hint = (
                    'End it in that service, or name its IAM under [endpoints]: s3_management = "https://…".'
                )
                if self.grant.provider == "gcp":
                    hint = f"gcloud storage hmac update {self.key_id} --deactivate"
                raise UsageError(f"the key is one of {service_words(self.grant)}, not of Amazon", hint=hint)
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
        reads = [*self.sdk().asked]
        if self.grant.kind == "access_key" and not named_buckets(
            self._net, self._access, self.case.credential
        ):
            reads.append(iam.plan("list_users", MaxItems=1))  # the owner's control, see `_control`
        made = keys.plans(self.case, facts, iam, reads)
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
            self.tried(partial(link.request, self._net, asked=PROVE, byte_range=first, flip=flip), what)
            for flip in (False, True)
        )
        control = self.tried_by(
            owner,
            lambda by: by.request(
                self._net, asked=PROVE, bucket=link.bucket, name=link.name, query=query, headers=headers
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
            return self.tried_by(
                by, lambda one: one.request(self._net, asked=PROVE, bucket=bucket, query=query), what
            )

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


def _said(body: str, name: str) -> str:
    """Return a parameter of a request to IAM."""
    return parse_qs(body).get(name, [""])[0]


CLOSING = S3Closing()
