"""A card calls a credential, and what it opens, as people do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import tidegate
from tidegate.report._grant import name, opens

NOW = datetime(2026, 11, 27, tzinfo=UTC)
SIGNED = "sig=dGlkZWdhdGUtZXhhbXBsZS1ub3QtYS1yZWFsLXNpZzE%3D"
SAS = f"sv=2022-11-02&sp=r&se=2034-01-01T00:00:00Z&{SIGNED}"
AZURE = "core.windows.net"
PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=tidegatefake0%2F20261127%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20261127T000000Z&X-Amz-Expires=36000&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=a4abd4448c49562d828115d13a1fccea927f52b4d5459297f8b43e42da89238b"
)


@pytest.mark.parametrize(
    ("text", "called", "opened"),
    [
        (f"https://contoso.queue.{AZURE}/jobs?{SAS}", "Azure service SAS", "the queue contoso/jobs (queue)"),
        (f"https://contoso.table.{AZURE}/t?tn=t&{SAS}", "Azure service SAS", "the table contoso/t (table)"),
        (
            f"https://contoso.file.{AZURE}/s?sr=s&{SAS}",
            "Azure service SAS",
            "the file share contoso/s (file)",
        ),
        (f"https://contoso.blob.{AZURE}/c?sr=c&{SAS}", "Azure service SAS", "the container contoso/c (blob)"),
        (f"?ss=b&srt=o&{SAS}", "Azure account SAS", "the whole of an account that is not named (blob)"),
        (
            f"https://contoso.blob.{AZURE}/data",
            "Address of Azure storage",
            "the container contoso/data (blob)",
        ),
        ("s3://contoso-public/x", "Address of an S3 bucket", "the bucket contoso-public (s3)"),
        (
            f"https://minio.example.net:9000/models/x.bin?{PRESIGNED}",
            "S3-compatible presigned URL",
            "one object: models/x.bin at minio.example.net:9000 (s3)",
        ),
        (
            f"https://files.contoso.com/models/x.bin?sr=b&{SAS}",
            "Azure service SAS",
            "one object: models/x.bin at files.contoso.com (blob)",
        ),
        ("the key AKIATIDEGATEFAKEKEY5", "AWS access key ID", "no storage by itself"),
        (
            "HF_TOKEN=hf_TidegateFakeTokenForTestsOnlyAbCd0",
            "Hugging Face access token",
            "the whole account huggingface.co (huggingface)",
        ),
        (
            "the secret is Tg27Q~exampleOnlyNotReal0123456789abcdGH",
            "Microsoft Entra client secret",
            "what the application that it belongs to may open",
        ),
    ],
)
def test_a_credential_is_called_as_people_call_it(text: str, called: str, opened: str) -> None:
    grant = tidegate.decode(text, now=NOW)
    assert grant is not None
    assert (name(grant), opens(grant)) == (called, opened)


def test_a_link_of_another_store_is_not_ended_with_amazons_policies() -> None:
    grant = tidegate.decode(f"https://minio.example.net:9000/models/x.bin?{PRESIGNED}", now=NOW)
    assert grant is not None
    assert "s3:" not in grant.revocation.means + grant.revocation.collateral


def test_what_is_the_emulators_says_so_first() -> None:
    grant = tidegate.decode(f"http://127.0.0.1:10000/devstoreaccount1/models/x.bin?sr=b&{SAS}", now=NOW)
    assert grant is not None
    assert "emulator" in grant.warnings[0]
