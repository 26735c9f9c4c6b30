"""How files of credentials look: names of keys and sections, each with how it is called. No value is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from tidegate.inspectors.data._hosts import (
    by_host,
    cached,
    cookies_sent,
    maven_servers,
    mysql_options,
    netrc,
    parsed,
    pgpass,
    recorded,
    refreshed,
    remote_sessions,
)
from tidegate.inspectors.data._text import placeholder
from tidegate.records import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a program keeps credentials."""

    words: str
    """For "it is …"."""
    kind: str
    hint: bytes
    """Must stand in the first bytes, in lower case; else it is not looked for."""
    count: Callable[[bytes], int]
    """How many credentials there are; 0: it is not this form, negative: it is, and holds none."""
    names: re.Pattern[str] | None = None
    """The last part of the path must fit, where the content alone says little."""


_AWS_FORTY: Final = r"[\"']?([A-Za-z0-9/+=]{40})[\"']?"
"""Forty letters: code that hands the setting on has a name there."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Counts lines of a pattern whose first group is a value."""

    pattern: re.Pattern[bytes]

    def __call__(self, text: bytes) -> int:
        """Return how many there are."""
        return sum(1 for _ in self.values(text))

    def values(self, text: bytes) -> Iterator[str]:
        """Yield the values that are no placeholders, in memory only."""
        for found in self.pattern.finditer(text):
            value = found[1].decode("utf-8", "replace")
            if not placeholder(value):
                yield value


@dataclass(frozen=True, slots=True)
class Words:
    """Counts values that take more than a pattern to find."""

    found: Callable[[bytes], Iterator[str]]

    def __call__(self, text: bytes) -> int:
        """Return how many there are."""
        return sum(1 for _ in self.values(text))

    def values(self, text: bytes) -> Iterator[str]:
        """Yield the values that are no placeholders, in memory only."""
        return (value for value in self.found(text) if not placeholder(value))


def _lines(pattern: str) -> Lines:
    return Lines(re.compile(pattern.encode(), re.IGNORECASE | re.MULTILINE))


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 8 and not placeholder(value)


def _service_account(text: bytes) -> int:
    value = parsed(text)
    if isinstance(value, dict):
        return int(
            value.get("type") in ("service_account", "gdch_service_account")
            and "PRIVATE KEY" in str(value.get("private_key", ""))
        )
    return 0


def _google_user(text: bytes) -> int:
    value = parsed(text)
    if not isinstance(value, dict):
        return 0
    user = value.get("type") == "authorized_user" and _text(value.get("refresh_token"))
    client = any(
        isinstance(each, dict) and _text(each.get("client_secret"))
        for each in (value.get("installed"), value.get("web"))
    )
    return int(user or client)


def _docker(text: bytes) -> int:
    value = parsed(text)
    auths = value.get("auths") if isinstance(value, dict) else None
    if not isinstance(auths, dict):
        return 0
    return sum(
        isinstance(each, dict) and any(_text(each.get(key)) for key in ("auth", "identitytoken", "password"))
        for each in auths.values()
    )


def _msal(text: bytes) -> int:
    value = parsed(text)
    if not isinstance(value, dict):
        return 0
    return sum(len(value[key]) for key in ("AccessToken", "RefreshToken") if isinstance(value.get(key), dict))


def _azure_tokens(text: bytes) -> int:
    value = parsed(text)
    if not isinstance(value, list):
        return 0
    return sum(isinstance(each, dict) and _text(each.get("accessToken")) for each in value)


def _azure_principal(text: bytes) -> int:
    value = parsed(text)
    if not isinstance(value, dict):
        return 0
    keys = {key.lower(): each for key, each in value.items() if isinstance(key, str)}
    named = ("clientid" in keys or "appid" in keys) and ("tenantid" in keys or "tenant" in keys)
    return int(named and (_text(keys.get("clientsecret")) or _text(keys.get("password"))))


def _aws_json(text: bytes) -> int:
    value = parsed(text)
    if not isinstance(value, dict):
        return 0
    inner = value.get("AccessKey") or value.get("Credentials") or value
    return int(isinstance(inner, dict) and _text(inner.get("SecretAccessKey")))


