"""Access keys and open buckets, asked of a service that checks them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from s3_fill import ABSENT, BUCKETS, NAMES, PRIVATE, PUBLIC, VERSIONED, new_user
from s3_setting import key, link, open_address, way

from services.seaweedfs import KEY_ID, SECRET, SeaweedFS
from tidegate.errors import OutOfScopeError, RefusedError
from tidegate.inventory.lister import list_all
from tidegate.model.grant import Permission
from tidegate.model.reach import State

pytestmark = pytest.mark.xdist_group("s3-services")
P = Permission


def test_a_live_key_lists_its_buckets_and_is_proved_by_one_name_and_one_byte(weed: SeaweedFS) -> None:
    with way(weed.endpoint, KEY_ID, PRIVATE) as ask:
        reach = ask.probe(key(KEY_ID, SECRET))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST, P.LIST_CONTAINERS))
        assert reach.untried == (P.MINT, P.ADMIN)
        assert reach.reason == f"The key lists the buckets and lists and reads in {PRIVATE}."
        assert ask.asked == [
            "list the buckets: 200",
            f"list one name in {PRIVATE} without the key: 403",
            f"list one name in {PRIVATE}: 200",
            f"read one byte in {PRIVATE}: 206",
        ]
        assert ask.only_reads((SECRET,))


def test_a_key_whose_id_is_not_in_scope_is_asked_only_for_the_bucket_that_is(weed: SeaweedFS) -> None:
    user = new_user(weed, "narrow")
    with way(weed.endpoint, PRIVATE) as ask:
        reach = ask.probe(key(user.key_id, user.secret))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST))
        assert not any("buckets" in asked for asked in ask.asked)
        assert [each.name for each in ask.containers(key(user.key_id, user.secret))] == [PRIVATE]


def test_a_key_without_any_name_in_scope_is_refused_with_the_line_to_add(weed: SeaweedFS) -> None:
    with way(weed.endpoint, "contoso-elsewhere-*") as ask:
        with pytest.raises(OutOfScopeError) as refused:
            ask.probe(key(KEY_ID, SECRET))
        assert KEY_ID in refused.value.hint
        assert ask.audit.entries == []


@pytest.mark.parametrize("how", ["inactive", "deleted"])
@pytest.mark.parametrize("named", ["key", "bucket"])
def test_a_dead_key_is_closed(weed: SeaweedFS, how: str, named: str) -> None:
    user = new_user(weed, f"dead-{how}-{named}")
    with weed.iam() as iam:
        if how == "inactive":
            iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
        else:
            iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
    with way(weed.endpoint, user.key_id if named == "key" else PRIVATE) as ask:
        reach = ask.probe(key(user.key_id, user.secret))
        assert (reach.state, reach.proved, reach.untried) == (State.CLOSED, (), ())
        assert reach.reason.endswith("(InvalidAccessKeyId).")
        assert reach.answers[-1].asked.endswith("with a wrong secret")
        assert ask.only_reads((user.secret,))


def test_a_secret_that_is_not_its_ids_own_is_closed_only_where_both_stood_together(weed: SeaweedFS) -> None:
    wrong = SECRET[:-1] + "z"
    with way(weed.endpoint, KEY_ID) as ask:
        together = ask.probe(key(KEY_ID, wrong, together=True))
        paired = ask.probe(key(KEY_ID, wrong))
    assert (together.state, paired.state) == (State.CLOSED, State.UNKNOWN)
    assert "perhaps wrongly paired" in paired.reason


def test_a_key_that_may_do_nothing_here_is_alive_and_unknown(weed: SeaweedFS) -> None:
    user = new_user(weed, "powerless")
    with weed.iam() as iam:
        iam.delete_user_policy(UserName=user.name, PolicyName="reader")
    with way(weed.endpoint, PRIVATE) as ask:
        reach = ask.probe(key(user.key_id, user.secret))
    assert (reach.state, reach.proved) == (State.UNKNOWN, ())
    assert reach.reason.startswith("Access is denied (AccessDenied): the key is alive")


def test_what_is_open_to_anyone_is_not_the_keys_doing(weed: SeaweedFS) -> None:
    user = new_user(weed, "bystander")
    with way(weed.endpoint, PUBLIC) as ask:
        reach = ask.probe(key(user.key_id, user.secret))
    assert (reach.state, reach.proved) == (State.UNKNOWN, ())
    assert "open to anyone" in reach.reason


def test_beside_a_bucket_that_is_open_to_anyone_the_keys_own_is_found(weed: SeaweedFS) -> None:
    user = new_user(weed, "neighbour")
    with way(weed.endpoint, PUBLIC, PRIVATE) as ask:
        reach = ask.probe(key(user.key_id, user.secret))
    assert reach.state is State.OPEN
    assert reach.reason == f"The key lists and reads in {PRIVATE}."


def test_a_session_key_without_its_token_is_not_asked(weed: SeaweedFS) -> None:
    with way(weed.endpoint, "*") as ask:
        reach = ask.probe(key("ASIATIDEGATEFAKEKEY3", SECRET))
        assert reach.state is State.UNKNOWN
        assert "token was not seen" in reach.reason
        assert ask.audit.entries == []


def test_a_key_lists_every_name_whatever_characters_it_has(weed: SeaweedFS) -> None:
    credential = key(KEY_ID, SECRET)
    with way(weed.endpoint, KEY_ID, *BUCKETS) as ask:
        assert sorted(each.name for each in ask.containers(credential)) == sorted(BUCKETS)
        container = next(each for each in ask.containers(credential) if each.name == PRIVATE)
        (page,) = ask.pages(credential, container)
        assert sorted(page.items["name"]) == sorted(NAMES)
        row = next(row for row in page.items.iter_rows(named=True) if row["name"] == "c.bin")
        assert (row["size_bytes"], row["tier"], row["md5"]) == (
            12,
            "STANDARD",
            "e4d7f1b4ed2e42d15898f4b27b019da4",
        )
        for name in NAMES:
            whole = b"" if name == "empty" else b"hello, world"
            assert ask.read(credential, container, name, 0, 100) == whole
            assert ask.read(credential, container, name, 3, 5) == whole[3:5]


@pytest.mark.parametrize("delimited", [False, True])
def test_a_listing_goes_on_from_any_page_without_loss_or_doubles(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, delimited: bool
) -> None:
    monkeypatch.setattr("tidegate.providers.s3.listing.PAGE", 1)
    credential = key(KEY_ID, SECRET)
    with way(weed.endpoint, KEY_ID, *BUCKETS) as ask:
        container = next(each for each in ask.containers(credential) if each.name == PRIVATE)
        pages = ask.pages(credential, container, delimited=delimited)
    names = [name for page in pages for name in page.items["name"]]
    prefixes = [prefix for page in pages for prefix in page.prefixes]
    if delimited:
        assert sorted(prefixes) == ["a b+c%d/", "a/", "b/"]
        assert sorted(names) == ["a-b.txt", "c.bin", "empty"]
    else:
        assert (sorted(names), prefixes) == (sorted(NAMES), [])


# Not the versioned bucket: there SeaweedFS 4.48 sorts each page by bytes, and goes on folder by folder.
@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_the_inventory_of_a_bucket_is_the_same_whatever_a_page_holds(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page_size: int
) -> None:
    monkeypatch.setattr("tidegate.providers.s3.listing.PAGE", page_size)
    user = new_user(weed, f"lister-{page_size}")
    with way(weed.endpoint, PRIVATE) as ask:
        listing = list_all(
            ask.storage, key(user.key_id, user.secret), ask.net, tmp_path / "all.parquet", jobs=2
        )
    rows = pl.read_parquet(tmp_path / "all.parquet")
    assert listing.complete
    assert sorted(rows["name"]) == sorted(NAMES)
    assert rows["size_bytes"].sum() == 12 * (len(NAMES) - 1)


def test_versions_and_delete_markers_are_listed_and_old_versions_read(weed: SeaweedFS) -> None:
    credential = key(KEY_ID, SECRET)
    with way(weed.endpoint, KEY_ID, *BUCKETS) as ask:
        container = next(each for each in ask.containers(credential) if each.name == VERSIONED)
        (page,) = ask.pages(credential, container, past=True)
        rows = [row for row in page.items.iter_rows(named=True) if row["name"] in ("b/1", "c.bin")]
        states = {(row["name"], row["state"], row["size_bytes"]) for row in rows}
        assert states == {
            ("b/1", "deleted", 0),
            ("b/1", "version", 12),
            ("c.bin", "current", 6),
            ("c.bin", "version", 12),
        }
        old = next(row for row in rows if row["state"] == "version" and row["name"] == "c.bin")
        assert ask.read(credential, container, "c.bin", 0, 5, version=old["version"]) == b"hello"


# Only below prefixes: across folders SeaweedFS 4.48 loses names between pages of versions, whoever asks.
@pytest.mark.parametrize("prefix", ["b/", "c.bin"])
def test_versions_go_on_from_any_page_without_loss_or_doubles(
    weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    credential = key(KEY_ID, SECRET)
    with way(weed.endpoint, KEY_ID, *BUCKETS) as ask:
        container = next(each for each in ask.containers(credential) if each.name == VERSIONED)
        (whole,) = ask.pages(credential, container, past=True, prefix=prefix)
        monkeypatch.setattr("tidegate.providers.s3.listing.PAGE", 1)
        pages = ask.pages(credential, container, past=True, prefix=prefix)
    rows = [row for page in pages for row in page.items.rows()]
    assert len(rows) == len(pages) > 1
    assert rows == whole.items.rows()


def test_an_open_bucket_is_open_to_anyone_and_listed(weed: SeaweedFS) -> None:
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(open_address(f"s3://{PUBLIC}"))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST))
        assert reach.reason == "Anyone may list the bucket and read from it."
        (container,) = ask.containers(open_address(f"s3://{PUBLIC}/a/"))
        assert container.prefix == "a/"
        assert ask.names(open_address(f"s3://{PUBLIC}"), container) == ["a/x.txt"]
        assert ask.only_reads()


def test_the_address_of_one_open_object_tells_of_its_whole_bucket(weed: SeaweedFS) -> None:
    address = open_address(f"https://{PUBLIC}.s3.amazonaws.com/c.bin")
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(address)
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST))
        (container,) = ask.containers(address)
        assert (container.prefix, container.single) == ("", False)


@pytest.mark.parametrize("address", [f"s3://{PRIVATE}", f"https://{PRIVATE}.s3.amazonaws.com/c.bin"])
def test_a_private_bucket_is_closed_to_anyone(weed: SeaweedFS, address: str) -> None:
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(open_address(address))
        assert (reach.state, reach.proved) == (State.CLOSED, ())
        assert "access is denied (accessdenied)" in reach.reason.lower()
        with pytest.raises(RefusedError, match="AccessDenied"):
            ask.pages(open_address(address), ask.containers(open_address(address))[0])


def test_a_bucket_that_is_not_in_scope_is_never_asked(weed: SeaweedFS) -> None:
    with way(weed.endpoint, ABSENT) as ask:
        for credential in (
            open_address(f"s3://{PUBLIC}"),
            link(
                f"https://{PUBLIC}.s3.amazonaws.com/a?AWSAccessKeyId=AKIATIDEGATEFAKEKEY2&Expires=1&Signature=LB7mg3IhWxzgZEJrXNvU7yWBrOA%3D"
            ),
        ):
            with pytest.raises(OutOfScopeError):
                ask.probe(credential)
        assert ask.audit.entries == []
