"""Uses of one credential are found in the logs of every service, and nothing else is."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.cli import main
from tidegate.trace import read as module
from tidegate.trace.formats import CutLineError, reader_of
from tidegate.trace.read import Read, uses
from tidegate.trace.summary import Trace
from tidegate.trace.use import Deed, Use, deed_of
from tidegate.trace.wanted import Wanted, of_facts, of_sas

SIGNATURE = "bm90LWEtcmVhbC1zaWduYXR1cmUtb2YtYW55Ym9keTE="
SHAPE = "sv=2021-06-08&ss=b&srt=sco&sp=rwdlac&se=2051-10-06T07:09:59Z&st=2021-10-05T23:09:59Z&spr=https"
LINK = f"https://contosomodels.blob.core.windows.net/models?{SHAPE}&sig={quote(SIGNATURE, safe='')}"
HASH = hashlib.sha256(SIGNATURE.encode()).hexdigest().upper()
KEY_ID = "AKIA" + "TIDEGATEFAKEKEY0"


def analytics(
    operation: str, name: str, *, shape: str = SHAPE, at: str = "2023-05-04T10:00:00.1234567Z"
) -> str:
    url = f"https://contosomodels.blob.core.windows.net/models/{name}?{shape}&sig=XXXXX".replace("&", "&amp;")
    cells = ["1.0", at, operation, "SASSuccess", "200", "15", "10", "sas", "", "contosomodels", "blob"]
    cells += [f'"{url}"', f'"/contosomodels/models/{name}"', "id", "0", "192.0.2.7:50123", "2021-06-08"]
    cells += [
        "400",
        "0",
        "300",
        "5000",
        "70",
        "",
        "",
        '"&quot;0x8D&quot;"',
        "",
        "",
        '"curl/8; x"',
        "",
        "client",
    ]
    return ";".join(cells)


def resource(operation: str, name: str, *, told: str = HASH, status: int = 200) -> dict[str, object]:
    return {
        "time": "2023-06-01T12:00:00.0000000Z",
        "operationName": operation,
        "statusCode": status,
        "callerIpAddress": "198.51.100.9:1234",
        "identity": {"type": "SAS", "tokenHash": f"key1({'0' * 64}),SasSignature({told})"},
        "properties": {
            "userAgentHeader": "python-requests/2",
            "objectKey": f"/contosomodels/models/{name}",
            "responseBodySize": 4096,
        },
        "uri": f"https://contosomodels.blob.core.windows.net/models/{name}?{SHAPE}&sig=XXXXX",
    }


def s3(operation: str, key: str, *, key_id: str = KEY_ID) -> str:
    query = f"?X-Amz-Credential={key_id}%2F20230601%2Fus-east-1%2Fs3%2Faws4_request"
    return (
        f"{'ab' * 32} contoso-public [01/Jun/2023:12:30:00 +0000] 203.0.113.5 - 3E57427F3EXAMPLE {operation}"
        f' {key} "GET /contoso-public/{key}{query} HTTP/1.1" 200 - 2048 2048 15 14 "-" "Wget/1.21 (x)" - host'
        " SigV4 TLS QueryString contoso-public.s3.amazonaws.com TLSv1.2 - -"
    )


def found(folder: Path, wanted: Wanted) -> tuple[list[Use], Read]:
    read = Read()
    return list(uses([folder], wanted, read)), read


def test_storage_analytics_masks_the_signature_so_the_shape_of_the_link_tells(tmp_path: Path) -> None:
    other = SHAPE.replace("rwdlac", "r")
    lines = [
        analytics("GetBlob", "a.pt"),
        analytics("GetBlob", "b.pt", shape=other),
        analytics("PutBlob", "a.pt"),
    ]
    (tmp_path / "000000.log").write_text("\n".join(lines) + "\n")
    wanted = of_sas(LINK)
    assert wanted is not None
    seen, read = found(tmp_path, wanted)
    assert [(use.deed, use.item) for use in seen] == [
        (Deed.READ, "contosomodels/models/a.pt"),
        (Deed.WRITE, "contosomodels/models/a.pt"),
    ]
    assert (seen[0].address, seen[0].agent, seen[0].bytes_out) == ("192.0.2.7", "curl/8; x", 5000)
    assert read.gaps == []


def test_resource_logs_name_the_signature_by_its_hash(tmp_path: Path) -> None:
    records = [resource("GetBlob", "a.pt"), resource("GetBlob", "b.pt", told="F" * 64)]
    packed = gzip.compress("\n".join(map(json.dumps, records)).encode())
    (tmp_path / "PT1H.json.gz").write_bytes(packed)
    (tmp_path / "array.json").write_text(json.dumps({"records": records}))
    wanted = of_sas(LINK)
    assert wanted is not None
    assert wanted.certain
    seen, _ = found(tmp_path, wanted)
    assert [use.item for use in seen] == ["contosomodels/models/a.pt"] * 2


def test_a_saved_report_has_no_signature_and_still_finds_the_shape(tmp_path: Path) -> None:
    (tmp_path / "1.log").write_text(analytics("DeleteBlob", "a.pt") + "\n")
    facts = dict(part.split("=", 1) for part in SHAPE.split("&"))
    wanted = of_facts(facts, "contosomodels")
    assert wanted is not None
    assert not wanted.certain
    assert [use.deed for use in found(tmp_path, wanted)[0]] == [Deed.DELETE]
    elsewhere = of_facts(facts, "fabrikam")
    assert elsewhere is not None
    assert found(tmp_path, elsewhere)[0] == []


def test_keys_of_s3_and_of_google_are_found_in_their_logs(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(
        "\n".join([s3("REST.GET.OBJECT", "m.ckpt"), s3("REST.GET.OBJECT", "n", key_id="AKIAOTHER")])
    )
    trail = {
        "eventTime": "2023-06-02T01:02:03Z",
        "eventName": "PutObject",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "[Boto3]",
        "userIdentity": {"accessKeyId": KEY_ID},
        "requestParameters": {"bucketName": "contoso-public", "key": "m.ckpt"},
        "additionalEventData": {"bytesTransferredIn": 77.0},
    }
    (tmp_path / "trail.json").write_text(json.dumps({"Records": [trail]}))
    audit = {
        "timestamp": "2023-06-03T00:00:00.123456789Z",
        "protoPayload": {
            "methodName": "storage.objects.get",
            "authenticationInfo": {"principalEmail": f"{KEY_ID.lower()}@contoso.iam"},
            "requestMetadata": {"callerIp": "203.0.113.10", "callerSuppliedUserAgent": "gsutil"},
            "resourceName": "projects/_/buckets/contoso-public/objects/m.ckpt",
        },
    }
    (tmp_path / "zaudit.json").write_text(json.dumps(audit))
    seen, read = found(tmp_path, Wanted(key_id=KEY_ID))
    assert [(use.deed, use.item, use.address) for use in seen] == [
        (Deed.READ, "contoso-public/m.ckpt", "203.0.113.5"),
        (Deed.WRITE, "contoso-public/m.ckpt", "203.0.113.9"),
        (Deed.READ, "contoso-public/m.ckpt", "203.0.113.10"),
    ]
    assert all(use.at is not None for use in seen)
    assert read.gaps == []


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = analytics("GetBlob", "a.pt")
    (tmp_path / "a.log").write_text(f"{good}\n{good[:300]}\n{good}\n")
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(good.encode())[:-12])
    (tmp_path / "c.txt").write_text("hello\n")
    wanted = of_sas(LINK)
    assert wanted is not None
    seen, read = found(tmp_path, wanted)
    assert len(seen) >= 2
    assert [gap.subject.rpartition("/")[2] for gap in read.gaps] == ["a.log, line 2", "b.log.gz", "c.txt"]


@given(st.lists(st.sampled_from(["mine", "other", "cut", ""]), max_size=30), st.integers(1, 4000))
def test_reading_in_blocks_finds_what_reading_each_line_finds(kinds: list[str], block: int) -> None:
    texts = {
        "mine": analytics("GetBlob", "a.pt"),
        "other": analytics("GetBlob", "b", shape=SHAPE.replace("2051", "2031")),
        "cut": analytics("GetBlob", "c")[:350],
        "": "",
    }
    lines = [texts["other"], *(texts[kind] for kind in kinds)]
    wanted = of_sas(LINK)
    assert wanted is not None
    known = reader_of(lines[0].encode())
    assert known is not None
    plain = 0
    for line in lines:
        with contextlib.suppress(CutLineError):
            plain += len(list(known[1](line, wanted))) if line else 0
    before, module.BLOCK_BYTES = module.BLOCK_BYTES, max(block, 100)  # type: ignore[misc]
    try:
        data = io.BytesIO("\n".join(lines).encode())
        assert len(list(module._file(data, "x", wanted, Read()))) == plain
    finally:
        module.BLOCK_BYTES = before  # type: ignore[misc]


def test_models_changed_after_the_leak_are_named() -> None:
    trace = Trace(certain=True)
    for item, operation in (
        ("c/m/net.ckpt", "PutBlob"),
        ("c/m/notes.txt", "PutBlob"),
        ("c/m/net.ckpt", "GetBlob"),
    ):
        trace.add(
            Use(
                at=None,
                operation=operation,
                deed=deed_of(operation),
                succeeded=True,
                address="",
                agent="",
                item=item,
            )
        )
    assert [item for item, _, _ in trace.models(None)] == ["c/m/net.ckpt"]


def test_the_command_says_who_and_what_and_never_the_signature(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [analytics("GetBlob", "a.pt"), analytics("PutBlob", "model.ckpt")]
    (tmp_path / "x.log").write_text("\n".join(lines))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINK.encode())))
    assert main(["trace", "--log", str(tmp_path), "--link", "-", "--since", "2020-07-20"]) == 1
    out = capsys.readouterr().out
    assert "192.0.2.7" in out
    assert "write  contosomodels/models/model.ckpt" in out
    assert SIGNATURE[:12] not in out
    assert main(["trace", "--log", str(tmp_path), "--key-id", "AKIANOBODY", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["uses"] == 0
