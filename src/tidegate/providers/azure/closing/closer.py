"""One case of Azure: what hangs on the leaked credential, what ends it, and the three probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import product

from tidegate.errors import (
    NoAnswerError,
    NotDoneError,
    OutOfScopeError,
    RefusedError,
    RequestError,
    UsageError,
)
from tidegate.model.closing import Call, Case, Step, Study
from tidegate.model.secret import Secret
from tidegate.model.share import Tried
from tidegate.net.message import Sends, Writes
from tidegate.providers.azure import canonical
from tidegate.providers.azure.access import STORAGE_KINDS, Access, access_of
from tidegate.providers.azure.account_key import key_at_hand
from tidegate.providers.azure.ask import Ask, Client
from tidegate.providers.azure.closing import management, plans, policies
from tidegate.providers.azure.closing.management import Management, Placed
from tidegate.providers.azure.closing.policies import Held, Thing
from tidegate.providers.azure.closing.signer import signer
from tidegate.providers.azure.plan import blob_list_ask, plan

_STORAGE_RESOURCE = "https://storage.azure.com"

_SIGNATURE_CODES = ("AuthenticationFailed", "InvalidAuthenticationInfo", "KeyBasedAuthenticationNotPermitted")
"""Refusals that concern the signature; Azurite has `AuthorizationFailure` beside them."""

_CLOSED_TO_ANYONE = (
    "ResourceNotFound",
    "PublicAccessNotPermitted",
    "NoAuthenticationInformation",
    "AuthenticationFailed",
    "AuthorizationFailure",
)
"""What is said to who brings nothing, where nothing is open."""

_SKEW_S = 15 * 60
"""The service refuses a signed request whose time is further off than this.
Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key, "Specify the Date header"."""


class AzureClosing:
    """See `tidegate.plugins.Closing`."""

    id = "azure"
    guards: Mapping[str, Callable[[str, str | None], str | None]] = {management.PROVIDER: management.owner}

    def open(self, case: Case, net: Sends, writer: Writes, environment: Mapping[str, str]) -> AzureCloser:
        """Take the case. Raises `UsageError` for what no storage account can end."""
        grant = case.credential.grant
        access = access_of(case.credential)
        if grant.kind not in STORAGE_KINDS:
            raise UsageError(
                f"a {grant.kind.replace('_', ' ')} is not ended by a storage account",
                hint=grant.revocation.means,
            )
        if access is None or access.account is None:
            raise UsageError(
                "it is not known which storage account it belongs to",
                hint="Give the whole link or connection string with --credential-from.",
            )
        return AzureCloser(case, access, net, writer, environment)


class AzureCloser:
    """See `tidegate.plugins.Closer`."""

    def __init__(
        self, case: Case, access: Access, net: Sends, writer: Writes, environment: Mapping[str, str]
    ) -> None:
        self.case = case
        self.grant = case.credential.grant
        self.account = access.account or ""
        self.missing: list[str] = []
        self.asked: list[Call] = []
        """Requests with the verb of a write that were sent to learn something."""
        self._leaked = Client(access=access, net=net, clock=lambda: datetime.now(UTC))
        self._writer = writer
        self._environment = environment
        self._management = Management(self.account, access.suffix, net, writer, environment)
        self._net = net
        self._found: Placed | None = None
        self._no_management = ""
        self._keys: dict[str, Secret] = {}

    def study(self) -> Study:
        """Learn what hangs on it; see `Closer.study`."""
        self._leaked.base(self._leaked.access.service)  # out of scope: refused before anything is sent
        self._skewed()
        self.keys()
        return plans.study(self)

    # What the owner holds

    def placed(self) -> Placed | None:
        """Return where the account stands; `None`, with the reason in `missing`, where that is not known."""
        if self._found is None and not self._no_management:
            try:
                self._found = self._management.find()
            except (UsageError, OutOfScopeError, RefusedError, NoAnswerError) as why:
                self._no_management = f"{why}" + (f" ({why.hint})" if why.hint else "")
                self.missing.append(f"the control plane: {self._no_management}")
        return self._found

    def keys(self) -> dict[str, Secret]:
        """Return the account's keys by name, as read once; one where only the environment has it."""
        placed = self.placed()
        if placed is not None and not self._keys:
            call = self._management.call(placed, "POST", "listKeys")
            if call not in self.asked:
                self.asked.append(call)
            try:
                self._keys = self._management.keys(placed)
            except (RefusedError, NoAnswerError) as why:
                needs = "; it needs Microsoft.Storage/storageAccounts/listKeys/action"
                words = f"the account's keys: {why}{needs if isinstance(why, RefusedError) else ''}"
                if words not in self.missing:
                    self.missing.append(words)
        if not self._keys and (key := key_at_hand(self.account, self._environment)) is not None:
            self._keys = {"the key in the environment": key}
        return dict(self._keys)

    def owner(self) -> Client | None:
        """Return a client of the owner's: by a key, else by who is signed in; `None` without both."""
        placed = self._management.look(self._found) if self._found is not None else self.placed()
        access = self._leaked.access.without_secret()
        if placed is not None and not placed.shared_key:
            return replace(
                self._leaked, access=replace(access, bearer=self._management.token(_STORAGE_RESOURCE))
            )
        key = next(iter(self.keys().values()), None)
        if key is not None:
            return replace(self._leaked, access=replace(access, key=key))
        if placed is None:
            return None
        token = self._management.token(_STORAGE_RESOURCE)
        return replace(self._leaked, access=replace(access, bearer=token))

    def _owners(self) -> list[Client]:
        """Return a client for each of the account's keys: one may be so new that it is not served yet."""
        owner = self.owner()
        if owner is None or owner.access.key is None:
            return [] if owner is None else [owner]
        keys = reversed(list(self.keys().values()))
        return [replace(owner, access=replace(owner.access, key=key)) for key in keys]

    def signed_by(self) -> str | None:
        """Return the name of the key that the leaked credential is, or was signed with."""
        keys, access = self.keys(), self._leaked.access
        if self.grant.kind == "account_key":
            return next((name for name, key in keys.items() if key == access.key), None)
        if access.signature is None:
            return None
        grant = self.grant
        service = grant.services[0] if grant.services and "ss" not in access.token else "blob"
        target = canonical.Target(
            account=self.account,
            service=service,
            path="/".join(part for part in (grant.container, grant.key) if part),
            snapshot=next(iter(access.selects.values()), ""),
        )
        return signer(access.token, target, access.signature.fingerprint, keys)

    def thing(self) -> Thing | None:
        """Return the container, share, queue or table that it hangs on."""
        service = self.grant.services[0] if self.grant.services else "blob"
        return Thing(service=service, name=self.grant.container) if self.grant.container else None

    def held(self) -> Held:
        """Read the policies of that thing, as the owner. Raises `RequestError`, `UsageError`."""
        thing = self.thing()
        if thing is None:
            raise UsageError("it names no container")
        owner = self.owner()
        if owner is None:
            raise UsageError(
                f"no key of {self.account} is at hand, and policies are only read with one",
                hint="az login, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.",
            )
        if owner.access.key is None:
            raise UsageError(
                "shared key access is off, and policies are only read with a key",
                hint="Nothing that a key signed works while it is off.",
            )
        return policies.read(owner, thing)

    def public_containers(self) -> list[str]:
        """Return the names of the account's containers that are open to anyone, among the first 5,000."""
        from tidegate.providers.azure.containers import list_ask, read_list  # noqa: PLC0415

        owner = self.owner()
        if owner is None:
            return []
        found, _ = read_list("blob", owner.demand(list_ask("blob", 5000, {})))
        return [each.name for each in found if each.public]

    def management(self) -> Management:
        """Return the control plane."""
        return self._management

    def acl_call(self, held: Held) -> Call:
        """Return the request that makes it so."""
        thing = self.thing()
        assert thing is not None
        return policies.call(self._leaked, thing, held)

    # Carrying out

    def state(self, step: Step) -> str:
        """Read what a step changes; see `Closer.state`."""
        match step.id:
            case plans.SHARED_KEY:
                return plans.allowed("shared key access", self._look().shared_key)
            case plans.PUBLIC:
                return plans.allowed("anonymous access", self._look().public_access)
            case plans.POLICIES:
                return self.held().state
            case plans.DELEGATION:
                return self._delegation_state()
            case name:
                return plans.key_state(name, self._key_now(name))

    def do(self, step: Step) -> None:
        """Send the call of a step, once; see `Closer.do`."""
        self._keys = {} if step.id in self._keys else self._keys  # they change
        try:
            self._do(step)
        except (
            OutOfScopeError,
            UsageError,
        ) as why:  # stopped before a byte left, by the guard or for want of a key
            raise NotDoneError(str(why), hint=why.hint) from None

    def _do(self, step: Step) -> None:
        if step.id == plans.POLICIES:
            thing, owner = self.thing(), self.owner()
            if thing is None or owner is None or owner.access.key is None:
                raise NotDoneError(f"no key of {self.account} is at hand")
            policies.put(
                owner, thing, step.call, policies.read(owner, thing).changed, self._writer, step.does
            )
            return
        placed = self.placed()
        if placed is None:
            raise NotDoneError(f"the control plane cannot be asked: {self._no_management}")
        match step.id:
            case plans.SHARED_KEY:
                self._management.switch(placed, "allowSharedKeyAccess", False, step.call)
            case plans.PUBLIC:
                self._management.switch(placed, "allowBlobPublicAccess", False, step.call)
            case plans.DELEGATION:
                self._management.revoke_delegation(placed, step.call)
            case name:
                self._management.regenerate(placed, name, step.call)

    def _key_now(self, name: str) -> Secret:
        """Read one key. Raises `RequestError`: a key that cannot be read is not a new one."""
        placed = self.placed()
        if placed is None:
            raise NoAnswerError(f"the control plane cannot be asked: {self._no_management}")
        self._keys = self._management.keys(placed)
        if name not in self._keys:
            raise NoAnswerError(f"the control plane did not show {name}")
        return self._keys[name]

    def _look(self) -> Placed:
        placed = self.placed()
        if placed is None:
            raise NoAnswerError(f"the control plane cannot be asked: {self._no_management}")
        return self._management.look(placed)

    def _delegation_state(self) -> str:
        for ask in self._asks():
            tried = _tried(self._leaked, ask)
            if tried.authentication:
                return plans.REVOKED
            if tried.status is not None and tried.status < 500:
                return plans.IN_FORCE
        raise NoAnswerError("the service does not answer, so that it is not known whether the link works")

    # Proof

    def probes(self) -> tuple[Tried, Tried, Tried]:
        """Ask three times; see `Closer.probes`."""
        owners = self._owners()
        if not owners:
            raise UsageError(
                f"no key of {self.account} is at hand for the owner's control",
                hint="az login, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.",
            )
        if self.grant.kind == "anonymous":
            return self._anonymous(owners[0])
        asks = list(self._asks())
        control, ask = Tried(status=None, code=""), asks[0]
        for owner, ask in product(owners, asks):
            control = _tried(owner, ask)
            if control.status is not None and 200 <= control.status < 300:
                break
        return _tried(self._leaked, ask), _tried(self._leaked.altered(), ask), control

    def _anonymous(self, owner: Client) -> tuple[Tried, Tried, Tried]:
        grant = self.grant
        container = grant.container or "$root"
        lists = blob_list_ask(container, 1, {}, "prove whether a container is open to anyone")
        properties = Ask(
            service="blob",
            path=container,
            query={"restype": "container"},
            method="HEAD",
            words="prove whether a container is open to anyone",
        )
        first = properties
        if grant.key:
            first = Ask(service="blob", path=f"{container}/{grant.key}", method="HEAD", words=lists.words)
        return (
            _tried(self._leaked, first, anyone=True),
            _tried(self._leaked, lists, anyone=True),
            _tried(owner, lists),
        )

    def _asks(self) -> Iterator[Ask]:
        """Yield small reads that the leaked credential may do, then ones that any signature is judged by."""
        grant, access = self.grant, self._leaked.access
        words = "prove whether a leaked credential is dead"
        for service in grant.services or ("blob",):
            step = next(plan(service, grant.matrix.get(service, grant.permissions), grant, access), None)
            if step is not None:
                yield replace(step.ask, words=words)
        if grant.container and (not grant.services or "blob" in grant.services):
            yield blob_list_ask(grant.container, 1, {}, words)
        yield Ask(service="blob", query={"restype": "account", "comp": "properties"}, words=words)

    def _skewed(self) -> None:
        """Note a clock so far off that the service refuses whatever is signed on this machine."""
        ask = Ask(
            service=self._leaked.access.service,
            query={"restype": "account", "comp": "properties"},
            words="compare this machine's clock with the service's",
        )
        try:
            date = self._leaked.as_anyone().ask(ask).response.header("date")
            skew_s = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
        except (RequestError, ValueError, TypeError):
            return
        if abs(skew_s) > _SKEW_S:
            words = "ahead of" if skew_s > 0 else "behind"
            raise UsageError(
                f"this machine's clock is {abs(skew_s) / 60:,.0f} minutes {words} the service's, "
                "which refuses what is signed at another time",
                hint="Set the clock, then run again: nothing was changed.",
            )


def _tried(client: Client, ask: Ask, *, anyone: bool = False) -> Tried:
    try:
        reply = client.ask(ask)
    except OutOfScopeError:
        raise
    except RequestError:
        return Tried(status=None, code="")
    status = reply.response.status
    if anyone:
        closed = status in (401, 403, 404, 409) and reply.code in _CLOSED_TO_ANYONE
        return Tried(status=status, code=reply.code, authentication=closed)
    dead = reply.code in _SIGNATURE_CODES or (reply.emulated and reply.code == "AuthorizationFailure")
    return Tried(status=status, code=reply.code, authentication=status in (401, 403) and dead)


CLOSING = AzureClosing()
