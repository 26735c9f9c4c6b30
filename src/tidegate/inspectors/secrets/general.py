"""The general kinds: tokens of a few hundred services, by the rules of kingfisher-secret-scanner.

The library is native and runs in this process. Of it only the scanner is used: nothing is validated, no file
is opened but its own cache of compiled rules, no socket is made (watched with strace).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.inspectors.fingerprints import of_chosen, of_generated, of_private_key, pem_body
from tidegate.inspectors.secrets.assigned import is_settings
from tidegate.inspectors.secrets.sought import Sought
from tidegate.model.severity import Severity

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner

_SHORTEST_PASSWORD: Final = 6
_NOWHERE: Final = re.compile(
    r"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host(?:name)?$|server$|proxy$|\d+\.\d+$)|example|bogus|foo|"
    r"\.(?:test|invalid|local(?:host|domain)?)$|your|my-?(?:host|server|proxy|db)"
)
"""Hosts of documentation, and of the machine itself."""
_WORD_OF_A_NAME: Final = re.compile(r"[A-Z][a-z]{3,}")
_NAMES_HAVE: Final = 2
_BLOCKS: Final = frozenset({"gcp-application-default-credentials", "gcp-service-account"})
_HOLLOW: Final = re.compile(
    r'"(?:refresh_token|client_secret|private_key)"\s*:\s*"'
    r'(?:[^"]{0,15}"|[^"]*(?:\.\.\.|<|\$\{|\{\{|your[-_ ]|token"))'
)
"""Key files whose secret is left out."""

SECONDS: Final = 5.0
"""For one text. 64 KiB take about a millisecond."""

_IDENTIFIERS: Final = re.compile(
    r"-(?:id|name|domain|host|url|instance-url|account-id|client-id|auth-id|access-id|passphrase|repository)(?:\.\d+)?$"
    r"|^(?:polymarket-address|sidekiq-sensitive-url|storage-account-name|azure-storage-account-name)$"
)
"""Rules for what only names an account: they help other rules, and are no secret."""
_NOT_IDENTIFIERS: Final = frozenset({"slack-webhook-url"})
_PUBLIC: Final = frozenset(
    {
        "devcycle-client-sdk-key",
        "devcycle-mobile-sdk-key",
        "easypost-test-api-token",
        "flutterwave-public-key",
        "gitlab-feature-flag-client-token",
        "langfuse-public-key",
        "lob-pub-api-key",
        "mailgun-pub-key",
        "new-relic-browser-api-token",
        "posthog-project-api-key",
        "razorpay-key-id",
        "segment-public-api-token",
    }
)
"""Keys that are made to stand in web pages and apps."""
_LESSER: Final = frozenset(
    {
        "algolia-api-key",
        "curl-auth-header",
        "curl-auth-user",
        "datagov-api-key",
        "facebook-access-token",
        "gcp-api-key",
        "gcp-gemini-api",
        "hashicorp-tf-password",
        "jwt",
        "jwt-base64",
        "lichess-personal-access-token",
        "mapbox-api-token",
        "nuget-config-password",
        "nytimes-access-token",
        "openweather-api-key",
        "supabase-project-api-key",
        "wakatime-api-key",
        "weatherstack-api-key",
    }
)
"""Often short-lived, restricted, or meant for clients."""
_CHOSEN: Final = frozenset(
    {
        "generic-credential-uri",
        "curl-auth-user",
        "hashicorp-tf-password",
        "nuget-config-password",
        "mongodb-connection-string",
        "planetscale-password",
        "artifactory-jfrog-url",
        "kubernetes-secret-yaml",
    }
)
"""Rules that may match what a person chose."""
_STORAGE: Final = frozenset(
    {
        "aws-access-token",
        "aws-secret-access-key",
        "aws-session-token",
        "azure-storage-account-key",
        "gcp-service-account",
    }
)
_TYPES: Final = {
    "generic-credential-uri": "password in a connection address",
    "mongodb-connection-string": "password in a connection address of MongoDB",
    "jwt": "JSON Web Token",
    "jwt-base64": "JSON Web Token",
    "private-key": "private key",
    "curl-auth-user": "password in a curl command",
    "curl-auth-header": "token in a curl command",
    "kubernetes-secret-yaml": "Kubernetes secret",
    "gcp-api-key": "Google API key",
    "gcp-gemini-api": "Google API key",
    "gcp-service-account": "Google service account key",
    "gcp-application-default-credentials": "Google application default credentials",
    "aws-access-token": "AWS access key",
    "aws-secret-access-key": "AWS secret access key",
    "hashicorp-tf-password": "password in Terraform",
    "nuget-config-password": "password in NuGet settings",
}
_NAMES: Final = {
    "github": "GitHub",
    "gitlab": "GitLab",
    "npm": "npm",
    "pypi": "PyPI",
    "openai": "OpenAI",
    "aws": "AWS",
    "gcp": "Google Cloud",
    "digitalocean": "DigitalOcean",
    "dockerhub": "Docker Hub",
    "huggingface": "Hugging Face",
    "sendgrid": "SendGrid",
    "circleci": "CircleCI",
    "pagerduty": "PagerDuty",
    "newrelic": "New Relic",
    "ngrok": "ngrok",
    "xai": "xAI",
    "ibm": "IBM",
    "linkedin": "LinkedIn",
    "paypal": "PayPal",
    "hashicorp": "HashiCorp",
    "hubspot": "HubSpot",
    "mongodb": "MongoDB",
}
_WORDS: Final = {
    "pat": "personal access token",
    "api": "API",
    "oauth": "OAuth",
    "url": "URL",
    "uri": "URI",
    "id": "id",
    "sdk": "SDK",
    "ca": "CA",
    "cicd": "CI",
    "tf": "Terraform",
    "apikey": "API key",
}


_ONE_AT_A_TIME: Final = threading.Lock()


def scanner(cache_dir: Path | None) -> Scanner:
    """Return the scanner: 4 s when its rules are compiled, 0.4 s from the cache, 60 MB.

    cache_dir: for the compiled rules; `None`: where the library keeps them for its user.
    """
    # Threads that come to their first text together would each compile: 48 of them for 3 minutes.
    with _ONE_AT_A_TIME:
        return _made(cache_dir)


@cache
def _made(cache_dir: Path | None) -> Scanner:
    from kingfisher_sdk import Rules, Scanner  # noqa: PLC0415 - late, as it is needed

    rules = Rules(
        confidence="low", cache=cache_dir is not None, cache_dir=str(cache_dir) if cache_dir else None
    )
    return Scanner(rules)


def seek(text: bytes, file_name: str, cache_dir: Path | None = None, *, storage: bool = True) -> list[Sought]:
    """Return the secrets in a text. file_name: some rules are for certain types of file only.

    storage: also keys of storage and private keys, which our own detector does better where it is at hand.
    Raises `TimeoutError` beyond `SECONDS`.
    """
    from kingfisher_sdk import ScanInput  # noqa: PLC0415 - late, as it is needed

    # The last part of the path alone: what folders say is judged by `place`, openly.
    last = file_name.replace("\\", "/").rpartition("/")[2]
    source = ScanInput(path=last.encode("utf-8", "replace").decode(), data=text)
    found = []
    for each in scanner(cache_dir).scan_input(source, timeout=SECONDS):
        rule = each.rule_id.removeprefix("betterleaks.").removeprefix("veles.secrets/")
        bare = re.sub(r"\.\d+$", "", rule)
        if not each.visible or (_IDENTIFIERS.search(rule) and bare not in _NOT_IDENTIFIERS):
            continue
        place = each.location
        value = each.secret
        if bare.startswith("vault") and len(_WORD_OF_A_NAME.findall(value)) >= _NAMES_HAVE:
            continue  # `s.SomeFieldOfAStruct1` has the form of a token of Vault's before 1.10
        if (bare in _STORAGE or bare == "private-key") and not storage:
            continue
        if bare == "private-key" and not _is_key(value):
            continue
        encoded = each.is_base64_encoded
        found.append(
            Sought(
                type=type_of(bare),
                kind="private_key" if bare == "private-key" else "secret",
                severity=_severity(bare, each.captures, file_name),
                confidence=each.confidence if each.confidence in ("high", "medium", "low") else "medium",
                value=value,
                fingerprint=_fingerprint(bare, value),
                line=place["line"],
                offset=None if encoded else place["start_offset"],
                lowered="a placeholder" if bare in _BLOCKS and _HOLLOW.search(value) else "",
            )
        )
    return sorted(found, key=lambda each: each.line)


def _severity(rule: str, captures: Mapping[str, str], file_name: str) -> Severity:
    if rule == "private-key" or rule in _STORAGE:
        return Severity.CRITICAL
    if rule in _PUBLIC:
        return Severity.LOW
    if rule == "generic-credential-uri":
        host = captures.get("host", "")
        if _NOWHERE.search(host) or len(captures.get("password", "")) < _SHORTEST_PASSWORD:
            return Severity.LOW
        return Severity.HIGH if is_settings(file_name) and "." in host else Severity.MEDIUM
    return Severity.MEDIUM if rule in _LESSER else Severity.HIGH


def _is_key(pem: str) -> bool:
    """Say whether the block holds a key: DER, OpenSSH or PGP, not three dots between two labels."""
    body = pem_body(pem)
    return (
        body.startswith(("MI", "MH", "MF", "MC", "MG", "ME", "MD", "b3BlbnNzaC1rZXk", "l", "x"))
        and len(body) >= 64
    )


def _fingerprint(rule: str, value: str) -> str:
    if rule == "private-key":
        return of_private_key(value)
    return of_chosen(value) if rule in _CHOSEN else of_generated(value)


@cache
def type_of(rule: str) -> str:
    """Return what a person calls it: `github-pat` is a "GitHub personal access token"."""
    if rule in _TYPES:
        return _TYPES[rule]
    first, *rest = rule.split("-")
    words = [_NAMES.get(first, first.capitalize()), *(_WORDS.get(word, word) for word in rest)]
    return " ".join(words)
