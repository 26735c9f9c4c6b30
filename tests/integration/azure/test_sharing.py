"""A link made on purpose: used, found where it leaked, ended, proved dead."""

from __future__ import annotations

import csv
import errno
import io
import os
import pickle
import re
import stat
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pg8000.dbapi
import pytest
from azure.storage.blob import AccessPolicy, BlobServiceClient, ContainerClient, ContainerSasPermissions
from azure_fill import EMULATED
from azure_setting import ACCOUNT

from corpus.asked import repository
from corpus.shares import Shares, answers
from services.azurite import Azurite
from services.between import between
from services.postgres import PASSWORD, USER, Postgres, postgres
from tidegate.cli.output import Output
from tidegate.share.ledger import Share, open_ledger

MODELS = f"az://{ACCOUNT}/models"


class Runs:
    """A pickle of it runs a command when it is loaded. Never loaded here."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def scope_of(azurite: Azurite, account: str, *more: str) -> str:
    endpoints = ", ".join(f'{name} = "{url}"' for name, url in azurite.endpoints().items())
    return f'[scope]\nazure = ["{account}"]\n[endpoints]\nazure = {{ {endpoints} }}\n' + "\n".join(more)


@pytest.fixture
def share(azurite: Azurite, tmp_path: Path) -> Shares:
    key = azurite.accounts[ACCOUNT].key1
    owner = {"AZURE_STORAGE_ACCOUNT": ACCOUNT, "AZURE_STORAGE_KEY": key}
    return Shares(tmp_path, scope_of(azurite, ACCOUNT), owner)


@contextmanager
def container(azurite: Azurite, name: str, **blobs: bytes) -> Iterator[ContainerClient]:
    """Give a container; a new one goes at the end, and of an old one its policies."""
    options = {"credential": azurite.accounts[ACCOUNT].key1, "api_version": EMULATED}
    with (
        BlobServiceClient(azurite.url(ACCOUNT), **options) as service,
        service.get_container_client(name) as at,
    ):
        new = not at.exists()
        if new:
            at.create_container()
        for blob, content in blobs.items():
            at.upload_blob(blob, content).close()
        try:
            yield at
        finally:
            if new:
                at.delete_container()


def test_a_shared_link_is_used_found_when_it_leaks_revoked_and_proved_dead(
    share: Shares, azurite: Azurite, tmp_path: Path
) -> None:
    name = "checkpoints/epoch 1/model.ckpt"
    code, link, err = share(
        "create", f"{MODELS}/{name}", "--read", "--for", "7d", "--to", "Mara", "--reason", "review"
    )
    assert (code, err.count("\n")) == (0, 4), err
    link = link.strip()
    assert answers(link) == 200
    signature = link.partition("sig=")[2].partition("&")[0]
    assert stat.S_IMODE((tmp_path / "state/tidegate/ledger.sqlite").stat().st_mode) == 0o600

    (row,) = share.rows()
    assert (row["status"], row["reason"], row["rights"], row["kind"]) == (
        "live",
        "review",
        "read",
        "service_sas",
    )
    (manifest,) = tmp_path.glob("*.sha256")
    (tmp_path / "model.ckpt").write_bytes(b"weights of epoch one")
    checked = subprocess.run(
        ["sha256sum", "-c", manifest], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "model.ckpt: OK\n")

    repo = repository(tmp_path / "repo", {"README.md": f"weights: {link}\n"})
    code, out, _ = share("check", repo)
    assert code == 1
    assert out.startswith(f"README.md:1  shared link {row['id']} (live) stands there since commit ")

    code, out, err = share("revoke", row["id"])
    assert code == 0, out + err
    assert out.splitlines()[0] == f"{row['id']} is dead: the policy tidegate-{row['id']} was removed"
    assert answers(link) == 403
    assert share.rows()[0]["status"] == "revoked"
    assert share.written() == ["make the policy", "remove the policy"]
    assert share("check", repo)[0] == 0  # it stands there still, and opens nothing
    for secret in (signature, share.environment["AZURE_STORAGE_KEY"]):
        assert secret.encode() not in share.kept()
        assert secret not in out + err + str(share("list"))


def test_a_list_says_who_what_until_when_and_how_it_is_ended(share: Shares) -> None:
    row = Share(
        id="sh-00000000", state="live", created_at="2026-01-01T00:00:00+00:00", ends_at="2099-01-01T00:00:00+00:00",
        provider="azure", account=ACCOUNT, container="models", path="a\n\x1b[2Jb", rights="read", kind="service_sas",
        made_by="mara", made_for="reviewers", signer="a key", revocation="removing the stored access policy p",
    )  # fmt: skip
    (share.home / "state/tidegate").mkdir(parents=True)
    with closing(open_ledger(str(share.home / "state/tidegate/ledger.sqlite"))) as ledger:
        for number, reason in enumerate(("=cmd()|review", "\x1b[31mred\n::error::x", "plain")):
            ledger.add(replace(row, id=f"sh-0000000{number}", reason=reason))
        ledger.change("sh-00000002", "later", ends_at="2026-01-02T00:00:00+00:00")
    _, out, _ = share("list")
    assert "\x1b" not in out
    assert "\n::error" not in out
    assert f"read {MODELS}/a" in out
    assert "until    2099-01-01 00:00 UTC, signed by a key" in out
    assert "by       mara on 2026-01-01, for reviewers: plain" in out
    assert "ended by removing the stored access policy" in out
    _, out, _ = share("list", "--format", "csv")
    cells = {row["reason"]: row["status"] for row in csv.DictReader(io.StringIO(out))}
    assert cells["'=cmd()|review"] == "live"
    assert cells["plain"] == "ended"
    assert {row["status"] for row in share.rows()} == {"live", "ended"}


def test_other_policies_and_public_access_stay_and_a_sixth_policy_is_refused(
    share: Shares, azurite: Azurite
) -> None:
    theirs = AccessPolicy(ContainerSasPermissions(read=True), datetime.now(UTC) + timedelta(days=1), None)
    with container(azurite, "halfshown") as at:
        at.set_container_access_policy(dict.fromkeys(("a", "b", "c"), theirs), public_access="blob")
        made = [share.json("create", f"az://{ACCOUNT}/halfshown", "--list", "--read") for _ in range(2)]
        assert [answers(each["link"]) for each in made] == [200] * 2
        code, out, err = share("create", f"az://{ACCOUNT}/halfshown")
        assert (code, out) == (2, "")
        assert "no more are allowed" in err
        assert [row["status"] for row in share.rows()].count("failed") == 1
        with closing(open_ledger(str(share.home / "state/tidegate/ledger.sqlite"))) as ledger:
            ledger.change(made[0]["share"]["id"], "later", ends_at="2026-01-01T00:00:00+00:00")
        assert f"in the way: {made[0]['share']['id']}." in share("create", f"az://{ACCOUNT}/halfshown")[2]
        for each in made:
            assert share.json("revoke", each["share"]["id"])["closed"]
        found = at.get_container_access_policy()
        assert found["public_access"] == "blob"
        assert [each.id for each in found["signed_identifiers"]] == ["a", "b", "c"]
        at.set_container_access_policy({}, public_access="blob")


def test_what_anyone_may_read_is_said_before_and_after(share: Shares) -> None:
    made = share.json("create", f"az://{ACCOUNT}/shown/readme.txt")
    assert any("anyone may read this without a link" in note for note in made["notes"])
    # Azurite lets a dead link in where anyone may read; Azure does not. Either way nothing is closed by it.
    ended = share.json("revoke", made["share"]["id"], code=3)
    assert ended["verdict"] == "inconclusive"
    assert ended["notes"][-1] == "what it opened answers anyone, without any link: close that first"
    assert share.rows()[0]["status"] == "revoking"


def test_two_of_a_team_share_the_same_container_at_once_in_one_ledger_of_postgresql(
    share: Shares, azurite: Azurite, tmp_path: Path
) -> None:
    with container(azurite, "crowded", a=b"a") as at, postgres() as cluster:
        team = {"TIDEGATE_LEDGER": cluster.url(), "PGPASSWORD": PASSWORD}
        both = (share, replace(share, home=tmp_path / "other"))
        running = [
            each.begin("create", f"az://{ACCOUNT}/crowded/a", "--no-manifest", **team) for each in both
        ]
        ended = [each.communicate(timeout=60) for each in running]
        assert [each.returncode for each in running] == [0, 0], ended
        links = [out.strip() for out, _ in ended]
        assert [answers(link) for link in links] == [200, 200]
        assert len(at.get_container_access_policy()["signed_identifiers"]) == 2
        for row in share.json("list", **team)["shares"]:
            assert share("revoke", row["id"], **team)[0] == 0
        assert [answers(link) for link in links] == [403, 403]
        kept = dump(cluster)
        assert "tidegate-sh-" in kept
        for secret in (
            *(link.partition("sig=")[2] for link in links),
            share.environment["AZURE_STORAGE_KEY"],
        ):
            assert secret not in kept


def dump(cluster: Postgres) -> str:
    """Return every row of every table."""
    with closing(
        pg8000.dbapi.connect(
            USER, password=PASSWORD, host="127.0.0.1", port=cluster.port, database="postgres"
        )
    ) as at:
        rows = at.cursor()
        rows.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in rows.fetchall()]
        found = [tables]
        for name in tables:
            rows.execute(f"SELECT * FROM {name}")
            found.append(list(rows.fetchall()))
    return repr(found)


def test_a_model_that_would_run_code_is_refused_and_others_are_warned_of(
    share: Shares, azurite: Azurite
) -> None:
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    blobs = {
        "bad.pkl": pickle.dumps(Runs()),
        "good.pkl": pickle.dumps({"w": [1.0]}),
        "plain.pkl": pickle.dumps({"w": [1.0]}),
        "good.safetensors": struct.pack("<Q", len(header)) + header + bytes(4),
        "über [x] & y.txt": b"text",
    }
    with container(azurite, "zoo", **blobs) as at:
        target = f"az://{ACCOUNT}/zoo"
        made = share.json("create", f"{target}/good.pkl")
        assert made["notes"][1] == "good.safetensors lies beside: share that instead"
        assert share.json("revoke", made["share"]["id"])["closed"]
        at.delete_blob("good.pkl")
        for wanted in (target, f"{target}/bad.pkl"):
            code, out, err = share("create", wanted)
            assert (code, out) == (1, ""), err
            assert "not shared: bad.pkl would harm whoever loads it" in err
            assert "safetensors" in err
        assert len(share.written()) == 2
        at.delete_blob("bad.pkl")
        made = share.json("create", target, "--read", "--list")
        assert {each["path"]: each["verdict"] for each in made["models"]} == {
            "plain.pkl": "clean",
            "good.safetensors": "inert",
        }
        (warning,) = [note for note in made["notes"] if "plain.pkl" in note]
        assert "can run code when it is loaded" in warning
        assert "safetensors holds the same weights" in warning
        listed = (share.home / made["manifest"]["file"]).read_text()
        assert made["manifest"]["files"] == listed.count("\n") == 3
        assert "  über [x] & y.txt\n" in listed
        code, _, err = share("create", target, "--max-read", "10B")
        assert code == 2
        assert "--max-read" in err


def test_what_was_cut_off_while_it_was_made_is_cleaned_up(share: Shares, azurite: Azurite) -> None:
    made = share.json("create", f"{MODELS}/empty", "--no-manifest")
    with closing(open_ledger(str(share.home / "state/tidegate/ledger.sqlite"))) as ledger:
        # As a crash leaves it between the policy and the ledger: the link was never told.
        ledger.change(made["share"]["id"], "crash", state="making", kind="", parameters={}, fingerprint="")
        ledger.add(replace(ledger.one(made["share"]["id"]), id="sh-ffffffff", policy="tidegate-sh-ffffffff"))
    assert f"clean up with: tidegate share revoke {made['share']['id']}" in share("list")[1]
    assert share.json("revoke", made["share"]["id"])["verdict"] == "dead"
    assert share.json("revoke", "sh-ffffffff")["notes"] == ["the policy tidegate-sh-ffffffff was gone before"]
    assert answers(made["link"]) == 403
    assert share.json("revoke", made["share"]["id"])["closed"]  # a second time does no harm


def test_killed_around_each_change_the_next_run_cleans_up(share: Shares, azurite: Azurite) -> None:
    """Really killed: before the request reaches the service, and before its answer comes back."""
    with container(azurite, "crashed", a=b"a") as at, between(azurite.endpoints()["blob"]) as middle:
        scope = f'[scope]\nazure = ["{ACCOUNT}"]\n[endpoints]\nazure = "{middle.url}/{{account}}"\n'
        (share.home / "tidegate.toml").write_text(scope)

        def killed(moment: str, *words: str) -> None:
            child = share.begin(*words)
            setattr(middle, moment, child.kill)
            child.communicate(timeout=60)
            setattr(middle, moment, None)
            assert child.returncode == -9

        for moment, left in (("before", 0), ("after", 1)):
            killed(moment, "create", f"az://{ACCOUNT}/crashed/a", "--no-manifest")
            assert len(at.get_container_access_policy()["signed_identifiers"]) == left
            (row,) = [each for each in share.rows() if each["status"] == "making"]
            assert share.json("revoke", row["id"])["verdict"] == "dead"
        made = share.json("create", f"az://{ACCOUNT}/crashed/a", "--no-manifest")
        killed("after", "revoke", made["share"]["id"])
        assert share.rows()[0]["status"] == "revoking"
        assert share.json("revoke", made["share"]["id"])["verdict"] == "dead"
        assert at.get_container_access_policy()["signed_identifiers"] == []


def test_a_link_whose_key_is_gone_is_proved_dead_by_itself(share: Shares, azurite: Azurite) -> None:
    made = share.json("create", f"{MODELS}/empty", "--no-manifest")
    other = {"AZURE_STORAGE_KEY": azurite.accounts[ACCOUNT].key2}
    ended = share.json("revoke", made["share"]["id"], code=3, **other)
    assert ended["verdict"] == "inconclusive"
    assert "cannot be made again" in ended["notes"][-1]
    assert answers(made["link"]) == 403
    code, _, err = share(
        "revoke", made["share"]["id"], "--link", "-", stdin=made["link"].replace("sig=", "sig=AA")
    )
    assert code == 2
    assert "not that of" in err
    code, out, err = share("revoke", made["share"]["id"], "--link", "-", stdin=made["link"], **other)
    assert code == 0, out + err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("az://elsewhere/models",), 4, "not in scope"),
        ((MODELS, "--for", "60d"), 2, "too wide"),
        ((MODELS, "--list", "--write", "--for", "8d", "--allow-wide"), 2, "--reason"),
        ((f"{MODELS}/empty", "--list"), 2, "nothing to list"),
        ((f"{MODELS}/checkpoints/",), 2, "a folder cannot be shared alone"),
        ((f"{MODELS}/not-there",), 2, "could not find the object"),
        ((f"az://{ACCOUNT}/absent",), 2, "There is no container absent"),
        ((f"{MODELS}/empty", "--ip", "2001:db8::1"), 2, "--ip is no IPv4"),
        ((f"{MODELS}/empty", "--kind", "user-delegation", "--for", "8d"), 2, "seven days at most"),
        ((f"{MODELS}/empty", "--manifest", "/nowhere/x"), 2, "nothing can be written"),
        ((f"{MODELS}/\udcff",), 2, "no text"),
        (("https://tgcontoso.blob.core.windows.net/models",), 2, "no address that can be shared"),
    ],
)
def test_too_much_is_refused_before_anything_is_written(
    share: Shares, words: tuple[str, ...], code: int, said: str
) -> None:
    got, out, err = share("create", *words)
    assert (got, out) == (code, ""), err
    assert said in err
    assert share.written() == []


def test_a_key_that_is_refused_or_missing_is_told_in_plain_words(share: Shares) -> None:
    wrong = "bWFkZS11cC1mb3ItdGVzdHM="
    code, out, err = share("create", f"{MODELS}/empty", AZURE_STORAGE_KEY=wrong)
    assert (code, out) == (2, "")
    assert "could not find the object" in err
    assert wrong not in err
    code, _, err = share("create", f"{MODELS}/empty", AZURE_STORAGE_KEY="no base64!")
    assert (code, "not base64" in err) == (2, True)
    assert share.rows() == []


def test_a_ledger_that_cannot_be_written_stops_before_anything_is_made(share: Shares) -> None:
    (share.home / "file").write_bytes(b"")
    code, out, err = share("create", f"{MODELS}/empty", "--ledger", "file/ledger")
    assert (code, out) == (2, "")
    assert "the ledger file/ledger cannot be opened" in err
    assert share.written() == []


def test_a_link_whose_time_is_over_is_cleaned_up(share: Shares) -> None:
    made = share.json("create", f"{MODELS}/empty", "--no-manifest")
    with closing(open_ledger(str(share.home / "state/tidegate/ledger.sqlite"))) as ledger:
        ledger.change(made["share"]["id"], "later", ends_at="2026-01-01T00:00:00+00:00")
    assert share.rows()[0]["status"] == "ended"
    ended = share.json("revoke", made["share"]["id"])
    assert (ended["verdict"], ended["notes"][-1]) == ("denied but not proven", "its own time is over")


def test_a_link_that_could_not_be_shown_is_named_with_how_to_end_it(
    share: Shares, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Output, "_put", full)
        code, out, err = share("create", f"{MODELS}/empty", "--no-manifest")
    assert (code, out) == (2, "")
    said = re.match(r"tidegate: (sh-\w+) was made, and nobody has seen its link: .*No space left", err)
    assert said is not None
    assert f"hint: end it with: tidegate share revoke {said[1]}" in err
    assert share("revoke", said[1])[0] == 0
