"""Tokens and keys of other providers, and private keys, which open no storage by themselves."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._seal import facts_of
from tidegate.providers.other.revocation import REVOCATIONS


def huggingface_token(text: str, context: Mapping[str, str]) -> Grant:
    """Return the grant of a Hugging Face token: read, write or fine-grained; the text does not say which."""
    rights = (Permission.READ, Permission.LIST, Permission.UNKNOWN)
    form = "organisation" if text.strip().startswith("api_org_") else "user"
    return Grant(
        provider="other",
        kind="access_token",
        account=context.get("account") or None,
        container=context.get("container") or None,
        endpoint="huggingface.co",
        scope=Scope.ACCOUNT,
        services=("huggingface",),
        permissions=rights,
        matrix={"huggingface": rights},
        protocols=("https",),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["access_token"],
        facts=facts_of({"token": form}),
        warnings=("whether it may also write, and to which repositories, is held by Hugging Face",),
    )


def access_token(context: Mapping[str, str]) -> Grant:
    """Return the grant of a token that only a rule of a user knows: what it permits is not known here."""
    service = context.get("service") or ""
    rights = (Permission.UNKNOWN,)
    return Grant(
        provider="other",
        kind="access_token",
        account=context.get("account") or None,
        container=context.get("container") or None,
        endpoint=context.get("endpoint") or None,
        scope=Scope.UNKNOWN,
        services=(service,) if service else (),
        permissions=rights,
        matrix={service: rights} if service else {},
        protocols=(),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["token"],
        warnings=("what it permits, and until when, is held by its service",),
    )


def b2_key(context: Mapping[str, str]) -> Grant:
    """Return the grant of a Backblaze key pair; the key says neither bucket nor rights.

    A key id of 12 hex digits is the account's master key, which may do everything.
    """
    key_id = context.get("key_id", "")
    master = len(key_id) == 12
    rights = (Permission.MINT, Permission.ADMIN)
    warning = (
        "it is the account's master key"
        if master
        else "buckets, rights and end of an application key are held by Backblaze"
    )
    return Grant(
        provider="other",
        kind="application_key",
        account=key_id or None,
        container=context.get("bucket") or None,
        endpoint=context.get("endpoint") or "api.backblazeb2.com",
        scope=Scope.ACCOUNT,
        services=("b2",),
        permissions=rights,
        matrix={"b2": rights},
        protocols=("https",),
        signer=key_id or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["application_key"],
        facts=facts_of({"key_id": key_id, "master": "yes" if master else ""}),
        warnings=(warning,),
    )


def alibaba_key(context: Mapping[str, str]) -> Grant:
    """Return the grant of an AccessKey pair of Alibaba Cloud: whatever its owner may do, also beyond storage.

    An id `STS.…` belongs to a session of a role, whose pair works only together with its token.
    """
    key_id = context.get("key_id", "")
    session = key_id.startswith("STS.")
    rights = (Permission.MINT, Permission.ADMIN)
    warnings = ["what it permits depends on the rights of its owner, which the key does not tell"]
    token = "seen" if context.get("session_token") else ""
    if session:
        warnings.append("it belongs to a session and ends by itself within 12 hours of its making")
        if not token:
            warnings.append("it only works together with its security token, which was not seen beside it")
    return Grant(
        provider="other",
        kind="access_key",
        account=key_id or None,
        container=context.get("bucket") or None,
        endpoint=context.get("endpoint") or None,
        scope=Scope.ACCOUNT,
        services=("oss",),
        permissions=rights,
        matrix={"oss": rights},
        protocols=("https", "http"),
        signer=key_id or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["alibaba_session" if session else "alibaba_access_key"],
        facts=facts_of(
            {"key_id": key_id, "session": "yes" if session else "", "session_token": token if session else ""}
        ),
        warnings=tuple(warnings),
    )


def alibaba_key_id(key_id: str) -> Grant:
    """Return the grant of an AccessKey id without its secret: nothing, but it names whose key is in use."""
    return Grant(
        provider="other",
        kind="access_key_id",
        account=key_id or None,
        scope=Scope.UNKNOWN,
        services=("oss",),
        signer=key_id or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["alibaba_access_key"],
        facts=facts_of({"key_id": key_id}),
        warnings=("a key id alone opens nothing; look for its secret beside it and in the history",),
    )


def private_key(text: str) -> Grant:
    """Return the grant of a PEM private key. It is not storage, and says so."""
    head = text.partition("PRIVATE KEY-----")[0].rpartition("-----BEGIN ")[2].strip().lower()
    encrypted = "encrypted" in head or "ENCRYPTED" in text[:400]
    warnings = ["a private key opens no storage by itself; what trusts its public half is not known"]
    if encrypted:
        warnings.append("it is encrypted: as safe as its passphrase")
    return Grant(
        provider="other",
        kind="private_key",
        scope=Scope.UNKNOWN,
        permissions=(),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["private_key"],
        facts=facts_of({"form": head[:30], "encrypted": "yes" if encrypted else ""}),
        warnings=tuple(warnings),
    )
