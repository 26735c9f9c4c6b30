"""What `scan` mutes as public by intent is no credential for `inspect` either; a real key beside it is."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tidegate.cli import main

EMULATOR = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
LINK = "https://contosomodels.blob.core.windows.net/c?sv=2022-11-02&sr=c&sp=rl&se=2051-01-01&sig="
KEY = base64.b64encode(hashlib.sha512(b"key of nobody, muted alike").digest()).decode()
SECRET = base64.b64encode(hashlib.sha256(b"secret of nobody, muted alike").digest()).decode()[:40]

PUBLIC = {
    "credentials": (
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    ),
    # The id says that it is an example, whatever its secret.
    "other/credentials": (
        f"[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n"
    ),
    ".env": f"AZURE_STORAGE_KEY={EMULATOR}\nA=1\nB=2\n",
    "azurite/.env": (
        "AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        f"AccountKey={EMULATOR};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;\n"
        "OTHER_CONNECTION_STRING=UseDevelopmentStorage=true\n"
    ),
    "placeholder/.env": f"BLOB_SAS_URL={LINK}{'x' * 44}\nAWS_SECRET_ACCESS_KEY={'A' * 40}\n",
    "ignored/.env": f"# tidegate:ignore\nSTORAGE_CONNECTION_STRING=AccountName=contosomodels;AccountKey={KEY}\n",
    "a.txt": f"AccountName=devstoreaccount1;AccountKey={EMULATOR}\n",
}


def inspected(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str], list[str]]:
    """Return the exit code, path -> severity, and what is estimated of the items."""
    code = main(["inspect", "--quiet", "--format", "json", str(folder)])
    out = json.loads(capsys.readouterr().out)
    said = {Path(each["path"]).name: each["severity"] for each in out["items"]}
    return code, said, [str(each) for held in out["contents"] for each in held["estimates"]]


@pytest.mark.parametrize("name", PUBLIC)
def test_what_scan_mutes_is_no_credential_for_inspect(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(PUBLIC[name])
    assert main(["scan", "--quiet", "--format", "json", str(tmp_path)]) == 0
    assert not [
        each
        for each in json.loads(capsys.readouterr().out)["findings"]
        if each["grant"]["kind"] != "anonymous"
    ]
    code, said, estimates = inspected(tmp_path, capsys)
    assert (code, set(said.values()), estimates) == (0, {"info"}, [])


@pytest.mark.parametrize(
    "text",
    [
        f"AZURE_STORAGE_KEY={EMULATOR}\nAZURE_STORAGE_KEY_2={KEY}\nB=2\n",
        f"STORAGE_CONNECTION_STRING=AccountName=contosomodels;AccountKey={KEY};BlobEndpoint={LINK}xxxx\nB=2\nC=3\n",
        f"AZURE_STORAGE_KEY={EMULATOR}\nDB_PASSWORD=Kq8(zP3wL1vN6mR0xT4y)\nB=2\n",
    ],
)
def test_what_is_real_beside_it_is_told(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text(text)
    code, said, estimates = inspected(tmp_path, capsys)
    assert code == 1
    assert said[".env"] in ("high", "critical")
    assert len(estimates) == 1
