"""What a provider offers so that one can share of it: `SHARE` in `tidegate.providers.<id>.share`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

from tidegate.errors import UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted, Tried, Wish
from tidegate.net.message import Sends, Writes

PROVIDERS: Final = ("azure", "s3", "gcs")


class Hands(Protocol):
    """The owner's hands on one container or object: makes a link and ends it. Holds secrets, shows none.

    Methods that ask raise `RequestError`.
    """

    kind: str
    """Of the links, as `Grant.kind`."""
    ends_within_s: float
    """How long the service may take to notice that a link was ended."""
    controls: tuple[str, str, str]
    """Whom `probes` asks as."""

    def find(self, lives: timedelta) -> Found:
        """See that what is to be shared is there, and what time it is there. Reads only."""
        ...

    def looking(self) -> Secret:
        """Return a link of our own, for a quarter of an hour, to read what is shared. Is never shown."""
        ...

    def policy(self) -> str:
        """Return the name of what will be made for the link: known, and written down, before it is made."""
        ...

    def mint(self, found: Found) -> Minted:
        """Make it. `NotDoneError` and `UsageError` say that nothing was made; others leave that open."""
        ...

    def again(self, parameters: Mapping[str, str]) -> Secret:
        """Return the link that these parameters make with what is at hand now."""
        ...

    def end(self, policy: str, parameters: Mapping[str, str]) -> Ending:
        """End it, if that can be done without ending others. May be repeated."""
        ...

    def probes(self, link: Secret) -> tuple[Tried, Tried, Tried]:
        """Ask with the link, with a control that must be refused alike, and as the owner. Reads only."""
        ...

    def unfinished(self, policy: str) -> Secret | None:
        """Return a link as one would be whose making was cut off; `None` where nothing is left of one."""
        ...

    def instead(self) -> Hands | None:
        """Return other hands, for when these are refused."""
        ...

    def beside(self, path: str) -> bool:
        """Tell whether there is another object of that name, as far as one may see."""
        ...

    def open_to_anyone(self) -> bool:
        """Tell whether what is shared answers without any link."""
        ...


class Sharing(Protocol):
    """One provider."""

    id: str

    def place(self, text: str) -> tuple[str, str, str] | None:
        """Return account, container and path of a target; `None` for one of another provider.

        Raises `UsageError` for names that the provider cannot have.
        """
        ...

    def host(self, account: str, container: str) -> tuple[str, str]:
        """Return the name that must be in scope, and the host that stands for it."""
        ...

    def at_home(self, wish: Wish, link: Secret) -> Secret:
        """Return a link at the service's own address, where the host is no part of what is signed.

        An endpoint of the scope file may hide whose it is.
        """
        ...

    def hands(
        self, wish: Wish, environment: Mapping[str, str], net: Sends, writer: Writes, *, kind: str = ""
    ) -> Hands:
        """Return the safest hands there are for a wish. Raises `UsageError` when there are none.

        kind: of the links; empty: the safest that serves.
        """
        ...


def sharing(provider: str) -> Sharing:
    """Return one provider."""
    found: Sharing = importlib.import_module(f"tidegate.providers.{provider}.share").SHARE
    return found


def place(target: str) -> tuple[Sharing, tuple[str, str, str]]:
    """Return whose a target is, and account, container and path. Raises `UsageError`."""
    try:
        target.encode()
    except UnicodeEncodeError:
        raise UsageError("the target holds bytes that are no text") from None
    for provider in PROVIDERS:
        each = sharing(provider)
        found = each.place(target)
        if found is not None:
            return each, found
    raise UsageError(
        "no address that can be shared",
        hint="It is written az://account/container/path, s3://bucket/key or gs://bucket/name.",
    )
