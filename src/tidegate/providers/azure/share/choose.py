"""Which kind of link serves: by user delegation where somebody is signed in with Entra, else by a policy."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tidegate.errors import UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Wish
from tidegate.net.message import Sends, Writes
from tidegate.providers.azure.access import DEFAULT_SUFFIX, Access
from tidegate.providers.azure.account_key import key_at_hand
from tidegate.providers.azure.ask import Client
from tidegate.providers.azure.hosts import ACCOUNT
from tidegate.providers.azure.share.delegation import LONGEST, DelegationHands
from tidegate.providers.azure.share.hands import AzureHands
from tidegate.providers.azure.share.policies import PolicyHands

_CONTAINER: Final = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}|\$web|\$root")
_IDENTITIES: Final = ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "MSI_ENDPOINT")
"""Variables by which Azure's own libraries know who they are."""
_RESOURCE: Final = "https://storage.azure.com/.default"


class AzureShare:
    """See `tidegate.share.seam.Sharing`."""

    id = "azure"

    def place(self, text: str) -> tuple[str, str, str] | None:
        """Return account, container and path of `az://account/container/path`; `None` for other texts."""
        found = re.fullmatch(r"(?:az|azure)://([^/?#]+)/([^/?#]+)(?:/([^?#]*))?", text.strip(), re.IGNORECASE)
        if found is None:
            return None
        account, container, path = found[1].lower(), found[2], found[3] or ""
        if ACCOUNT.fullmatch(account) is None or _CONTAINER.fullmatch(container) is None:
            raise UsageError("no account or container of Azure has such a name")
        if len(path) > 1024:
            raise UsageError("no blob of Azure has so long a name")
        return account, container, path

    def host(self, account: str, container: str) -> tuple[str, str]:  # noqa: ARG002 - accounts are what counts
        return account, f"{account}.blob.{DEFAULT_SUFFIX}"

    def at_home(self, wish: Wish, link: Secret) -> Secret:
        path = f"{wish.container}/{wish.path}" if wish.path else wish.container
        query = link.reveal().partition("?")[2]
        return Secret(f"https://{wish.account}.blob.{DEFAULT_SUFFIX}/{quote(path, safe='/~')}?{query}")

    def hands(
        self, wish: Wish, environment: Mapping[str, str], net: Sends, writer: Writes, *, kind: str = ""
    ) -> AzureHands:
        """Return the safest hands.

        Somebody who is signed in comes first: no key of the account is needed, and the link dies in seven
        days whatever is done. Where only a key is at hand nobody is looked for: that would ask the network.
        """
        key = key_at_hand(wish.account, environment)
        long = wish.ends_at - datetime.now(UTC) > LONGEST
        if kind == "user_delegation_sas" or (
            not kind and not long and (key is None or _somebody(environment))
        ):
            if long:
                raise UsageError("a user delegation link lives seven days at most", hint="Shorten --for.")
            token = _token(needed=key is None or bool(kind))
            if token is not None:
                access = Access(account=wish.account, front="blob", bearer=token)
                hands = DelegationHands(wish, _client(access, net), net, writer)
                if key is not None and not kind:
                    hands.lesser = _by_key(wish, key, net, writer)
                return hands
        if key is None:
            raise UsageError(
                f"no key of {wish.account} is at hand"
                + (", and a link of user delegation lives seven days at most" if long and not kind else ""),
                hint="Sign in (az login) with 'tidegate[azure]' installed; or set AZURE_STORAGE_ACCOUNT and "
                "AZURE_STORAGE_KEY, or AZURE_STORAGE_CONNECTION_STRING.",
            )
        return _by_key(wish, key, net, writer)


def _by_key(wish: Wish, key: Secret, net: Sends, writer: Writes) -> PolicyHands:
    return PolicyHands(wish, _client(Access(account=wish.account, front="blob", key=key), net), net, writer)


def _client(access: Access, net: Sends) -> Client:
    return Client(access=access, net=net, clock=lambda: datetime.now(UTC))


def _somebody(environment: Mapping[str, str]) -> bool:
    """Tell whether somebody seems to be signed in, without asking anybody."""
    folder = environment.get("AZURE_CONFIG_DIR", "")
    profile = Path(folder) if folder else Path(environment.get("HOME", "/nonexistent")) / ".azure"
    return any(environment.get(name) for name in _IDENTITIES) or (profile / "azureProfile.json").is_file()


def _token(*, needed: bool) -> Secret | None:
    """Return a token of Azure's default chain. Its own requests are made by its library, not by ours."""
    try:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - 0.3 s, and only here
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415
    except ImportError:
        if needed:
            raise UsageError(
                "no key of the account is at hand, and to sign in needs a package that is not there",
                hint="pip install 'tidegate[azure]', or set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.",
            ) from None
        return None
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        with DefaultAzureCredential() as chain:
            return Secret(str(chain.get_token(_RESOURCE).token))
    except (AzureError, ValueError, OSError):
        # Not their words: they tell everything that was tried on this machine.
        if needed:
            raise UsageError(
                "nobody is signed in to Azure, and no key of the account is at hand",
                hint="az login; or set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.",
            ) from None
        return None


SHARE = AzureShare()
