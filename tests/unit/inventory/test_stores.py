"""The files of LevelDB stores are found in an inventory, however many stores there are."""

from __future__ import annotations

from pathlib import Path

from tidegate.inventory.folder import bundles, stores
from tidegate.inventory.parquet import Joined
from tidegate.items import frame


def inventory(path: Path, names: list[str], states: list[str | None] | None = None) -> Path:
    columns = {
        "service": ["blob"] * len(names),
        "container": ["c"] * len(names),
        "name": names,
        "state": states or [None] * len(names),
        "size_bytes": list(range(len(names))),
    }
    with path.open("wb") as out:
        joined = Joined(out)
        joined.add(frame(columns, len(names)))
        joined.close()
    return path


def test_every_store_has_its_own_files_and_nothing_else(tmp_path: Path) -> None:
    parts = ("CURRENT", "MANIFEST-000001", "000005.ldb", "000004.log", "LOCK")
    names = [f"home/u{at}/db/{part}" for at in range(200) for part in parts]
    names += ["logs/000001.log", "CURRENT", "000007.sst", "home/u1/db/deeper/000009.ldb", "NOTCURRENT"]
    found = stores(inventory(tmp_path / "i.parquet", names))
    assert len(found) == 201
    assert set(found["blob", "c", "home/u17/db"]) == set(parts) - {"LOCK"}
    assert set(found["blob", "c", ""]) == {"CURRENT", "000007.sst"}
    assert found["blob", "c", "home/u0/db"]["000005.ldb"]["size_bytes"] == 2


def test_what_is_deleted_or_of_the_past_belongs_to_no_store(tmp_path: Path) -> None:
    file = inventory(
        tmp_path / "i.parquet", ["a/CURRENT", "a/000001.ldb", "b/CURRENT"], ["current", "deleted", "version"]
    )
    assert stores(file) == {("blob", "c", "a"): stores(file)["blob", "c", "a"]}
    assert set(stores(file)["blob", "c", "a"]) == {"CURRENT"}


def test_every_bundle_has_its_own_bands(tmp_path: Path) -> None:
    names = [
        f"tm/{mac}/bands/{number:x}" for mac in ("a.sparsebundle", "b.backupbundle") for number in range(20)
    ]
    found = bundles(inventory(tmp_path / "i.parquet", [*names, "tm/a.sparsebundle/token", "bands/1"]))
    assert set(found) == {("blob", "c", "tm/a.sparsebundle"), ("blob", "c", "tm/b.backupbundle")}
    assert found["blob", "c", "tm/a.sparsebundle"]["bands/1"]["name"] == "tm/a.sparsebundle/bands/1"
    assert "token" in found["blob", "c", "tm/a.sparsebundle"]


def test_an_inventory_without_stores_has_none(tmp_path: Path) -> None:
    assert stores(inventory(tmp_path / "i.parquet", ["a", "b/c"])) == {}
