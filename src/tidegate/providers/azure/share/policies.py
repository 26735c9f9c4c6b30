"""Service SAS that hang on a stored access policy made for them: removing it ends them, and nothing else.

Sources: learn.microsoft.com/rest/api/storageservices/define-stored-access-policy (five policies a container,
up to 30 seconds until one takes effect), …/set-container-acl (all policies are one list; it takes
`If-Unmodified-Since` and no other condition), …/get-container-acl.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from tidegate.errors import NotDoneError, UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted, Wish
from tidegate.net.message import Sends, Writes
from tidegate.providers._sharing import LOOKING
from tidegate.providers.azure.ask import Client
from tidegate.providers.azure.closing import policies
from tidegate.providers.azure.closing.policies import Held, Policy, Thing
from tidegate.providers.azure.share.hands import SIGNED_VERSION, AzureHands

MOST_POLICIES: Final = 5
_TRIES: Final = 4
"""Of a change that somebody else's came before: refused as such, it was surely not made."""
_REVOCATION: Final = "removing the stored access policy {policy}: no other link ends with it"


class PolicyHands(AzureHands):
    """Signs with an account key; see `tidegate.share.seam.Hands`."""

    kind = "service_sas"

    def __init__(
        self,
        wish: Wish,
        owner: Client,
        net: Sends,
        writer: Writes,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(wish, owner, net, writer)
        key = owner.access.key
        assert key is not None
        self._key = key
        self._wait = wait
        self._thing = Thing(service="blob", name=wish.container)

    def policy(self) -> str:
        return f"tidegate-{self.wish.id}"

    def looking(self) -> Secret:
        ends = f"{self.now + LOOKING:%Y-%m-%dT%H:%M:%SZ}"
        parameters = {
            "sv": SIGNED_VERSION,
            "sp": "r" if self.wish.path else "rl",
            "se": ends,
            "sr": self.level(),
            "spr": self.protocols(),
        }
        return self.link(parameters, self._key, canonical_host=True)

    def mint(self, found: Found) -> Minted:
        """Make the policy, then the link."""
        policy, container = self.policy(), self.wish.container

        def more(held: Held) -> Held:
            if len(held.policies) >= MOST_POLICIES:
                raise UsageError(
                    f"{container} has {len(held.policies)} stored access policies, and no more are allowed",
                    hint="Revoke a share of it (tidegate share list), or remove a policy that nobody needs.",
                )
            if held.policy(policy) is not None:  # it would bring dead links to life
                raise UsageError(f"there is a policy {policy} already: nothing was made", hint="Try again.")
            ends = f"{found.ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            new = Policy(name=policy, expires=ends, permissions=self.letters())
            return replace(held, policies=(*held.policies, new))

        self._change(more, f"make the policy {policy}")
        parameters = {
            "sv": SIGNED_VERSION,
            "si": policy,
            "sr": self.level(),
            "spr": self.protocols(),
            **({"sip": self.wish.ip} if self.wish.ip else {}),
        }
        return Minted(
            link=self.again(parameters),
            kind=self.kind,
            policy=policy,
            parameters=parameters,
            revocation=_REVOCATION.format(policy=policy),
            signer=f"a key of {self.wish.account}",
        )

    def unfinished(self, policy: str) -> Secret | None:
        return self.again({"sv": SIGNED_VERSION, "si": policy, "sr": self.level(), "spr": self.protocols()})

    def again(self, parameters: Mapping[str, str]) -> Secret:
        return self.link(parameters, self._key)

    def end(self, policy: str, parameters: Mapping[str, str]) -> Ending:  # noqa: ARG002 - the policy is all
        """Remove the policy."""

        def without(held: Held) -> Held | None:
            return None if held.policy(policy) is None else held.without(policy)

        removed = self._change(without, f"remove the policy {policy}")
        return Ending(
            done=True,
            words=f"the policy {policy} was removed" if removed else f"the policy {policy} was gone before",
        )

    def _change(self, make: Callable[[Held], Held | None], words: str) -> bool:
        """Read what stands, and write what `make` makes of it; `False` when it makes `None`.

        The service knows only whole seconds: a change within the second of the last one would not be
        noticed, so that one waits for it to pass. A write that the condition stops was not done, and begins
        anew.
        """
        for tried in range(1, _TRIES + 1):
            held = policies.read(self.owner, self._thing)
            if _same_second(held):
                self._wait(1.1)
                held = policies.read(self.owner, self._thing)
            wanted = make(held)
            if wanted is None:
                return False
            call = policies.call(self.owner, self._thing, wanted)
            try:
                policies.put(self.owner, self._thing, call, held.changed, self.writer, words)
            except NotDoneError as why:
                if not str(why).startswith("412"):
                    raise NotDoneError(f"could not {words}: {why}") from None
                if tried == _TRIES:
                    hint = "Others go on changing it: try again."
                    raise NotDoneError(f"could not {words}: {why}", hint=hint) from None
            else:
                return True
        return False  # never reached: the last try raises


def _same_second(held: Held) -> bool:
    """Tell whether the last change may have been in this very second of the service."""
    try:
        changed = parsedate_to_datetime(held.changed)
        told = parsedate_to_datetime(held.told_at) if held.told_at else datetime.now(UTC)
        return abs(told - changed) < timedelta(seconds=1)
    except (ValueError, TypeError):
        return False
