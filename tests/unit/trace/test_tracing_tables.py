"""Logs exported as CSV say the same as those they come from."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.trace.read import Read, uses
from tidegate.trace.tables import table_of
from tidegate.trace.use import Deed, Use
from tidegate.trace.wanted import Wanted

HASH = hashlib.sha256(b"made up").hexdigest().upper()
SIGNER = "reader@contoso-fake.iam.gserviceaccount.com"
AZURE = ["TenantId", "TimeGenerated [UTC]", "OperationName", "StatusCode", "CallerIpAddress", "Uri",
         "AuthenticationHash", "UserAgentHeader", "ObjectKey", "ResponseBodySize"]  # fmt: skip
GOOGLE = ["time_micros", "c_ip", "c_ip_type", "c_ip_region", "cs_method", "cs_uri", "sc_status", "cs_bytes",
          "sc_bytes", "time_taken_micros", "cs_host", "cs_referer", "cs_user_agent", "s_request_id",
          "cs_operation", "cs_bucket", "cs_object"]  # fmt: skip


def written(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def azure(time: str = "6/1/2023, 12:00:00.500 PM", told: str = HASH, status: str = "200") -> list[str]:
    uri = "https://contosofake.blob.core.windows.net/models/a%20b.ckpt?sv=2021-06-08&sig=XXXXX"
    return ["t", time, "GetBlob", status, "192.0.2.7:443", uri, f"key1(AA),SasSignature({told})",
            'curl/8, "quoted"', "/contosofake/models/a b.ckpt", "5000"]  # fmt: skip


def google(method: str, operation: str, signer: str = SIGNER) -> list[str]:
    uri = f"/contoso-fake/a.ckpt?X-Goog-Credential={signer.replace('@', '%40')}%2F20230601%2Fauto"
    return ["1685620800000000", "192.0.2.9", "1", "", method, uri, "200", "0", "700", "9", "storage.googleapis.com",
            "", "wget/1", "id", operation, "contoso-fake", "a.ckpt"]  # fmt: skip


def found(tmp_path: Path, data: bytes, wanted: Wanted) -> tuple[list[Use], Read]:
    file = tmp_path / "log.csv"
    file.write_bytes(data)
    read = Read()
    return list(uses([file], wanted, read)), read


def test_an_export_of_log_analytics_names_the_signature_by_its_hash(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + written(AZURE, azure(), azure(told="B" * 64))
    (use,), read = found(tmp_path, data, Wanted(hashes=frozenset([HASH])))
    assert read.formats == {"StorageBlobLogs in CSV": 1}
    assert use.at == datetime(2023, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
    assert (use.operation, use.deed, use.succeeded) == ("GetBlob", Deed.READ, True)
    assert (use.address, use.agent) == ("192.0.2.7", 'curl/8, "quoted"')
    assert (use.item, use.bytes_out) == ("contosofake/models/a b.ckpt", 5000)


@pytest.mark.parametrize("time", ["2023-06-01T12:00:00.1234567Z", "2023-06-01T12:00:00Z"])
def test_times_as_the_service_writes_them_are_read_too(tmp_path: Path, time: str) -> None:
    (use,), _ = found(tmp_path, written(AZURE, azure(time)), Wanted(hashes=frozenset([HASH])))
    assert use.at is not None
    assert use.at.replace(microsecond=0) == datetime(2023, 6, 1, 12, tzinfo=UTC)


def test_a_time_in_a_zone_that_is_not_told_is_none(tmp_path: Path) -> None:
    header = [name.replace("[UTC]", "[Local Time]") for name in AZURE]
    (use,), _ = found(tmp_path, written(header, azure()), Wanted(hashes=frozenset([HASH])))
    assert use.at is None


def test_usage_logs_of_google_name_the_signer_of_a_link(tmp_path: Path) -> None:
    rows = [google("GET", "GET_Object"), google("GET", "GET_Bucket"), google("PUT", "PUT_Object"),
            google("GET", "GET_Object", "other@contoso-fake.iam.gserviceaccount.com")]  # fmt: skip
    three, read = found(tmp_path, written(GOOGLE, *rows), Wanted(key_id=SIGNER))
    assert read.formats == {"Google usage log": 1}
    assert [use.deed for use in three] == [Deed.READ, Deed.LIST, Deed.WRITE]
    assert {(use.item, use.address, use.agent) for use in three} == {
        ("contoso-fake/a.ckpt", "192.0.2.9", "wget/1")
    }
    assert three[0].at == datetime(2023, 6, 1, 12, tzinfo=UTC)


def test_a_row_that_is_cut_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    cut = written(azure())[:-40] + b"\n"
    one, read = found(tmp_path, written(AZURE) + cut + written(azure()), Wanted(hashes=frozenset([HASH])))
    assert len(one) == 1
    assert read.cut == 1
    assert "line 2" in read.gaps[0].subject


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_none(start: bytes) -> None:
    assert table_of(start) is None or b"," in start
