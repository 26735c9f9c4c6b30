from __future__ import annotations

import pytest
from provider_sightings import DECODERS, NOW, decode, redact, sighting

from tidegate.model.grant import Permission, Scope, Validity
from tidegate.providers.azure.identifiable import mint

KEY = mint(bytes(range(57)))
SAS = "sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2051-10-06&sig=Zm9yZ2VkLXNpZ25hdHVyZQ%3D%3D"
SAS_SECRET = "Zm9yZ2VkLXNpZ25hdHVyZQ=="


def test_a_connection_string_with_a_key_is_the_accounts_key() -> None:
    text = f"DefaultEndpointsProtocol=https;AccountName=contosomodels;AccountKey={KEY};EndpointSuffix=core.windows.net"
    grant = decode("azure", "connection_string", text, KEY)
    assert (grant.kind, grant.account, grant.scope) == ("account_key", "contosomodels", Scope.ACCOUNT)
    assert {Permission.READ, Permission.WRITE, Permission.DELETE, Permission.MINT} <= set(grant.permissions)
    assert grant.services == ("blob", "file", "queue", "table")
    assert (grant.expires_at, grant.validity) == (None, Validity.UNKNOWN)
    assert grant.facts["key_checksum"] == "valid"
    assert KEY not in repr(grant)


def test_the_order_and_case_of_a_connection_string_do_not_matter() -> None:
    text = f"accountkey={KEY};ACCOUNTNAME=contosomodels;endpointsuffix=core.chinacloudapi.cn"
    grant = decode("azure", "connection_string", text, KEY)
    assert (grant.account, grant.endpoint) == ("contosomodels", "contosomodels.blob.core.chinacloudapi.cn")
    assert "21Vianet" in grant.facts["cloud"]


def test_a_connection_string_with_a_sas_is_that_sas() -> None:
    text = (
        "BlobEndpoint=https://contosomodels.blob.core.windows.net/;QueueEndpoint=https://contosomodels.queue.core.windows.net/;"
        f"SharedAccessSignature={SAS}"
    )
    grant = decode("azure", "connection_string", text, SAS_SECRET)
    assert (grant.kind, grant.account) == ("account_sas", "contosomodels")
    assert Permission.LIST_CONTAINERS in grant.permissions


def test_a_connection_string_names_its_account_by_an_emulators_endpoint_too() -> None:
    text = f"AccountKey={KEY};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    assert decode("azure", "connection_string", text, KEY).account == "devstoreaccount1"


def test_a_bare_key_is_a_finding_with_and_without_its_account() -> None:
    alone = decode("azure", "account_key", KEY, KEY)
    named = decode(
        "azure", "account_key", KEY, KEY, account="contosomodels", endpoint_suffix="core.usgovcloudapi.net"
    )
    assert (alone.account, alone.kind) == (None, "account_key")
    assert any("not known" in each for each in alone.warnings)
    assert (named.account, named.endpoint) == ("contosomodels", "contosomodels.blob.core.usgovcloudapi.net")


@pytest.mark.parametrize(
    ("key", "state"), [(KEY, "valid"), ("C" + KEY[1:], "invalid"), ("A" * 86 + "==", "none")]
)
def test_the_keys_checksum_is_told(key: str, state: str) -> None:
    grant = decode("azure", "account_key", key, key, account="contosomodels")
    assert grant.facts["key_checksum"] == state
    assert any("checksum" in each for each in grant.warnings) is (state == "invalid")


def test_revoking_a_key_names_what_dies_with_it() -> None:
    revocation = decode("azure", "account_key", KEY, KEY).revocation
    assert "regenerate" in revocation.means
    assert "SAS" in revocation.collateral
    assert not revocation.individually


def test_an_entra_secret_permits_whatever_its_application_may() -> None:
    grant = decode(
        "azure", "entra_secret", "abc8Q~xyzxyzxyz", "abc8Q~xyzxyzxyz", tenant="t-1", client_id="c-1"
    )
    assert (grant.kind, grant.account, grant.permissions) == ("entra_secret", "c-1", (Permission.ADMIN,))
    assert grant.facts["tenant"] == "t-1"


NOT_STORAGE = [
    (
        "service_bus",
        "Endpoint=sb://contosobus.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=AAAAAAAAAAAAAAAAAAAAAAA=",
        "contosobus",
    ),
    (
        "sas",
        "SharedAccessSignature sr=https%3A%2F%2Fcontosobus.servicebus.windows.net%2F&sig=Zm9yZ2Vk&se=2000000000&skn=Root",
        "contosobus",
    ),
    (
        "logic_apps",
        "https://prod-12.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/"
        "invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Zm9yZ2Vk",
        "0123456789abcdef0123456789abcdef",
    ),
    (
        "sas",
        "https://prod-12.westeurope.logic.azure.com/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/"
        "invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Zm9yZ2Vk",
        "0123456789abcdef0123456789abcdef",
    ),
]


@pytest.mark.parametrize(("kind", "text", "account"), NOT_STORAGE)
def test_what_looks_like_a_sas_and_opens_no_storage_says_so(kind: str, text: str, account: str) -> None:
    grant = decode("azure", kind, text, "Zm9yZ2Vk")
    assert grant.kind in {"service_bus", "logic_apps"}
    assert grant.account == account
    assert any("storage" in each for each in grant.warnings)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("https://contosomodels.blob.core.windows.net/models/a.bin", Scope.OBJECT),
        ("https://contosomodels.blob.core.windows.net/models", Scope.CONTAINER),
        ("https://contosomodels.blob.core.windows.net/", Scope.ACCOUNT),
    ],
)
def test_a_plain_address_is_something_to_ask_about(text: str, scope: Scope) -> None:
    grant = decode("azure", "public_url", text, text)
    assert (grant.kind, grant.scope, grant.permissions) == ("anonymous", scope, ())
    assert grant.validity is Validity.UNKNOWN


def test_an_address_that_names_nothing_is_no_grant() -> None:
    assert DECODERS["azure"].decode(sighting("azure", "public_url", "?a=b"), NOW) is None


def test_redacted_connection_strings_keep_names_and_hide_values() -> None:
    text = f"DefaultEndpointsProtocol=https;AccountName=contosomodels;AccountKey={KEY};EndpointSuffix=core.windows.net"
    assert redact("azure", "connection_string", text, KEY) == text.replace(KEY, "REDACTED")
    bus = "Endpoint=sb://contosobus.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=c2VjcmV0c2VjcmV0"
    assert "c2VjcmV0" not in redact("azure", "service_bus", bus, "c2VjcmV0c2VjcmV0")
    sas = f"BlobEndpoint=https://contosomodels.blob.core.windows.net/;SharedAccessSignature={SAS}"
    shown = redact("azure", "connection_string", sas, SAS_SECRET)
    assert shown.endswith("sp=rl&se=2051-10-06&sig=REDACTED")
    assert "contosomodels" in shown
    assert (
        redact("azure", "account_key", KEY, KEY, account="contosomodels")
        == "account key REDACTED of contosomodels"
    )


def test_a_part_of_a_connection_string_that_we_do_not_know_is_masked() -> None:
    text = f"AccountName=contosomodels;AccountKey={KEY};Password=hunter2hunter2"
    assert redact("azure", "connection_string", text, KEY).endswith("password=REDACTED")
