"""Service SAS that hang on a stored access policy made for them: removing the policy ends them, and nothing else.

Sources: learn.microsoft.com/rest/api/storageservices/define-stored-access-policy (five policies a container,
up to 30 seconds until one takes effect), …/set-container-acl, …/get-container-acl.
"""  # noqa: E501

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, urlsplit

from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError, RequestError, UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Minted, Tried, Wish
from tidegate.net.message import Sends
from tidegate.net.writer import Write, Writer
from tidegate.providers.azure import canonical
from tidegate.providers.azure.access import Access
from tidegate.providers.azure.account_key import connection_parts
from tidegate.providers.azure.ask import API_VERSION, Ask, Client
from tidegate.providers.azure.hosts import ACCOUNT
from tidegate.providers.azure.plan import blob_list_ask
from tidegate.providers.azure.sharedkey import authorization

MOST_POLICIES = 5
ENDS_WITHIN_S = 35
"""A removed policy may go on for 30 seconds."""

_SIGNED_VERSION = "2021-12-02"
_CONTAINER = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}|\$web|\$root")
_POLICY = re.compile(r"<SignedIdentifier>.*?</SignedIdentifier>", re.DOTALL)
_LETTERS = (("read", "r"), ("write", "w"), ("list", "l"))
_REVOCATION = "removing the stored access policy {policy}: no other link ends with it"


class AzureShare:
    """See `tidegate.plugins.Sharing`."""

    id = "azure"
    ends_within_s = ENDS_WITHIN_S

    def place(self, text: str) -> tuple[str, str, str] | None:
        """Return account, container and path of `az://account/container/path`; `None` for other texts."""
        found = re.fullmatch(r"(?:az|azure)://([^/?#]+)/([^/?#]+)(?:/([^?#]*))?", text.strip(), re.IGNORECASE)
        if found is None:
            return None
        account, container, path = found[1].lower(), found[2], found[3] or ""
        if ACCOUNT.fullmatch(account) is None or _CONTAINER.fullmatch(container) is None:
            raise UsageError("no account or container of Azure has such a name")
        return account, container, path

    def owner(self, account: str, environment: Mapping[str, str]) -> Secret | None:
        """Return the account's key from the variables that Azure's own tools read; `None` without one."""
        parts = connection_parts(environment.get("AZURE_STORAGE_CONNECTION_STRING", ""))
        key = parts.get("accountkey", "") if parts.get("accountname", "").lower() == account else ""
        if not key and environment.get("AZURE_STORAGE_ACCOUNT", account).lower() == account:
            key = environment.get("AZURE_STORAGE_KEY", "")
        if not key:
            return None
        try:
            base64.b64decode(key, validate=True)
        except binascii.Error:
            raise UsageError("the account key in the environment is not base64") from None
        return Secret(key)

    def policy(self, wish: Wish) -> str:
        """Return the name of the policy that will be made for it: known before anything is sent."""
        return f"tidegate-{wish.id}"

    def mint(self, wish: Wish, key: Secret, net: Sends, writer: Writer) -> Minted:
        """Make the policy, then the link. Raises `RequestError`; what stands then is known by the journal."""
        client = _client(wish.account, key, net)
        notes = []
        if wish.path:
            client.demand(
                Ask(
                    service="blob",
                    path=_path(wish),
                    method="HEAD",
                    words="find the object that is to be shared",
                )
            )
        base = _base(client, wish)
        policies, headers = _policies(client, wish.container)
        policy = self.policy(wish)
        if len(policies) >= MOST_POLICIES:
            raise UsageError(
                f"{wish.container} has {len(policies)} stored access policies, and no more are allowed",
                hint="Revoke a share of it (tidegate share list), or remove a policy that nobody needs.",
            )
        skew = _skew_s(headers)
        if abs(skew) > 60:
            notes.append(
                f"this machine's clock is {abs(skew) / 60:.0f} minutes {'ahead' if skew > 0 else 'behind'}: the service ends the link by its own"  # noqa: E501
            )
        _put(
            client, wish, [*policies, _policy_xml(policy, wish)], headers, writer, f"make the policy {policy}"
        )
        plain = base.startswith("http://")
        parameters = {
            "sv": _SIGNED_VERSION,
            "si": policy,
            "sr": "b" if wish.path else "c",
            "spr": "https,http" if plain else "https",
            **({"sip": wish.ip} if wish.ip else {}),
        }
        if plain:
            notes.append(
                "the endpoint of the scope file has no https: the link works without encryption, on this machine"  # noqa: E501
            )
        return Minted(
            link=self.again(wish, parameters, key, net),
            kind="service_sas",
            policy=policy,
            parameters=parameters,
            revocation=_REVOCATION.format(policy=policy),
            notes=tuple(notes),
        )

    def again(self, wish: Wish, parameters: Mapping[str, str], key: Secret, net: Sends) -> Secret:
        """Return the link that these parameters and this key make. Nothing is sent."""
        base = _base(_client(wish.account, key, net), wish)
        signature = _signature(wish, parameters, key)
        query = "&".join(
            f"{name}={quote(value, safe='')}" for name, value in {**parameters, "sig": signature}.items()
        )
        options = "" if wish.path else "&restype=container&comp=list" if "list" in wish.rights else ""
        return Secret(f"{base}/{quote(_path(wish), safe='/~')}?{query}{options}")

    def revoke(self, wish: Wish, policy: str, key: Secret, net: Sends, writer: Writer) -> bool:
        """Remove the policy; `False` when it was gone before. Raises `RequestError`."""
        client = _client(wish.account, key, net)
        policies, headers = _policies(client, wish.container)
        left = [each for each in policies if f"<Id>{policy}</Id>" not in each]
        if len(left) == len(policies):
            return False
        _put(client, wish, left, headers, writer, f"remove the policy {policy}")
        return True

    def probes(
        self, wish: Wish, parameters: Mapping[str, str], key: Secret, net: Sends
    ) -> tuple[Tried, Tried, Tried]:
        """Ask with the link, with a forged copy, and as the owner: reads without content."""
        owner = _client(wish.account, key, net)
        signature = Secret(_signature(wish, parameters, key))
        access = Access(account=wish.account, front="blob", token=parameters, signature=signature)
        link = Client(access=access, net=net, clock=owner.clock)
        return _tried(link, wish), _tried(link.altered(), wish), _tried(owner, wish)


