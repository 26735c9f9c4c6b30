"""From a credential to what a request needs: whose account, at which hosts, and how it is signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from tidegate.model.credential import Credential
from tidegate.model.secret import Secret
from tidegate.providers._link import Link, read_link
from tidegate.providers.azure.account_key import connection_parts
from tidegate.providers.azure.hosts import ACCOUNT, read_host
from tidegate.providers.azure.sas import SIGNED

DEFAULT_SUFFIX = "core.windows.net"

STORAGE_KINDS = frozenset(["account_sas", "service_sas", "user_delegation_sas", "account_key", "anonymous"])
"""Kinds of grant that a storage account can be asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How requests with one credential are addressed and signed. Holds secrets, shows none."""

    account: str | None
    """`None` behind a custom domain, whose account is not known."""
    endpoint: str | None = None
    """Host and port the credential names; `None`: the public cloud's."""
    suffix: str = DEFAULT_SUFFIX
    zone: str = ""
    """`z13.` for accounts in a DNS zone."""
    path_style: bool = False
    """The account stands first in the path: emulators."""
    front: str = ""
    """The word in the host the credential names: `blob`, `dfs`, `file`, …, or `web` for a static site."""
    token: Mapping[str, str] = field(default_factory=dict, repr=False)
    """A shared access signature's parameters without `sig`, decoded, in their order."""
    signature: Secret | None = None
    key: Secret | None = None
    bearer: Secret | None = None
    """Token of somebody signed in with Entra: only ever the owner's own, for a control."""
    selects: Mapping[str, str] = field(default_factory=dict)
    """`snapshot` or `versionid` of the one blob that a link names."""

    @property
    def name(self) -> str:
        """What must be in scope: the account, or the custom domain."""
        return self.account or self.endpoint or ""

    @property
    def service(self) -> str:
        """The service that the credential's own address leads to."""
        return self.front if self.front in ("file", "queue", "table") else "blob"

    @property
    def anonymous(self) -> bool:
        """Requests carry no secret."""
        return self.signature is None and self.key is None and self.bearer is None

    def host(self, service: str) -> str | None:
        """Return the host of a service (`blob`, `dfs`, `file`, `queue`, `table`), `None` for one not known.

        Always the primary: a link to the replica or through a private endpoint works there too.
        """
        if self.account is None or self.path_style:
            return self.endpoint
        if self.front == "web" and service == "web":
            return self.endpoint
        return f"{self.account}.{self.zone}{service}.{self.suffix}"

    def query(self) -> Secret | None:
        """Return the signature's part of the query, encoded; `None` without one."""
        if self.signature is None:
            return None
        pairs = [*self.token.items(), ("sig", self.signature.reveal())]
        return Secret("&".join(f"{name}={quote(value, safe='')}" for name, value in pairs))

    def without_secret(self) -> Access:
        """Return the same address, asked as anyone."""
        return replace(self, token={}, signature=None, key=None, bearer=None)

    def altered(self) -> Access:
        """Return a copy whose signature or key differs in one character: no service may accept it."""
        if self.signature is not None:
            return replace(self, signature=_altered(self.signature))
        return replace(self, key=None if self.key is None else _altered(self.key))


def access_of(credential: Credential) -> Access | None:
    """Return how to ask with a credential; `None` when it does not say whom."""
    grant = credential.grant
    if grant.kind not in STORAGE_KINDS or (grant.account is None and grant.endpoint is None):
        return None
    if grant.account is not None and ACCOUNT.fullmatch(grant.account) is None:
        return None
    host = read_host(re.sub(r":\d{1,5}$", "", grant.endpoint or ""))
    access = Access(
        account=grant.account,
        endpoint=grant.endpoint,
        suffix=host.suffix or grant.facts.get("endpoint_suffix") or DEFAULT_SUFFIX,
        zone=host.zone,
        path_style=host.path_style,
        front=host.front,
    )
    if credential.secret is None:
        return access
    if grant.kind == "account_key":
        return replace(access, key=credential.secret)
    link = _link(credential)
    token = {name: link.get(name) for name in SIGNED if link.has(name)}
    selects = {name: link.get(name) for name in ("snapshot", "versionid") if link.get(name)}
    return replace(access, token=token, selects=selects, signature=credential.secret)


def _link(credential: Credential) -> Link:
    text = credential.text.reveal() if credential.text is not None else ""
    if "sharedaccesssignature=" in text.lower():
        return read_link("?" + connection_parts(text).get("sharedaccesssignature", "").lstrip("?"))
    return read_link(text)


def _altered(secret: Secret) -> Secret:
    """Change the fourth character: its bits are all used, in base64 of any length."""
    text = secret.reveal()
    other = "A" if text[3:4] != "A" else "B"
    return Secret(text[:3] + other + text[4:])
