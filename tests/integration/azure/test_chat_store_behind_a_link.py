"""A store of many files behind a link is judged as one, and its bytes stay within what was allowed."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from azure_fill import EMULATED
from azure_setting import ACCOUNT, container_sas

from corpus.command import Command
from corpus_contents import messages as made
from services.azurite import Azurite

CONTAINER = "chats"
BUNDLE, BAND = "tm/mac.sparsebundle", 128 << 10
DISK = Path(__file__).parents[2] / "unit" / "disks" / "images" / "ext4.img.xz"
PLIST = (
    b"<plist><key>band-size</key><integer>%d</integer><key>diskimage-bundle-type</key>"
    b"<string>com.apple.diskimage.sparsebundle</string><key>size</key><integer>%d</integer></plist>"
)
FOLDER = "home/u/IndexedDB/https_teams.microsoft.com_0.indexeddb.leveldb"


@pytest.fixture(scope="module")
def link(azurite: Azurite) -> Iterator[str]:
    key = azurite.accounts[ACCOUNT].key1
    disk = lzma.decompress(DISK.read_bytes())
    with BlobServiceClient(azurite.url(ACCOUNT), credential=key, api_version=EMULATED) as service:
        with service.create_container(CONTAINER) as container:
            for name, data in made.teams_store(conversations=6, each=5, people=4).items():
                container.upload_blob(f"{FOLDER}/{name}", data).close()
            for number, band in enumerate(disk[at : at + BAND] for at in range(0, len(disk), BAND)):
                if any(band):
                    container.upload_blob(f"{BUNDLE}/bands/{number:x}", band).close()
            container.upload_blob(f"{BUNDLE}/Info.plist", PLIST % (BAND, len(disk) + 3 * BAND)).close()
        yield f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}?{container_sas(key, CONTAINER)}"
        service.delete_container(CONTAINER)


def test_a_store_of_teams_behind_a_link_is_counted_once(link: str, azurite: Azurite, tmp_path: Path) -> None:
    scope, audit = tmp_path / "lab.toml", tmp_path / "audit.jsonl"
    scope.write_text(
        f'[scope]\nazure = ["{ACCOUNT}"]\n[endpoints]\nazure = "{azurite.endpoints()["blob"]}"\n'
        "[budget]\nrequests_per_second = 1000\n"
    )
    answer = Command(tmp_path)("inspect", link, "--scope", scope, "--audit", audit, "--format", "jsonl")
    items = [each for line in answer.out.splitlines() if (each := json.loads(line))["type"] == "item"]
    counted = {
        each["path"].rsplit("/", 1)[-1]: note["numbers"]["messages"]
        for each in items
        for note in each["observations"]
        if "messages" in note["numbers"]
    }
    assert counted == {"CURRENT": 25}
    sent = [json.loads(line) for line in audit.read_text().splitlines()]
    fetched = sum(each["bytes"] for each in sent if each["asked"] == "read a range")
    assert sum(each["bytes_read"] for each in items) == fetched
    bundle = next(each for each in items if each["path"].endswith("Info.plist"))
    assert bundle["kind"] == "workstation_image"
    assert any("the homes of 2 users" in note["summary"] for note in bundle["observations"])
    bands = [each for each in items if "/bands/" in each["path"]]
    assert {each["severity"] for each in bands} == {"info"}
