"""From a repository alone: which of its links are open, what they list, how much lies there, and what was sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from azure.storage.blob import BlobServiceClient
from azure_fill import BLOBS, EMULATED
from azure_setting import ACCOUNT, NOW, ROTATED_ACCOUNT, account_sas, blob_sas, container_sas

from corpus.asked import by_path, repository, sent
from corpus.command import Answer, Command
from services.azurite import Azurite, made_up_key

HOST = f"https://{ACCOUNT}.blob.core.windows.net"


@pytest.fixture(scope="session")
def tidegate(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("home"))


@pytest.fixture
def scope(azurite: Azurite, tmp_path: Path) -> Path:
    """Return a scope file that names the emulated accounts and leads to the emulator."""
    endpoints = ", ".join(f'{name} = "{url}"' for name, url in azurite.endpoints().items())
    file = tmp_path / "lab.toml"
    file.write_text(
        f'[scope]\nazure = ["{ACCOUNT}", "{ROTATED_ACCOUNT}"]\n[endpoints]\nazure = {{ {endpoints} }}\n'
        "[budget]\nrequests_per_second = 1000\n"
    )
    return file


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_a_repository_alone_says_which_of_its_links_are_open_and_how_much_lies_there(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path, tmp_path: Path
) -> None:
    key = azurite.accounts[ACCOUNT].key1
    account = BlobServiceClient(azurite.url(ACCOUNT), credential=key, api_version=EMULATED)
    with account, account.get_container_client("models") as models:
        held = [blob.size for blob in models.list_blobs()]
    links = {
        "wide.md": f"{HOST}/models?{account_sas(key, 'rwdl', expiry=NOW + timedelta(days=9000))}",
        "container.md": f"{HOST}/models?{container_sas(key)}",
        "one.md": f"{HOST}/models/checkpoints/epoch%201/model.ckpt?{blob_sas(key, 'checkpoints/epoch 1/model.ckpt')}",
        "expired.md": f"{HOST}/models?{container_sas(key, expiry=NOW - timedelta(days=3))}",
        "forged.md": f"{HOST}/models?{container_sas(made_up_key('nobody'))}",
        "blind.md": f"{HOST}/models?{container_sas(key, permission='w')}",
        "elsewhere.md": "https://tgelsewhere.blob.core.windows.net/data?"
        + container_sas(made_up_key("elsewhere"), "data", account="tgelsewhere"),
        "open.md": f"{HOST}/shown/readme.txt",
    }
    folder = repository(tmp_path / "repo", {name: f"see {link}\n" for name, link in links.items()})
    answer = tidegate("scan", folder, "--probe", "--scope", scope, "--audit", audit, "--format", "json")
    found = by_path(answer)

    states = {name: each["reach"] and each["reach"]["state"] for name, each in found.items()}
    assert states == {
        "wide.md": "open",
        "container.md": "open",
        "one.md": "open",
        "expired.md": "closed",
        "forged.md": "closed",
        "blind.md": "unknown",
        "elsewhere.md": None,
        "open.md": "open",
    }
    assert found["container.md"]["contents"]["items"] == len(held) == len(BLOBS)
    assert found["container.md"]["contents"]["bytes"] == sum(held)
    assert found["container.md"]["reach"]["proved"] == ["read", "list"]
    assert found["one.md"]["contents"]["items"] == 1
    assert found["wide.md"]["contents"]["containers"] >= 4
    assert {"write", "delete"} <= set(found["wide.md"]["reach"]["untried"])
    assert found["wide.md"]["severity"] == "critical"
    assert (found["forged.md"]["severity"], found["expired.md"]["severity"]) == ("info", "info")
    assert "would be" in found["forged.md"]["reasons"][1]
    assert found["open.md"]["severity"] == "medium"
    assert [gap["subject"] for gap in answer.report["gaps"] if gap["stage"] == "reach"] == [
        "tgelsewhere/data"
    ]
    assert answer.code == 1

    requests = sent(audit)
    assert {each["method"] for each in requests} <= {"GET", "HEAD"}
    assert all("127.0.0.1" in each["url"] for each in requests)
    assert answer.report["coverage"]["requests"] == len(requests)
    secrets = [link.partition("sig=")[2].partition("&")[0] for link in links.values() if "sig=" in link]
    for text in (answer.out, answer.err, audit.read_text()):
        assert not any(secret in text for secret in secrets)


def test_a_rotated_key_closes_its_links_and_leaves_those_of_the_other_key(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path
) -> None:
    held = azurite.accounts[ROTATED_ACCOUNT]
    host = f"https://{ROTATED_ACCOUNT}.blob.core.windows.net/models"
    one = f"{host}?{container_sas(held.key1, account=ROTATED_ACCOUNT)}"
    two = f"{host}?{container_sas(held.key2, account=ROTATED_ACCOUNT)}"

    def state(link: str) -> str:
        answer = tidegate(
            "probe", "-", "--scope", scope, "--audit", audit, "--format", "json", data=link.encode()
        )
        (finding,) = answer.report["findings"]
        assert link not in answer.out
        return str(finding["reach"]["state"])

    assert (state(one), state(two)) == ("open", "open")
    azurite.rotate(ROTATED_ACCOUNT, key1=made_up_key("renewed"))
    assert (state(one), state(two)) == ("closed", "open")


def test_what_the_scope_does_not_name_is_refused_with_the_line_to_add(
    tidegate: Command, scope: Path, audit: Path
) -> None:
    answer = tidegate("probe", "az://tgelsewhere/data", "--scope", scope, "--audit", audit)
    assert answer.code == 4
    assert "tgelsewhere" in answer.err
    assert "azure = [" in answer.err
    assert audit.read_text() == ""


def test_of_several_targets_those_in_scope_are_asked_and_the_other_is_refused_with_the_line_to_add(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path
) -> None:
    link = f"{HOST}/models?{container_sas(azurite.accounts[ACCOUNT].key1)}"
    where = ("--scope", scope, "--audit", audit, "--format", "json")
    for verb in ("probe", "scan"):
        answer = tidegate(verb, link, "az://tgelsewhere/data", "az://tgthird/x", *where)
        states = [each["reach"] and each["reach"]["state"] for each in answer.report["findings"]]
        assert sorted(states, key=str) == [None, None, "open"]
        assert answer.code == 4
        assert '"tgelsewhere"]' in answer.err
        told = {gap["subject"]: gap["reason"] for gap in answer.report["gaps"] if gap["stage"] == "reach"}
        assert set(told) == {"tgelsewhere/data", "tgthird/x"}
        assert '"tgthird"]' in told["tgthird/x"]
        assert not answer.report["complete"]
    assert not any("tgelsewhere" in each["url"] for each in sent(audit))


def test_what_was_listed_read_and_asked_is_counted_as_the_record_has_it(
    tidegate: Command, azurite: Azurite, scope: Path, tmp_path: Path
) -> None:
    link = f"{HOST}/models?{container_sas(azurite.accounts[ACCOUNT].key1)}"
    folder = repository(tmp_path / "repo", {"README.md": f"see {link}\n", "again.md": f"and {link}&x=1\n"})
    runs = {
        "probe": ["probe", link],
        "list": ["list", link],
        "scan": ["scan", folder, "--probe"],
    }
    told = {}
    for name, words in runs.items():
        audit = tmp_path / f"{name}.jsonl"
        answer = tidegate(*words, "--scope", scope, "--audit", audit, "--format", "json")
        told[name] = answer.report["coverage"]
        requests = sent(audit)
        assert told[name]["requests"] == len(requests)
        read = sum(each["bytes"] for each in requests if each["asked"] == "read a range")
        assert told[name]["bytes_read"] == read
    counts = {name: (each["items_listed"], each["items_read"]) for name, each in told.items()}
    whole = len(BLOBS)
    assert counts == {
        "probe": (0, 0),
        "list": (whole, 0),
        "scan": (whole, whole),
    }
    assert told["scan"]["bytes_read"] > 0


def test_an_account_typed_on_purpose_is_in_scope(
    tidegate: Command, azurite: Azurite, audit: Path, tmp_path: Path
) -> None:
    endpoint = azurite.endpoints()["blob"]
    file = tmp_path / "bare.toml"
    file.write_text(f'[endpoints]\nazure = "{endpoint}"\n')
    refused = tidegate("probe", f"az://{ACCOUNT}/shown", "--scope", file, "--audit", audit)
    asked = tidegate("probe", f"az://{ACCOUNT}/shown", "--scope", file, "--scope-account", ACCOUNT, "--audit", audit, "--format", "json")  # fmt: skip
    assert (refused.code, asked.code) == (4, 1)
    assert asked.report["findings"][0]["reach"]["state"] == "open"


def test_without_a_scope_file_nothing_is_sent(tidegate: Command, audit: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = tidegate("scan", f"az://{ACCOUNT}/shown", "--audit", audit, cwd=tmp_path / "empty")
    assert answer.code == 4
    assert audit.read_text() == ""


def test_a_scope_file_of_the_scanned_folder_is_not_read(
    tidegate: Command, azurite: Azurite, audit: Path, tmp_path: Path
) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / "tidegate.toml").write_text(
        f'[scope]\nazure = ["*"]\n[endpoints]\nazure = "{azurite.endpoints()["blob"]}"\n'
    )
    (hostile / "README.md").write_text(f"{HOST}/shown/readme.txt\n")
    answer = tidegate("scan", hostile, "--probe", "--audit", audit, "--format", "json", cwd=tmp_path)
    assert [each["reach"] for each in answer.report["findings"]] == [None]
    assert audit.read_text() == ""


def test_the_address_alone_is_asked_without_the_credential(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path
) -> None:
    link = f"{HOST}/models?{container_sas(azurite.accounts[ACCOUNT].key1)}"
    answer = tidegate("probe", "--anonymous", link, "--scope", scope, "--audit", audit, "--format", "json")
    (finding,) = answer.report["findings"]
    assert finding["grant"]["kind"] == "anonymous"
    assert finding["reach"]["state"] == "unknown"


def test_a_listing_gives_numbers_a_table_of_items_and_a_picture(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path, tmp_path: Path
) -> None:
    link = f"{HOST}/models?{container_sas(azurite.accounts[ACCOUNT].key1)}".encode()

    def listed(*more: str | Path) -> Answer:
        return tidegate("list", "-", "--scope", scope, "--audit", audit, *more, data=link)

    kept = tmp_path / "inventory.parquet"
    text, page = listed("-o", kept), listed("--format", "html")
    assert (text.code, page.code) == (0, 0)
    assert f"{len(BLOBS)} items, {sum(map(len, BLOBS.values()))} bytes in 1 container" in text.out
    rows = pl.read_parquet(kept)
    assert dict(rows.select("name", "size_bytes").iter_rows()) == {
        name: len(data) for name, data in BLOBS.items()
    }
    assert "notes &amp; &lt;drafts&gt;.txt" in page.out
    assert "<script" not in page.out
    assert not list(tmp_path.glob("*.part"))
    assert {each["method"] for each in sent(audit)} <= {"GET", "HEAD"}


def test_accounts_that_are_somebody_elses_are_one_line_of_the_report(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path, tmp_path: Path
) -> None:
    links = [
        f"https://tgother{n}.blob.core.windows.net/data?"
        + container_sas(made_up_key(f"other{n}"), "data", account=f"tgother{n}")
        for n in range(30)
    ]
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/all.md").write_text("\n".join(links))
    answer = tidegate("scan", tmp_path / "notes", "--probe", "--scope", scope, "--audit", audit)
    assert answer.out.count("not in scope") == 1
    assert "30 times: not in scope, so that nothing was asked (reach)" in answer.out
    assert audit.read_text() == ""


def test_what_is_not_known_to_be_closed_and_was_not_listed_is_incomplete(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path, tmp_path: Path
) -> None:
    answer = tidegate("list", f"az://{ACCOUNT}/models", "--scope", scope, "--audit", audit)
    assert "UNKNOWN" in answer.out
    assert answer.code == 3


def test_a_dead_link_is_not_listed_and_the_answer_says_why(
    tidegate: Command, azurite: Azurite, scope: Path, audit: Path, tmp_path: Path
) -> None:
    link = f"{HOST}/models?{container_sas(made_up_key('nobody'))}".encode()
    kept = tmp_path / "inventory.parquet"
    answer = tidegate("list", "-", "--scope", scope, "--audit", audit, "-o", kept, data=link)
    assert "CLOSED" in answer.out
    assert "items" not in answer.out
    assert "closed, so that nothing was listed" in answer.out
    assert f"nothing was listed: {kept} was not written" in " ".join(answer.err.split())
    assert answer.code == 3
    assert not [each for each in tmp_path.iterdir() if each.name.startswith("inventory")]
