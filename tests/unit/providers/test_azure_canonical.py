"""Our own signer against the signatures of Azure's libraries."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableSasPermissions, generate_table_sas
from azure.storage.blob import (
    AccountSasPermissions,
    BlobSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    UserDelegationKey,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.filedatalake import generate_directory_sas
from azure.storage.fileshare import generate_file_sas, generate_share_sas
from azure.storage.queue import generate_queue_sas

from tidegate.providers.azure.canonical import Target, sign, signed_by, string_to_sign
from tidegate.providers.azure.identifiable import mint

ACCOUNT = "contosomodels"
KEY = mint(bytes(range(57)))
OTHER_KEY = mint(bytes(range(1, 58)))
END = datetime(2051, 10, 6, 7, 0, tzinfo=UTC)
START = datetime(2021, 10, 6, 7, 0, tzinfo=UTC)


def delegation_key() -> UserDelegationKey:
    key = UserDelegationKey()
    key.signed_oid = "11111111-2222-3333-4444-555555555555"
    key.signed_tid = "66666666-7777-8888-9999-000000000000"
    key.signed_start = "2026-11-20T00:00:00Z"
    key.signed_expiry = "2026-11-27T00:00:00Z"
    key.signed_service = "b"
    key.signed_version = "2025-11-05"
    key.signed_delegated_user_tid = None
    key.value = KEY
    return key


def params(token: str) -> dict[str, str]:
    return dict(parse_qsl(token, keep_blank_values=True, strict_parsing=True))


BLOB = Target(account=ACCOUNT, path="models/a dir/model.ckpt")
CONTAINER = Target(account=ACCOUNT, path="models")

TOKENS: dict[str, tuple[str, Target]] = {
    "account": (
        generate_account_sas(
            ACCOUNT,
            KEY,
            ResourceTypes(service=True, container=True, object=True),
            AccountSasPermissions(read=True, write=True, delete=True, list=True),
            END,
            START,
            ip="203.0.113.4-203.0.113.9",
            protocol="https",
            encryption_scope="scope1",
        ),
        Target(account=ACCOUNT),
    ),
    "blob": (
        generate_blob_sas(
            ACCOUNT,
            "models",
            "a dir/model.ckpt",
            account_key=KEY,
            permission=BlobSasPermissions(read=True),
            expiry=END,
            start=START,
            content_disposition="attachment; filename=a b",
            cache_control="no-store",
        ),
        BLOB,
    ),
    "snapshot": (
        generate_blob_sas(
            ACCOUNT,
            "models",
            "a dir/model.ckpt",
            snapshot="2026-01-01T00:00:00.0000000Z",
            account_key=KEY,
            permission="r",
            expiry=END,
        ),
        Target(account=ACCOUNT, path=BLOB.path, snapshot="2026-01-01T00:00:00.0000000Z"),
    ),
    "container": (
        generate_container_sas(
            ACCOUNT,
            "models",
            account_key=KEY,
            permission=ContainerSasPermissions(read=True, list=True),
            expiry=END,
        ),
        BLOB,
    ),
    "policy": (generate_container_sas(ACCOUNT, "models", account_key=KEY, policy_id="partners"), CONTAINER),
    "delegated container": (
        generate_container_sas(
            ACCOUNT, "models", user_delegation_key=delegation_key(), permission="rl", expiry=END
        ),
        CONTAINER,
    ),
    "delegated blob, bound and conditional": (
        generate_blob_sas(
            ACCOUNT,
            "models",
            "a dir/model.ckpt",
            user_delegation_key=delegation_key(),
            permission="r",
            expiry=END,
            user_delegation_oid="99999999-2222-3333-4444-555555555555",
            correlation_id="88888888-2222-3333-4444-555555555555",
            request_headers={"x-ms-a": "1", "x-ms-b": "2"},
            request_query_params={"comp": "block", "x": "y"},
        ),
        Target(
            account=ACCOUNT,
            path=BLOB.path,
            headers={"x-ms-a": "1", "x-ms-b": "2"},
            parameters={"comp": "block", "x": "y"},
        ),
    ),
    "directory": (
        generate_directory_sas(ACCOUNT, "models", "a dir/sub", KEY, permission="rl", expiry=END),
        Target(account=ACCOUNT, path="models/a dir/sub/deeper/file.bin"),
    ),
    "share": (
        generate_share_sas(ACCOUNT, "share", account_key=KEY, permission="rwdl", expiry=END),
        Target(account=ACCOUNT, service="file", path="share/x"),
    ),
    "file": (
        generate_file_sas(
            ACCOUNT,
            "share",
            ["dir", "f.txt"],
            account_key=KEY,
            permission="r",
            expiry=END,
            content_type="text/plain",
        ),
        Target(account=ACCOUNT, service="file", path="share/dir/f.txt"),
    ),
    "delegated file": (
        generate_file_sas(
            ACCOUNT, "share", ["f"], user_delegation_key=delegation_key(), permission="r", expiry=END
        ),
        Target(account=ACCOUNT, service="file", path="share/f"),
    ),
    "queue": (
        generate_queue_sas(ACCOUNT, "jobs", account_key=KEY, permission="raup", expiry=END),
        Target(account=ACCOUNT, service="queue", path="jobs/messages"),
    ),
    "delegated queue": (
        generate_queue_sas(ACCOUNT, "jobs", permission="r", expiry=END, user_delegation_key=delegation_key()),
        Target(account=ACCOUNT, service="queue", path="jobs"),
    ),
    "table": (
        generate_table_sas(
            AzureNamedKeyCredential(ACCOUNT, KEY),
            "Runs",
            permission=TableSasPermissions(read=True, add=True),
            expiry=END,
            start_pk="a",
            start_rk="1",
            end_pk="b",
            end_rk="2",
        ),
        Target(account=ACCOUNT, service="table", path="Runs"),
    ),
}


@pytest.mark.parametrize("name", TOKENS)
def test_our_signature_is_the_one_azures_library_makes(name: str) -> None:
    token, target = TOKENS[name]
    assert sign(string_to_sign(params(token), target), KEY) == params(token)["sig"]


@pytest.mark.parametrize("name", TOKENS)
def test_a_link_is_attributed_to_the_key_that_signed_it_and_to_no_other(name: str) -> None:
    token, target = TOKENS[name]
    assert signed_by(params(token), target, KEY)
    assert not signed_by(params(token), target, OTHER_KEY)


def test_a_changed_permission_is_signed_by_neither_key() -> None:
    token, target = TOKENS["container"]
    assert not signed_by(params(token) | {"sp": "rwdl"}, target, KEY)


# Made by hand from the documented field order; the libraries sign the newest version only.
OLDER = [
    ("2012-02-12", "r\n\nE\n/contosomodels/models\n\n2012-02-12"),
    ("2013-08-15", "r\n\nE\n/contosomodels/models\n\n2013-08-15\n\n\n\n\n"),
    ("2015-04-05", "r\n\nE\n/blob/contosomodels/models\n\n\n\n2015-04-05\n\n\n\n\n"),
    ("2018-11-09", "r\n\nE\n/blob/contosomodels/models\n\n\n\n2018-11-09\nc\n\n\n\n\n\n"),
    ("2020-12-06", "r\n\nE\n/blob/contosomodels/models\n\n\n\n2020-12-06\nc\n\n\n\n\n\n\n"),
]


@pytest.mark.parametrize(("version", "expected"), OLDER)
def test_each_version_has_its_own_text_to_sign(version: str, expected: str) -> None:
    given = {"sp": "r", "se": "E", "sr": "c", "sv": version}
    assert string_to_sign(given, CONTAINER) == expected


def test_before_versions_were_written_down_none_is_signed() -> None:
    assert string_to_sign({"sp": "r", "se": "E", "sr": "c"}, CONTAINER) == "r\n\nE\n/contosomodels/models\n"


def test_an_account_sas_signs_its_encryption_scope_since_2020_12_06() -> None:
    given = {"sp": "r", "ss": "b", "srt": "o", "se": "E"}
    older = string_to_sign(given | {"sv": "2019-12-12"}, Target(account="a"))
    newer = string_to_sign(given | {"sv": "2020-12-06"}, Target(account="a"))
    assert older == "a\nr\nb\no\n\nE\n\n\n2019-12-12\n"
    assert newer == "a\nr\nb\no\n\nE\n\n\n2020-12-06\n\n"


def test_a_key_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        sign("x", "no key")
