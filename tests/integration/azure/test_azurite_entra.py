"""User delegation signatures and TLS, against Microsoft's emulator behind https."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobServiceClient, UserDelegationKey
from azure_fill import EMULATED
from azure_setting import ENTRA_ACCOUNT, HOUR, NOW, QUICK, Setting, account_sas, sas

from services.azurite import Azurite
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import State
from tidegate.net.audit import Memory
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.providers.azure.canonical import Target, sign, string_to_sign
from tidegate.providers.azure.storage import STORAGE


class UnsignedToken:
    """An Entra token as the emulator accepts it: claims, and no signature."""

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/66666666-7777-8888-9999-000000000000/",
            "oid": "11111111-2222-3333-4444-555555555555",
            "tid": "66666666-7777-8888-9999-000000000000",
            "nbf": int(time.time()) - 60,
            "iat": int(time.time()) - 60,
            "exp": int(time.time()) + 3600,
        }
        parts = [_part({"alg": "none", "typ": "JWT"}), _part(claims), "unsigned"]
        return AccessToken(".".join(parts), claims["exp"])


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture
def delegation_key(azurite_with_entra: Azurite) -> UserDelegationKey:
    with BlobServiceClient(
        azurite_with_entra.url(ENTRA_ACCOUNT),
        credential=UnsignedToken(),
        api_version=EMULATED,
        connection_verify=str(azurite_with_entra.ca),
    ) as service:
        return service.get_user_delegation_key(NOW - HOUR, NOW + HOUR)


def delegated(
    key: UserDelegationKey, *, permission: str = "rl", ends_in: timedelta = HOUR, value: str = ""
) -> Credential:
    """Return a signature for the container `models`, of a version that the emulator knows."""
    params = {
        "sv": "2021-12-02",
        "sr": "c",
        "sp": permission,
        "se": f"{NOW + ends_in:%Y-%m-%dT%H:%M:%SZ}",
        "skoid": key.signed_oid,
        "sktid": key.signed_tid,
        "skt": key.signed_start,
        "ske": key.signed_expiry,
        "sks": key.signed_service,
        "skv": key.signed_version,
    }
    params["sig"] = sign(
        string_to_sign(params, Target(account=ENTRA_ACCOUNT, path="models")), value or key.value
    )
    return sas(urlencode(params), "models", account=ENTRA_ACCOUNT)


def test_a_user_delegation_signature_is_open_until_it_ends(
    entra: Setting, delegation_key: UserDelegationKey
) -> None:
    credential = delegated(delegation_key)
    assert credential.grant.kind == "user_delegation_sas"
    reach = entra.probe(credential)
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ, Permission.LIST))
    assert entra.probe(delegated(delegation_key, ends_in=-HOUR)).state is State.CLOSED


def test_a_user_delegation_signature_of_another_key_is_closed(
    entra: Setting, delegation_key: UserDelegationKey
) -> None:
    other = base64.b64encode(bytes(32)).decode()
    assert entra.probe(delegated(delegation_key, value=other)).state is State.CLOSED


def test_a_user_delegation_signature_without_the_right_is_alive(
    entra: Setting, delegation_key: UserDelegationKey
) -> None:
    reach = entra.probe(delegated(delegation_key, permission="w"))
    assert reach.state is State.UNKNOWN
    assert "AuthorizationPermissionMismatch" in reach.reason


def test_a_service_whose_certificate_is_not_trusted_is_unknown(azurite_with_entra: Azurite) -> None:
    scope = Scope.of(azure=[ENTRA_ACCOUNT], endpoints={"azure": azurite_with_entra.endpoints()})
    credential = sas(account_sas(azurite_with_entra.accounts[ENTRA_ACCOUNT].key1), account=ENTRA_ACCOUNT)
    with Net(scope, owners={"azure": STORAGE.owner}, audit=Memory(), limits=QUICK) as net:
        reach = STORAGE.probe(credential, net, NOW)
    assert reach.state is State.UNKNOWN
    assert "certificate" in reach.reason
