"""Listing and reading, against Microsoft's emulator."""

from __future__ import annotations

import hashlib

import pytest
from azure_fill import BLOBS
from azure_setting import (
    ACCOUNT,
    Setting,
    account_sas,
    blob_sas,
    connection_string,
    container_sas,
    open_address,
    sas,
)

from tidegate.errors import OutOfScopeError, RefusedError
from tidegate.plugins import Container
from tidegate.providers.azure.storage import STORAGE

MODELS = Container(service="blob", name="models")


def test_an_account_signature_reaches_every_container_queue_and_table(azure: Setting) -> None:
    reached = azure.containers(sas(account_sas(azure.key(), services="bqt")))
    blobs = {each.name: each.public for each in reached if each.service == "blob"}
    assert blobs == {"bare": "", "halfshown": "blob", "models": "", "shown": "container"}
    others = [(each.service, each.name, each.listable) for each in reached if each.service != "blob"]
    assert others == [("queue", "jobs", False), ("table", "runs", False)]


def test_a_narrower_signature_reaches_what_it_names(azure: Setting) -> None:
    key = azure.key()
    (container,) = azure.containers(sas(container_sas(key), "models"))
    assert (container.name, container.prefix, container.single) == ("models", "", False)
    (blob,) = azure.containers(sas(blob_sas(key, "empty"), "models/empty"))
    assert (blob.name, blob.prefix, blob.single) == ("models", "empty", True)
    (named,) = azure.containers(open_address(f"az://{ACCOUNT}/shown"))
    assert named.name == "shown"


@pytest.mark.parametrize("by", ["sas", "key"])
def test_a_listing_is_what_was_put_there(azure: Setting, by: str) -> None:
    credential = connection_string(azure.key()) if by == "key" else sas(container_sas(azure.key()), "models")
    (page,) = azure.pages(credential, MODELS)
    rows = page.items.select("name", "size_bytes", "md5", "state", "kind").rows()
    expected = [
        (name, len(content), hashlib.md5(content).hexdigest(), "current", "object")
        for name, content in sorted(BLOBS.items())
    ]
    assert rows == expected
    assert page.items["modified_at"].null_count() == page.items["created_at"].null_count() == 0


def test_snapshots_are_listed_when_the_past_is_asked_for(azure: Setting) -> None:
    (page,) = azure.pages(sas(container_sas(azure.key()), "models"), MODELS, past=True)
    past = page.items.filter(page.items["state"] != "current")
    assert past.select("name", "state").rows() == [("empty", "snapshot")]
    assert page.items.height == len(BLOBS) + 1


def test_a_delimited_page_gives_what_lies_one_level_deeper(azure: Setting) -> None:
    credential = sas(container_sas(azure.key()), "models")
    page = STORAGE.page(credential, azure.net, MODELS, delimited=True)
    assert page.prefixes == ("checkpoints/", "übung/")
    deeper = STORAGE.page(credential, azure.net, MODELS, prefix="checkpoints/", delimited=True)
    assert deeper.prefixes == ("checkpoints/epoch 1/", "checkpoints/epoch 2/")


def test_one_blobs_signature_lists_that_blob(azure: Setting) -> None:
    credential = sas(blob_sas(azure.key(), "übung/日本.bin"), "models/übung/日本.bin")
    (container,) = azure.containers(credential)
    (page,) = azure.pages(credential, container)
    assert page.items.select("name", "size_bytes").rows() == [("übung/日本.bin", 256)]


@pytest.mark.parametrize("by", ["sas", "key", "anyone"])
def test_ranges_are_read_as_they_are(azure: Setting, by: str) -> None:
    name, container = "übung/日本.bin", MODELS
    content = BLOBS[name]
    credential = connection_string(azure.key()) if by == "key" else sas(account_sas(azure.key()))
    if by == "anyone":
        credential, name, content = open_address(f"az://{ACCOUNT}/shown"), "readme.txt", b"for all to see"
        container = Container(service="blob", name="shown")
    for start, stop in ((0, 1), (3, 9), (10, 1000), (0, len(content)), (5000, 5001), (4, 4)):
        assert STORAGE.read(credential, azure.net, container, name, start, stop) == content[start:stop]


def test_a_snapshot_is_read_by_its_time(azure: Setting) -> None:
    credential = sas(account_sas(azure.key()))
    (page,) = azure.pages(credential, MODELS, past=True)
    version = page.items.filter(page.items["state"] == "snapshot")["version"][0]
    assert STORAGE.read(credential, azure.net, MODELS, "empty", 0, 10, version=version) == b""
    with pytest.raises(RefusedError):
        STORAGE.read(credential, azure.net, MODELS, "nothere", 0, 10, version=version)


def test_a_refused_listing_says_so_with_the_services_code(azure: Setting) -> None:
    with pytest.raises(RefusedError, match="does not permit this") as refused:
        azure.pages(sas(container_sas(azure.key(), permission="r"), "models"), MODELS)
    assert (refused.value.status, refused.value.code) == (403, "AuthorizationPermissionMismatch")


def test_another_account_is_never_asked(azure: Setting) -> None:
    token = account_sas(azure.key(), account="someoneelse")
    with pytest.raises(OutOfScopeError):
        azure.probe(sas(token, account="someoneelse"))
    assert azure.audit.entries == []