def _client(account: str, key: Secret, net: Sends) -> Client:
    return Client(
        access=Access(account=account, front="blob", key=key), net=net, clock=lambda: datetime.now(UTC)
    )


def _path(wish: Wish) -> str:
    return f"{wish.container}/{wish.path}" if wish.path else wish.container


def _base(client: Client, wish: Wish) -> str:
    """Return the address links begin with. Raises `OutOfScopeError` for one without encryption, beyond loopback."""  # noqa: E501
    url = client._base("blob").url
    host = urlsplit(url).hostname or ""
    if url.startswith("http://"):
        try:
            local = ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = host == "localhost"
        if not local:
            raise OutOfScopeError(f"the endpoint for {wish.account} has no https: no link is made for it")
    return url


def _signature(wish: Wish, parameters: Mapping[str, str], key: Secret) -> str:
    target = canonical.Target(account=wish.account, path=_path(wish))
    return canonical.sign(canonical.string_to_sign(parameters, target), key.reveal())


def _policies(client: Client, container: str) -> tuple[list[str], Mapping[str, str]]:
    """Return the policies that stand, each as the service wrote it, and the answer's headers."""
    ask = Ask(
        service="blob",
        path=container,
        query={"restype": "container", "comp": "acl"},
        words="read the container's policies",
    )
    response = client.demand(ask)
    text = response.body.decode("utf-8-sig", "replace")
    found = _POLICY.findall(text)
    if "<!" in text or text.count("<SignedIdentifier>") != len(found):
        raise NoAnswerError("could not read the container's policies: the answer is none that is known")
    return found, response.headers


def _policy_xml(policy: str, wish: Wish) -> str:
    letters = "".join(letter for right, letter in _LETTERS if right in wish.rights)
    ends = wish.ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    inside = f"<Expiry>{ends}</Expiry><Permission>{letters}</Permission>"
    return f"<SignedIdentifier><Id>{policy}</Id><AccessPolicy>{inside}</AccessPolicy></SignedIdentifier>"


def _put(
    client: Client, wish: Wish, policies: list[str], headers: Mapping[str, str], writer: Writer, words: str
) -> None:
    """Write the whole list back: public access as it was, and only if nobody changed it in between."""
    access, key = client.access, client.access.key
    assert key is not None
    url = f"{client._base('blob').url}/{wish.container}?restype=container&comp=acl"
    body = f'<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>{"".join(policies)}</SignedIdentifiers>'.encode()  # noqa: E501
    sent = {
        "x-ms-version": API_VERSION,
        "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True),
        "Content-Type": "application/xml",
    }
    if headers.get("x-ms-blob-public-access"):
        sent["x-ms-blob-public-access"] = headers["x-ms-blob-public-access"]
    if headers.get("last-modified"):
        sent["If-Unmodified-Since"] = headers["last-modified"]
    signed = authorization(wish.account, key, "PUT", url, {**sent, "Content-Length": str(len(body))})
    writer.announce("PUT", url)
    response = writer.send(
        Write(
            method="PUT",
            provider="azure",
            name=access.name,
            url=url,
            headers=sent,
            secret_headers={"Authorization": signed},
            body=body,
            asked=words,
        )
    )
    if response.status != 200:
        code = response.header("x-ms-error-code")
        code = code if re.fullmatch(r"[A-Za-z]{1,80}", code) else "no code"
        hint = "Somebody else changed it at the same time: try again." if response.status == 412 else ""
        raise RefusedError(
            f"could not {words}: {response.status} {code}", status=response.status, code=code, hint=hint
        )


def _tried(client: Client, wish: Wish) -> Tried:
    if wish.path:
        ask = Ask(
            service="blob", path=_path(wish), method="HEAD", words="prove whether a shared link is dead"
        )
    else:
        ask = blob_list_ask(wish.container, 1, {}, "prove whether a shared link is dead")
    try:
        reply = client.ask(ask)
    except OutOfScopeError:
        raise
    except RequestError:
        return Tried(status=None, code="")
    status = reply.response.status
    # Codes of Azure for a signature that is none; Azurite has AuthorizationFailure beside.
    dead = reply.code in ("AuthenticationFailed", "InvalidAuthenticationInfo") or (
        reply.emulated and reply.code == "AuthorizationFailure"
    )
    return Tried(status=status, code=reply.code, authentication=status in (401, 403) and dead)


def _skew_s(headers: Mapping[str, str]) -> float:
    """Return by how much this machine's clock is ahead."""
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return 0.0


SHARE = AzureShare()
