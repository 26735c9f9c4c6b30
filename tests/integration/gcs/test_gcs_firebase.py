"""The second door of a bucket: Firebase's security rules, against which the bucket's roles do not count."""

from __future__ import annotations

import pytest
from gcs_setting import Setting, target

from tidegate.errors import RefusedError
from tidegate.model.grant import Permission
from tidegate.model.reach import State
from tidegate.providers.gcs import firebase_api
from tidegate.providers.gcs.storage import STORAGE

BUCKET = "contoso-app.appspot.com"


def fill(gcs: Setting, *rules: str) -> None:
    gcs.cloud.bucket(BUCKET, rules=rules)
    for name in ("a.txt", "backup/db.json", "backup/old/db.json"):
        gcs.cloud.put(BUCKET, name, b"{}")


def test_rules_that_let_anyone_in_are_found_although_the_bucket_is_private(gcs: Setting) -> None:
    fill(gcs, "list", "get")
    reach = gcs.probe(target(f"gs://{BUCKET}"))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ, Permission.LIST))
    assert reach.reason == f"Anyone lists and reads {BUCKET}, by Firebase's security rules."


def test_rules_that_let_nobody_in_are_closed(gcs: Setting) -> None:
    fill(gcs)
    reach = gcs.probe(target(f"gs://{BUCKET}"))
    assert reach.state is State.CLOSED
    assert any("v0/b" in path for _, path in gcs.fake.asked)


def test_a_named_object_may_be_read_where_none_may_be_listed(gcs: Setting) -> None:
    fill(gcs, "get")
    address = f"https://firebasestorage.googleapis.com/v0/b/{BUCKET}/o/backup%2Fdb.json?alt=media"
    found = target(address)
    reach = gcs.probe(found)
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))
    (container,) = STORAGE.containers(found, gcs.net)
    page = STORAGE.page(found, gcs.net, container)
    assert page.items.select("name", "size_bytes").rows() == [("backup/db.json", 2)]


def test_what_rules_open_is_listed_by_name_and_read(gcs: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firebase_api, "PAGE_ITEMS", 2)
    fill(gcs, "list", "get")
    found = target(f"gs://{BUCKET}")
    (container,) = STORAGE.containers(found, gcs.net)
    first = STORAGE.page(found, gcs.net, container)
    second = STORAGE.page(found, gcs.net, container, after=first.after)
    names = [*first.items["name"], *second.items["name"]]
    assert names == ["a.txt", "backup/db.json", "backup/old/db.json"]
    assert second.after is None
    assert first.items["size_bytes"].null_count() == 2
    level = STORAGE.page(found, gcs.net, container, prefix="backup/", delimited=True)
    assert (level.items["name"].to_list(), level.prefixes) == (["backup/db.json"], ("backup/old/",))
    assert STORAGE.read(found, gcs.net, container, "backup/db.json", 0, 9) == b"{}"
    with pytest.raises(RefusedError, match="only what is current"):
        STORAGE.page(found, gcs.net, container, past=True)