_WEAK: Final = frozenset((b"secret", b"password", b"pass", b"admin", b"root", b"test", b"default"))
"""A password like any other where a person logs in to a cluster with it."""


def _kubeconfig(text: bytes) -> int:
    if re.search(rb"(?m)^[\"' ]*kind[\"']?: *[\"']?Config\b|\"kind\": *\"Config\"", text) is None:
        return 0
    if b"clusters" not in text or b"users" not in text:
        return 0
    found = re.findall(
        rb"(?m)[\"' ](client-key-data|token|password|access-token|refresh-token|id-token|client-key)[\"']?: *[\"']?([^\s\"',]+)",  # noqa: E501
        text,
    )
    found += re.findall(rb"[\"' ](exec|auth-provider)[\"']?:()", text)
    return sum(
        key in (b"exec", b"auth-provider", b"client-key")
        or value.lower() in _WEAK
        or not placeholder(value.decode("latin-1"))
        for key, value in found
    )


def _terraform(text: bytes) -> int:
    start = text[:4096]
    if not text.lstrip().startswith(b"{"):  # code that writes one, a test of it
        return 0
    if re.search(rb'"version"\s*:\s*[1-4]\b', start) is None:
        return 0
    if re.search(rb'"terraform_version"\s*:', start) is None and (
        b'"serial"' not in start or re.search(rb'"(?:lineage|modules)"\s*:', start) is None
    ):
        return 0
    resources = len(re.findall(rb'"mode"\s*:\s*"managed"|"primary"\s*:', text))
    return resources or (1 if b'"value"' in text else -1)


def _jwk(text: bytes) -> int:
    value = parsed(text)
    keys = value.get("keys") if isinstance(value, dict) and "keys" in value else [value]
    if not isinstance(keys, list):
        return 0
    return sum(
        isinstance(each, dict)
        and ("kty" in each)
        and _text(each.get("k" if each.get("kty") == "oct" else "d"))
        for each in keys
    )


def _ovpn(text: bytes) -> int:
    if re.search(rb"(?m)^(?:client|remote \S+|dev tun\S*|proto (?:udp|tcp)\S*)\s*$", text) is None:
        return 0
    return int(re.search(rb"(?m)^remote \S+", text) is not None)


def _wireguard(text: bytes) -> int:
    if re.search(rb"(?mi)^\[Interface\]", text) is None:
        return 0
    return len(re.findall(rb"(?mi)^PrivateKey *= *[A-Za-z0-9+/]{42,43}=", text))


def _rdp(text: bytes) -> int:
    return int(re.search(rb"(?mi)^full address:s:\S", text) is not None)


