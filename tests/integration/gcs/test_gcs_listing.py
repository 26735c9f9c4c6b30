"""What lies behind keys, links and open buckets of Google: everything once, whatever the pages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gcs_setting import BUCKET, SIGNER, Setting, hmac_key, link, service_key, target, v4
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus import mint_clouds as mint
from services.gcs_state import VIEW, Cloud
from tidegate import items
from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError
from tidegate.model.credential import Credential
from tidegate.plugins import Container
from tidegate.providers.gcs import json_api, xml_api
from tidegate.providers.gcs.storage import STORAGE


def listed(
    gcs: Setting, found: Credential, container: Container, **how: object
) -> list[tuple[str, str, str]]:
    """Return (name, state, version) of all pages, with what lies deeper as `(name, "prefix", "")`."""
    rows, after = [], None
    while True:
        page = STORAGE.page(found, gcs.net, container, after=after, **how)  # type: ignore[arg-type]
        assert page.items.schema == items.SCHEMA
        rows += list(page.items.select("name", "state", "version").iter_rows())
        rows += [(prefix, "prefix", "") for prefix in page.prefixes]
        if page.after is None:
            return rows
        assert page.after != after
        after = page.after


def callers(gcs: Setting) -> dict[str, Credential]:
    gcs.cloud.allow(BUCKET, "allUsers", VIEW)
    return {"key": service_key(gcs.key_file), "hmac": hmac_key(), "nobody": target(f"gs://{BUCKET}")}


WHOLE = Container(service="gcs", name=BUCKET)


@pytest.mark.parametrize("who", ["key", "hmac", "nobody"])
def test_a_listing_tells_size_dates_kind_and_digest(gcs: Setting, who: str) -> None:
    found = callers(gcs)[who]
    page = STORAGE.page(found, gcs.net, WHOLE)
    rows = {row["name"]: row for row in page.items.iter_rows(named=True)}
    assert list(rows) == ["2025/notes.txt", "2026/empty.txt", "2026/film.mp4"]
    notes = rows["2025/notes.txt"]
    assert (notes["size_bytes"], notes["tier"], notes["kind"]) == (8, "ARCHIVE", "object")
    held = gcs.cloud.buckets[BUCKET].get("2025/notes.txt")
    assert held is not None
    assert (notes["md5"], notes["version"]) == (held.md5.hex(), str(held.generation))
    assert abs((notes["modified_at"] - held.updated).total_seconds()) < 0.001
    assert notes["content_type"] == (None if who == "hmac" else "text/plain")
    assert STORAGE.read(found, gcs.net, WHOLE, "2025/notes.txt", 4, 99) == b"tide"


@pytest.mark.parametrize("who", ["key", "hmac", "nobody"])
@pytest.mark.parametrize("delimited", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_any_size_give_every_object_once(
    gcs: Setting, monkeypatch: pytest.MonkeyPatch, who: str, delimited: bool, size: int
) -> None:
    monkeypatch.setattr(json_api, "PAGE_ITEMS", size)
    monkeypatch.setattr(xml_api, "PAGE_ITEMS", size)
    names = [
        "2026/a",
        "2026/b/c",
        "2026/b/d",
        "2026/b0",
        "2026/b/",
        "2026/ä",
        "2026//x",
        "2026/z+1 &<",
        "20260",
    ]
    for name in names:
        gcs.cloud.put(BUCKET, name)
    rows = listed(gcs, callers(gcs)[who], WHOLE, prefix="2026/", delimited=delimited)
    below = sorted(n for n in [*names, "2026/empty.txt", "2026/film.mp4"] if n.startswith("2026/"))
    if delimited:
        deeper = {n[: n.index("/", 5) + 1] for n in below if "/" in n[5:]}
        assert [r for r in rows if r[1] == "prefix"] == [(n, "prefix", "") for n in sorted(deeper)]
        assert [r[0] for r in rows if r[1] != "prefix"] == [n for n in below if "/" not in n[5:]]
    else:
        assert [r[0] for r in rows] == below


@pytest.mark.parametrize("who", ["key", "hmac"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_versions_and_deleted_objects_are_listed_once_each(
    gcs: Setting, monkeypatch: pytest.MonkeyPatch, who: str, size: int
) -> None:
    monkeypatch.setattr(json_api, "PAGE_ITEMS", size)
    monkeypatch.setattr(xml_api, "PAGE_ITEMS", size)
    gcs.cloud.buckets[BUCKET].versioned = True
    for _ in range(4):
        gcs.cloud.put(BUCKET, "2026/film.mp4", b"again")
    gone = gcs.cloud.put(BUCKET, "2026/gone.txt")
    gone.soft_deleted = True
    rows = listed(gcs, callers(gcs)[who], WHOLE, past=True)
    held = gcs.cloud.buckets[BUCKET].objects
    assert len(rows) == len({row[0::2] for row in rows}) == len(held) - (who == "hmac")
    states = [state for name, state, _ in rows if name == "2026/film.mp4"]
    assert states == ["version"] * 4 + ["current"]
    assert ("2026/gone.txt", "deleted", str(gone.generation)) in rows or who == "hmac"


def test_an_object_written_during_the_listing_is_not_listed_twice(
    gcs: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_api, "PAGE_ITEMS", 1)
    found = callers(gcs)["key"]
    first = STORAGE.page(found, gcs.net, WHOLE)
    gcs.cloud.put(BUCKET, first.items["name"][0], b"newer")
    second = STORAGE.page(found, gcs.net, WHOLE, after=first.after)
    assert second.items["name"].to_list() == ["2026/empty.txt"]


def test_buckets_are_those_of_the_project_or_else_those_of_the_scope(gcs: Setting) -> None:
    gcs.cloud.bucket("contoso-second")
    for found in (service_key(gcs.key_file), hmac_key()):
        assert [each.name for each in STORAGE.containers(found, gcs.net)] == [BUCKET]
    gcs.cloud.project_lists["contoso-research"] = {SIGNER}
    for found in (service_key(gcs.key_file), hmac_key()):
        assert [each.name for each in STORAGE.containers(found, gcs.net)] == [BUCKET, "contoso-second"]


def test_a_link_gives_one_item_told_by_the_headers_of_one_byte(gcs: Setting) -> None:
    found = link(v4())
    (container,) = STORAGE.containers(found, gcs.net)
    assert (container.name, container.prefix, container.single) == (BUCKET, "2026/film.mp4", True)
    page = STORAGE.page(found, gcs.net, container)
    (row,) = page.items.iter_rows(named=True)
    assert (row["name"], row["size_bytes"], row["tier"]) == ("2026/film.mp4", 12, "STANDARD")
    assert row["md5"] is not None
    assert row["modified_at"].tzinfo is not None
    assert page.after is None
    assert STORAGE.read(found, gcs.net, container, "2026/film.mp4", 0, 3) == b"ebb"
    assert STORAGE.read(found, gcs.net, container, "2026/film.mp4", 8, 400) == b"flow"
    assert STORAGE.read(found, gcs.net, container, "2026/film.mp4", 12, 20) == b""
    empty = link(v4(f"/{BUCKET}/2026/empty.txt"))
    (container,) = STORAGE.containers(empty, gcs.net)
    assert STORAGE.page(empty, gcs.net, container).items["size_bytes"].to_list() == [0]


def test_a_signed_listing_tells_that_there_is_more_than_it_may_show(gcs: Setting) -> None:
    found = link(v4(f"/{BUCKET}", query={"max-keys": "2"}))
    (container,) = STORAGE.containers(found, gcs.net)
    assert not container.single
    page = STORAGE.page(found, gcs.net, container)
    assert page.items["name"].to_list() == ["2025/notes.txt", "2026/empty.txt"]
    with pytest.raises(RefusedError, match="first page of the listing only"):
        STORAGE.page(found, gcs.net, container, after=page.after)
    whole = link(v4(f"/{BUCKET}"))
    page = STORAGE.page(whole, gcs.net, container)
    assert (len(page.items), page.after) == (3, None)


def test_a_firebase_link_gives_its_object(gcs: Setting) -> None:
    token = mint.firebase_token("listing")
    gcs.cloud.bucket("contoso-app.appspot.com")
    gcs.cloud.put("contoso-app.appspot.com", "backup/db.json", b"{}", token=token)
    address = "https://firebasestorage.googleapis.com/v0/b/contoso-app.appspot.com/o/backup%2Fdb.json"
    found = link(f"{address}?alt=media&token={token}", "firebase_token")
    (container,) = STORAGE.containers(found, gcs.net)
    assert STORAGE.page(found, gcs.net, container).items["name"].to_list() == ["backup/db.json"]


def test_a_public_object_that_cannot_be_listed_is_one_item(gcs: Setting) -> None:
    gcs.cloud.put(BUCKET, "logo.png", b"wave", public=True)
    found = target(f"gs://{BUCKET}/logo.png")
    (container,) = STORAGE.containers(found, gcs.net)
    assert STORAGE.page(found, gcs.net, container).items["size_bytes"].to_list() == [4]


def test_an_old_version_is_read_by_its_generation(gcs: Setting) -> None:
    gcs.cloud.buckets[BUCKET].versioned = True
    old = gcs.cloud.buckets[BUCKET].get("2026/film.mp4")
    assert old is not None
    gcs.cloud.put(BUCKET, "2026/film.mp4", b"other")
    for found in (service_key(gcs.key_file), hmac_key()):
        told = STORAGE.read(found, gcs.net, WHOLE, "2026/film.mp4", 0, 3, version=str(old.generation))
        assert told == b"ebb"


def test_refusals_are_raised_with_code_and_without_secret(gcs: Setting) -> None:
    gcs.cloud.buckets[BUCKET].iam.clear()
    found = hmac_key()
    with pytest.raises(RefusedError) as caught:
        STORAGE.page(found, gcs.net, WHOLE)
    assert (caught.value.status, caught.value.code) == (403, "AccessDenied")
    with pytest.raises(RefusedError):
        STORAGE.read(found, gcs.net, WHOLE, "2026/film.mp4", 0, 1)
    with pytest.raises(OutOfScopeError):
        STORAGE.page(found, gcs.net, replace(WHOLE, name="fabrikam"))
    with pytest.raises(NoAnswerError, match="dots between slashes"):
        STORAGE.read(found, gcs.net, WHOLE, "a/../b", 0, 1)


def test_marks_hold_no_secret_and_a_foreign_one_is_refused(
    gcs: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_api, "PAGE_ITEMS", 1)
    page = STORAGE.page(callers(gcs)["key"], gcs.net, WHOLE)
    assert json.loads(page.after or "")[0] == "2025/notes.txt"
    for found in callers(gcs).values():
        with pytest.raises(NoAnswerError, match="mark"):
            STORAGE.page(found, gcs.net, WHOLE, after="not ours")


NAMES = st.lists(st.text("ab/0é\U0001f30a +%", min_size=1, max_size=6), unique=True, max_size=12)


@given(
    names=NAMES, size=st.integers(1, 5), prefix=st.sampled_from(["", "a", "a/", "é"]), who=st.integers(0, 2)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_listing_equals_what_is_there(
    gcs: Setting, names: list[str], size: int, prefix: str, who: int
) -> None:
    names = [name for name in names if not {".", ".."} & set(name.split("/"))]
    gcs.cloud.buckets[BUCKET].objects.clear()
    for name in names:
        gcs.cloud.put(BUCKET, name)
    found = list(callers(gcs).values())[who]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_api, "PAGE_ITEMS", size)
        patch.setattr(xml_api, "PAGE_ITEMS", size)
        flat = [row[0] for row in listed(gcs, found, WHOLE, prefix=prefix)]
        walked = walk(gcs, found, prefix)
    assert flat == sorted(name for name in names if name.startswith(prefix))
    assert sorted(walked) == flat


def walk(gcs: Setting, found: Credential, prefix: str) -> list[str]:
    """List level by level."""
    rows = listed(gcs, found, WHOLE, prefix=prefix, delimited=True)
    names = [name for name, state, _ in rows if state != "prefix"]
    for name, state, _ in rows:
        if state == "prefix":
            names += walk(gcs, found, name)
    return names


def test_the_fake_keeps_what_it_is_given() -> None:
    cloud = Cloud(now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
    cloud.bucket("b-1")
    first = cloud.put("b-1", "x", b"1")
    assert cloud.put("b-1", "x", b"2").generation > first.generation
    assert [each.data for each in cloud.buckets["b-1"].sorted()] == [b"2"]
