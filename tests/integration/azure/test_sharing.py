"""A link made on purpose: used, found where it leaked, ended, proved dead."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from azure_setting import ACCOUNT

from corpus.asked import repository, sent
from services.azurite import Azurite


class Shares:
    def __init__(self, azurite: Azurite, home: Path) -> None:
        self.azurite, self.home = azurite, home
        endpoints = ", ".join(f'{n} = "{url}"' for n, url in azurite.endpoints().items())
        (home / "tidegate.toml").write_text(
            f'[scope]\nazure = ["{ACCOUNT}"]\n[endpoints]\nazure = {{ {endpoints} }}\n'
        )

    def __call__(self, *words: str | Path) -> tuple[int, str, str]:
        environment = {
            "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"), "PATH": os.environ["PATH"],
            "PYTHONWARNINGS": "error", "AZURE_STORAGE_ACCOUNT": ACCOUNT,
            "AZURE_STORAGE_KEY": self.azurite.accounts[ACCOUNT].key1,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tidegate", "share", *map(str, words)],
            env=environment, capture_output=True, text=True, timeout=60, cwd=self.home, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def share(azurite: Azurite, tmp_path: Path) -> Shares:
    return Shares(azurite, tmp_path)


def answers(link: str) -> int:
    try:
        with urllib.request.urlopen(link, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_shared_link_is_used_found_when_it_leaks_revoked_and_proved_dead(
    share: Shares, tmp_path: Path
) -> None:
    code, out, err = share(
        "create", f"az://{ACCOUNT}/models/empty", "--read", "--for", "7d", "--reason", "review"
    )
    assert (code, err.count("\n")) == (0, 3), err
    link = out.strip()
    assert answers(link) == 200
    signature = link.partition("sig=")[2].partition("&")[0]

    ledger = tmp_path / "state/tidegate/ledger.sqlite"
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    held = b"".join(each.read_bytes() for each in ledger.parent.iterdir())
    assert signature.encode() not in held

    code, out, _ = share("list", "--format", "json")
    (row,) = json.loads(out)["shares"]
    assert (row["status"], row["reason"], row["rights"]) == ("live", "review", "read")
    assert signature not in out

    repo = repository(tmp_path / "repo", {"README.md": f"weights: {link}\n"})
    code, out, _ = share("check", repo)
    assert code == 1
    assert out.startswith(f"README.md:1  shared link {row['id']} (live) stands there since commit ")

    code, out, err = share("revoke", row["id"])
    assert (code, out.splitlines()[0]) == (0, f"{row['id']} is dead"), (out, err)
    assert answers(link) == 403
    assert json.loads(share("list", "--format", "json")[1])["shares"][0]["status"] == "revoked"
    requests = sent(tmp_path / "state/tidegate/audit.jsonl")
    assert [each["asked"].split(" tidegate-")[0] for each in requests if each["method"] == "PUT"] == [
        "make the policy",
        "remove the policy",
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("az://elsewhere/models",), 4, "not in scope"),
        ((f"az://{ACCOUNT}/models", "--for", "60d"), 2, "too wide"),
        ((f"az://{ACCOUNT}/models", "--list", "--write", "--for", "8d", "--allow-wide"), 2, "--reason"),
        ((f"az://{ACCOUNT}/models/empty", "--list"), 2, "nothing to list"),
        ((f"az://{ACCOUNT}/models/not-there",), 2, "could not find the object"),
    ],
)
def test_too_much_is_refused_before_anything_is_written(
    share: Shares, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    got, out, err = share("create", *words)
    assert (got, out) == (code, ""), err
    assert said in err
    audit = tmp_path / "state/tidegate/audit.jsonl"
    assert all(each["method"] != "PUT" for each in sent(audit))