FORMS: Final[tuple[Form, ...]] = (
    Form("key of a Google service account", "cloud_credentials", b"service_account", _service_account),
    Form("Google login or OAuth client", "cloud_credentials", b"client_secret", _google_user),
    Form("AWS keys", "cloud_credentials", b"aws_secret_access_key", _lines(rf"^\s*aws_secret_access_key[ \t]*=[ \t]*{_AWS_FORTY}\s*$")),  # noqa: E501
    Form("AWS keys, as the console exports them", "cloud_credentials", b"awssecretkey", _lines(rf"^AWSSecretKey={_AWS_FORTY}\s*$")),  # noqa: E501  # noqa: E501
    Form("AWS keys", "cloud_credentials", b"secretaccesskey", _aws_json),
    Form("AWS keys in a table, as the console exports them", "cloud_credentials", b"secret access key",
         _lines(r"^(?!.*secret access key).*\bAKIA[A-Z0-9]{16}\b[\"']?,[\"']?(\S{30,})")),
    Form("Azure tokens", "cloud_credentials", b"accesstoken", _msal),
    Form("Azure tokens", "cloud_credentials", b"accesstoken", _azure_tokens),
    Form("Azure service principal with its secret", "cloud_credentials", b"tenant", _azure_principal),
    Form("logins of container registries (docker)", "cloud_credentials", b'"auths"', _docker),
    Form("logins of hosts (.netrc)", "cloud_credentials", b"machine", Words(netrc)),
    Form("logins of hosts (.netrc)", "cloud_credentials", b"default", Words(netrc), re.compile(r"netrc")),
    Form("logins of git hosts", "cloud_credentials", b"://", _lines(r"^https?://[^\s:/@]+:([^\s@/]+)@[^\s/]+/?\s*$")),
    Form("login of a package registry (npm)", "cloud_credentials", b"_auth",
         _lines(r"^(?://\S+:)?_(?:authToken|auth|password)[ \t]*=[ \t]*[\"']?([\w.+/=-]{16,})[\"']?\s*$")),
    Form("logins of package registries (PyPI)", "cloud_credentials", b"password",
         _lines(r"^password[ \t]*[=:][ \t]*(\S+)"), re.compile(r"pypirc")),
    Form("remotes with their keys (rclone)", "cloud_credentials", b"type =",
         _lines(r"^(?:secret_access_key|pass|token|key|client_secret|account_key|sas_url|service_account_credentials)[ \t]*=[ \t]*(\S.*)"),  # noqa: E501
         re.compile(r"rclone")),
    Form("keys of storage (s3cmd, boto)", "cloud_credentials", b"secret_key",
         _lines(r"^(?:secret_key|gs_secret_access_key|aws_secret_access_key)[ \t]*=[ \t]*(\S+)"), re.compile(r"s3cfg|boto")),  # noqa: E501
    Form("token of GitHub's command line", "cloud_credentials", b"oauth_token", _lines(r"^[ \t]*oauth_token:[ \t]*[\"\']?(gh[a-z]_[A-Za-z0-9]{20,}|[0-9a-f]{40})[\"\']?[ \t]*$")),  # noqa: E501
    Form("token of Vault", "cloud_credentials", b"hvs.", _lines(r"\A\s*(hvs\.\S+)\s*\Z")),
    Form("token of Terraform Cloud", "cloud_credentials", b"credentials",
         _lines(r"\"token\"\s*:\s*\"([^\"]+)\""), re.compile(r"credentials\.tfrc\.json|terraformrc")),
    Form("logins of servers (FileZilla)", "cloud_credentials", b"<filezilla", _lines(r"<Pass(?:[^>]*)>([^<]+)</Pass>")),  # noqa: E501
    Form("password hashes of a machine's users", "windows_secrets", b":$", _lines(r"^[^\s:]+:(\$(?:1|5|6|y|2[aby])\$[^:]+):\d*:"),  # noqa: E501
         re.compile(r"shadow")),
    Form("passwords of PostgreSQL (.pgpass)", "cloud_credentials", b":", _lines(r"^[^#\s:]+:[\d*]+:[^:\s]+:[^:\s]+:(\S+)$"), re.compile(r"pgpass")),  # noqa: E501
    Form("password of MySQL (.my.cnf)", "cloud_credentials", b"password", _lines(r"^password[ \t]*=[ \t]*(\S+)"), re.compile(r"my\.cnf")),  # noqa: E501
    Form("passwords of PostgreSQL (.pgpass)", "cloud_credentials", b":5432:", Words(pgpass)),
    Form("passwords of PostgreSQL (.pgpass)", "cloud_credentials", b":*:", Words(pgpass)),
    Form("password of MySQL (option file)", "cloud_credentials", b"password", Words(mysql_options)),
    Form("logins of registries and hosts", "cloud_credentials", b'"auth"', by_host),
    Form("logins of registries and hosts", "cloud_credentials", b'"password"', by_host),
    Form("tokens of hosts", "cloud_credentials", b'token"', by_host),
    Form("Azure tokens", "cloud_credentials", b"credentialtype", cached),
    Form("Google logins (gcloud)", "cloud_credentials", b'"refresh_token"', refreshed),
    Form("credentials of Jenkins, under the key beside them", "cloud_credentials", b"plugins.credentials",
         _lines(r"<(?:password|secret|secretBytes|privateKey|passphrase|apiToken)>(\{?AQAA[\w+/=]{12,})")),
    Form("logins of repositories (Maven)", "cloud_credentials", b"<servers>", Words(maven_servers)),
    Form("logins of package feeds (NuGet)", "cloud_credentials", b"<packagesourcecredentials>",
         _lines(r"key=\"(?:ClearText)?Password\"\s+value=\"([^\"%$]{4,})\"")),
    Form("users of Tomcat with their passwords", "cloud_credentials", b"<tomcat-users",
         _lines(r"<user\s(?:[^<>]{0,400}\s)?password=\"([^\"]{3,})\"")),
    Form("key of RubyGems", "cloud_credentials", b"rubygems_api_key",
         _lines(r"^:rubygems_api_key:\s*[\"']?(rubygems_\w{20,}|[0-9a-f]{32,})")),
    Form("token of a registry of crates", "cloud_credentials", b"[regist",
         _lines(r"^token\s*=\s*\"([\w.+/=-]{16,})\""),
         re.compile(r"credentials")),
    Form("password hashes of Windows, as tools dump them", "windows_secrets", b":::",
         _lines(r"^[^:\s]{1,100}:\d{1,10}:[0-9a-f]{32}:((?!31d6cfe0d16ae931b73c59d7e0c089c0)[0-9a-f]{32}):::")),
    Form("passwords out of a machine's memory (mimikatz)", "windows_secrets", b"* username : ",
         _lines(r"^\s*\* (?:NTLM|Password)\s+: (?!\(null\))(\S{4,})")),
    Form("wallet of Electrum, with its seed", "keystore", b'"wallet_type"',
         _lines(r"\"(?:xprv|seed)\"\s*:\s*\"([^\"]{20,})\"")),
    Form("credentials of 1Password Connect", "cloud_credentials", b'"enccredentials"', _lines(r"\"encCredentials\"\s*:\s*\{[^{}]{0,400}\"data\"\s*:\s*\"([\w+/=-]{40})")),  # noqa: E501
    Form("logins in kept requests", "cloud_credentials", b"getpostman.com", Words(recorded)),
    Form("logins in kept requests", "cloud_credentials", b'"__export_format"', Words(recorded)),
    Form("logins in recorded requests (HAR)", "cloud_credentials", b'"creator"', Words(recorded)),
    Form("cookies in recorded requests (HAR)", "browser_profile", b'"creator"', Words(cookies_sent)),
    Form("private key (JWK)", "private_key", b'"kty"', _jwk),
    Form("Kubernetes configuration", "kubeconfig", b"clusters", _kubeconfig),
    Form("Terraform state", "terraform_state", b'"terraform_version"', _terraform),
    Form("Terraform state", "terraform_state", b'"serial"', _terraform),
    Form("WireGuard profile with its private key", "vpn_profile", b"[interface]", _wireguard),
    Form("OpenVPN profile", "vpn_profile", b"remote ", _ovpn, re.compile(r"\.(?:ovpn|conf)\Z")),
    Form("remote desktop profile", "vpn_profile", b"full address", _rdp),
    *(
        Form("list of remote sessions", "vpn_profile", hint, remote_sessions)
        for hint in (b"confversion=", b"<rdcman", b"<vandyke", b"putty", b"<arrayofsessiondata",
                     b"[sessions\\", b"[remmina]", b"[bookmarks", b"<rtszdocument",
                     b's:"hostname"', b"winscp")
    ),
)  # fmt: skip


def form_of(head: bytes, name: str) -> list[Form]:
    """Return the forms that a text with this head may have, each that counts in its own way once."""
    low = head.lower()
    there = {hint for hint in _HINTS if hint in low}
    if not there:
        return []
    found: dict[tuple[str, Callable[[bytes], int]], Form] = {}
    for form in FORMS:
        if form.hint in there and (form.names is None or form.names.search(name)):
            found.setdefault((form.kind, form.count), form)
    return list(found.values())


_HINTS: Final = tuple({form.hint for form in FORMS})
