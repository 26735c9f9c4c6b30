"""Listings that the emulator does not have: versions, deleted blobs, directories, shares, odd names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure_setting import account_sas, container_sas, sas
from fake_setting import NEW, OLD, Real, company, directory_sas, file_sas, serving, share_sas

from tidegate.errors import RefusedError
from tidegate.model.credential import Credential
from tidegate.plugins import Container
from tidegate.providers.azure.storage import STORAGE


@pytest.fixture
def real() -> Iterator[Real]:
    with serving(company()) as made:
        yield made


def whole(real: Real) -> Credential:
    return sas(account_sas(real.account.key1, services="bf"))


def listed(
    real: Real, credential: Credential, container: Container, prefix: str = "", **options: bool
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    after: str | None = None
    while True:
        page = STORAGE.page(credential, real.net, container, prefix=prefix, after=after, **options)
        rows += page.items.select("name", "state", "kind", "size_bytes", "version").rows()
        after = page.after
        if after is None:
            return rows


BACKUPS = Container(service="blob", name="backups")


def test_versions_snapshots_and_deleted_blobs_are_told_apart(real: Real) -> None:
    assert listed(real, whole(real), BACKUPS, past=True) == [
        ("old.vhd", "version", "object", 8, OLD),
        ("old.vhd", "current", "object", 7, NEW),
        ("shot.bin", "snapshot", "object", 4, OLD),
        ("shot.bin", "current", "object", 3, NEW),
        ("thrown away.txt", "deleted", "object", 4, OLD),
        ("z/\ufffe 100%", "current", "object", 3, NEW),
    ]
    assert [row[1] for row in listed(real, whole(real), BACKUPS)] == ["current"] * 3


def test_versions_and_snapshots_are_read_by_what_the_listing_calls_them(real: Real) -> None:
    def read(name: str, version: str = "") -> bytes:
        return STORAGE.read(whole(real), real.net, BACKUPS, name, 0, 100, version=version)

    assert (read("old.vhd"), read("old.vhd", OLD), read("shot.bin", OLD)) == (
        b"present",
        b"previous",
        b"then",
    )


def test_an_account_without_versions_says_how_to_go_on(real: Real) -> None:
    real.account.versioned = False
    with pytest.raises(RefusedError) as refused:
        listed(real, whole(real), BACKUPS, past=True)
    assert refused.value.hint == "List again without versions, snapshots and deleted blobs."
    assert len(listed(real, whole(real), BACKUPS)) == 3


def test_directories_of_a_hierarchical_account_end_in_a_slash(real: Real) -> None:
    real.account.hierarchical = True
    rows = listed(real, whole(real), Container(service="blob", name="lake"))
    assert [row[0] for row in rows if row[2] == "directory"] == ["logs/", "logs/2026/"]
    assert ("logs/boot.log", "current", "object", 6, None) in rows


def test_directories_are_listed_alike_whether_delimited_or_not(real: Real) -> None:
    real.account.hierarchical = True
    lake = Container(service="blob", name="lake")
    (row,) = [each for each in listed(real, whole(real), lake) if each[0] == "logs/"]
    page = STORAGE.page(whole(real), real.net, lake, delimited=True)
    assert page.prefixes == ("logs/", "other/")
    assert row in page.items.select("name", "state", "kind", "size_bytes", "version").rows()


def test_versions_are_not_listed_level_by_level_and_the_service_is_believed(real: Real) -> None:
    with pytest.raises(RefusedError) as refused:
        STORAGE.page(whole(real), real.net, BACKUPS, delimited=True, past=True)
    assert refused.value.code == "InvalidQueryParameterValue"


def test_a_directorys_signature_lists_what_is_below_and_nothing_beside_it(real: Real) -> None:
    credential = directory_sas(real.account, "logs")
    (container,) = STORAGE.containers(credential, real.net)
    assert (container.name, container.prefix, container.flat) == ("lake", "logs/", True)
    assert [row[0] for row in listed(real, credential, container)] == [
        "logs/2026/",
        "logs/2026/app.log",
        "logs/boot.log",
    ]
    page = STORAGE.page(credential, real.net, container, prefix="logs/", delimited=True)
    assert page.prefixes == ("logs/2026/",)
    assert page.items["modified_at"].null_count() == page.items["created_at"].null_count() == 0
    assert STORAGE.read(credential, real.net, container, "logs/boot.log", 0, 3) == b"boo"


def test_a_share_is_listed_directory_by_directory(real: Real) -> None:
    credential = share_sas(real.account)
    (container,) = STORAGE.containers(credential, real.net)
    assert not container.flat
    found: list[str] = []
    todo = [""]
    while todo:
        page = STORAGE.page(credential, real.net, container, prefix=todo.pop())
        found += page.items.filter(page.items["kind"] == "object")["name"].to_list()
        todo += page.prefixes
        assert page.items.filter(page.items["kind"] == "directory")["name"].to_list() == list(page.prefixes)
    assert sorted(found) == sorted(real.account.shares["profiles"])
    assert STORAGE.read(credential, real.net, container, "mara/notes.txt", 1, 3) == b"ot"


def test_one_files_signature_lists_that_file(real: Real) -> None:
    credential = file_sas(real.account, "mara/notes.txt")
    (container,) = STORAGE.containers(credential, real.net)
    assert [row[:1] + row[3:4] for row in listed(real, credential, container)] == [("mara/notes.txt", 5)]


def test_an_accounts_shares_stand_beside_its_containers(real: Real) -> None:
    found = [(each.service, each.name) for each in STORAGE.containers(whole(real), real.net)]
    assert found == [("blob", "backups"), ("blob", "cold"), ("blob", "lake"), ("file", "profiles")]


def test_one_service_that_refuses_does_not_hide_the_others(real: Real) -> None:
    credential = sas(account_sas(real.account.key1, services="bf"))
    real.account.shares.clear()
    found = STORAGE.containers(credential, real.net)
    assert next(found).name == "backups"
    narrow = sas(container_sas(real.account.key1, "backups", permission="r"), "backups")
    with pytest.raises(RefusedError):
        listed(real, narrow, BACKUPS)
