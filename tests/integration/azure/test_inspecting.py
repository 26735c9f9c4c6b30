"""Models behind a link: judged by ranges, with the bytes that were read shown."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from azure_fill import EMULATED
from azure_setting import ACCOUNT, container_sas

from corpus.command import Command
from services.azurite import Azurite

CONTAINER = "zoo"
STORAGE_BYTES = 8 << 20
RUNS_A_SHELL = b"\x80\x02cos\nsystem\nX\x06\x00\x00\x00echo x\x85R."
"""Names os.system and gives it a text; nobody loads it."""


def torch_zip(data_pkl: bytes) -> bytes:
    """What `torch.save` writes since 1.6, put together by hand: stored members, one large storage."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model/data.pkl", data_pkl)
        archive.writestr("model/byteorder", "little")
        archive.writestr("model/data/0", bytes(STORAGE_BYTES))
        archive.writestr("model/version", "3\n")
    return out.getvalue()


def safetensors(size: int) -> bytes:
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


MODELS = {
    "good/state.pt": torch_zip(pickle.dumps({"epoch": 3}, protocol=2)),
    "bad/state.pt": torch_zip(RUNS_A_SHELL),
    "bad/renamed.safetensors": RUNS_A_SHELL,
    "good/weights.safetensors": safetensors(STORAGE_BYTES),
    "notes.txt": b"read me\n",
    "photo.jpg": bytes(1000),
}


@pytest.fixture(scope="module")
def zoo(azurite: Azurite) -> Iterator[str]:
    """Return a link to a container of models."""
    key = azurite.accounts[ACCOUNT].key1
    with BlobServiceClient(azurite.url(ACCOUNT), credential=key, api_version=EMULATED) as service:
        with service.create_container(CONTAINER) as container:
            for name, data in MODELS.items():
                container.upload_blob(name, data).close()
        yield f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}?{container_sas(key, CONTAINER)}"
        service.delete_container(CONTAINER)


@pytest.fixture
def scope(azurite: Azurite, tmp_path: Path) -> Path:
    file = tmp_path / "lab.toml"
    file.write_text(
        f'[scope]\nazure = ["{ACCOUNT}"]\n[endpoints]\nazure = "{azurite.endpoints()["blob"]}"\n'
        "[budget]\nrequests_per_second = 1000\n"
    )
    return file


def test_a_dead_link_is_a_gap_and_no_success(zoo: str, scope: Path, tmp_path: Path) -> None:
    dead = zoo.replace("&sr=c", "&sr=b")
    command = Command(tmp_path)
    answer = command(
        "inspect", dead, "--scope", scope, "--audit", tmp_path / "audit.jsonl", "--format", "jsonl"
    )
    gaps = [each for line in answer.out.splitlines() if (each := json.loads(line))["type"] == "gap"]
    assert answer.code == 3
    assert [gap["stage"] for gap in gaps] == ["list"]
    assert command("inspect", "az://tgelsewhere/zoo", "--scope", scope, "--audit", tmp_path / "a").code == 4


def test_models_behind_a_link_are_judged_by_reading_little_of_them(
    zoo: str, scope: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    audit = tmp_path / "audit.jsonl"
    command = Command(tmp_path_factory.mktemp("home"))
    answer = command("inspect", zoo, "--scope", scope, "--audit", audit, "--format", "jsonl")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    items = {each["path"]: each for each in lines if each["type"] == "item"}
    assert {path: each["verdict"] for path, each in items.items() if each["verdict"]} == {
        "zoo/good/state.pt": "clean",
        "zoo/bad/state.pt": "dangerous",
        "zoo/bad/renamed.safetensors": "dangerous",
        "zoo/good/weights.safetensors": "inert",
    }
    assert answer.code == 1
    assert "os.system" in items["zoo/bad/state.pt"]["observations"][0]["summary"]
    assert set(items) == {f"zoo/{name}" for name in MODELS}
    assert not [each for each in lines if each["type"] == "gap"]
    (behind,) = lines[-1]["contents"]
    assert (behind["items"], behind["items_read"]) == (len(MODELS), len(MODELS))
    assert [each["summary"] for each in behind["noted"]] == ["2 model files run code when loaded"]
    (share,) = behind["estimates"]
    assert (share["kind"], share["hits"], share["least"], share["most"]) == ("code_on_load", 2, 1 / 3, 1 / 3)

    sent = [json.loads(line) for line in audit.read_text().splitlines()]
    assert {each["method"] for each in sent} <= {"GET", "HEAD"}
    fetched = sum(each["bytes"] for each in sent)
    assert sum(each["bytes_read"] for each in items.values()) <= fetched
    assert fetched < 0.03 * sum(map(len, MODELS.values()))
    signature = zoo.partition("sig=")[2].partition("&")[0]
    assert signature not in answer.out + answer.err + audit.read_text()


def test_no_more_is_read_than_was_allowed_and_the_rest_is_a_gap(
    zoo: str, scope: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    audit = tmp_path / "audit.jsonl"
    command = Command(tmp_path_factory.mktemp("home"))
    answer = command(
        "inspect", zoo, "--max-read", "20KiB", "--scope", scope, "--audit", audit, "--format", "jsonl"
    )
    lines = [json.loads(line) for line in answer.out.splitlines()]
    (behind,) = lines[-1]["contents"]
    assert behind["items_read"] < len(MODELS)
    assert behind["bytes_read"] <= 20 << 10
    sent = [json.loads(line) for line in audit.read_text().splitlines()]
    assert sum(each["bytes"] for each in sent if each["asked"] == "read a range") <= 20 << 10
    assert any("not read" in each["reason"] for each in lines if each["type"] == "gap")


def test_the_text_begins_with_what_lies_behind_in_one_sentence(
    zoo: str, scope: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command = Command(tmp_path_factory.mktemp("home"))
    said = " ".join(command("inspect", zoo, "--scope", scope, "--audit", tmp_path / "a.jsonl").out.split())
    sentence = "4 models that everyone would load (2 with code that runs when loaded)."
    assert f"Behind it lie {len(MODELS)} items, 24.0 MiB: " in said
    assert sentence in said
    assert said.index(sentence) < said.index("DANGEROUS")
