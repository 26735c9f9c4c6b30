"""Archives of very many members: all are seen, or it is said how many were not."""

from __future__ import annotations

import base64
import zipfile

import pytest
from packed import PAYLOAD, kinds, seen, zipped

from tidegate.inspectors.containers import contents
from tidegate.model.observation import Verdict

# Ed25519 as PKCS#8, of 32 bytes that count up.
DER = bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))
KEY = b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(DER) + b"\n-----END PRIVATE KEY-----\n"
LETTERS = [(f"letters/{i:03}.txt", b"Dear all, the meeting is moved. Best, Ann\n") for i in range(60)]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_MANY", 5)


@pytest.mark.usefixtures("many")
def test_a_key_among_many_letters_is_found_whatever_its_name() -> None:
    inspection = seen(zipped([*LETTERS, ("letters/z.txt", KEY)], zipfile.ZIP_DEFLATED), "letters.zip")
    assert "private_key" in kinds(inspection)
    assert inspection.complete
    assert inspection.verdict is None
    [glanced] = [each for each in inspection.observations if each.kind == "not_sampled"]
    assert glanced.summary.startswith("55 of its 61 members were only searched for marks of keys")


@pytest.mark.usefixtures("many")
def test_a_model_among_many_letters_is_judged_whatever_its_name() -> None:
    inspection = seen(zipped([*LETTERS, ("letters/z.txt", PAYLOAD)], zipfile.ZIP_DEFLATED), "letters.zip")
    assert inspection.verdict is Verdict.DANGEROUS


def test_members_with_dull_names_that_were_not_opened_are_counted_and_no_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contents, "_LAST", 2.0)
    inspection = seen(zipped([*LETTERS, ("net.pkl", b"\x80\x02K\x01.")], zipfile.ZIP_DEFLATED), "letters.zip")
    [note] = [each for each in inspection.observations if each.kind == "not_complete"]
    assert "60 of its 61 members were not opened" in note.summary
    assert not inspection.complete
    # A model was in it: what was not seen may belong to it.
    assert inspection.verdict is Verdict.DAMAGED
    plain = seen(zipped(LETTERS, zipfile.ZIP_DEFLATED), "letters.zip")
    assert (plain.verdict, plain.complete) == (None, False)


def test_a_small_member_with_a_wrong_size_is_still_a_lie() -> None:
    raw = bytearray(zipped([("net.pkl", b"\x80\x02" + b"K\x010" * 40 + b"K\x01.")], zipfile.ZIP_DEFLATED))
    central = raw.rfind(b"PK\x01\x02")
    for at in (22, central + 24):
        raw[at : at + 4] = (9).to_bytes(4, "little")
    assert "size_mismatch" in kinds(seen(bytes(raw), "net.zip"))
